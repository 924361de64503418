//! What an interface is: it shows the model, and listens to people.

use std::{
    io,
    sync::{atomic::AtomicBool, mpsc::Sender},
    time::Duration,
};

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::{link::Message, model::Model};

/// An interface: how the model is shown, and how input comes.
pub(super) trait Interface {
    /// Shows the present model.
    ///
    /// # Errors
    /// What the terminal refused.
    fn show(&mut self, model: &mut Model) -> io::Result<()>;

    /// The terminal had another size, if only for a moment.
    fn resized(&mut self) {}

    /// The keys of a typed line; where keys come one by one, there are
    /// no lines.
    fn keys(&mut self, _line: &str, _model: &Model) -> Vec<KeyEvent> {
        Vec::new()
    }

    /// Text was pasted, or several lines came at once, and nothing was taken.
    ///
    /// # Errors
    /// What the terminal refused.
    fn pasted(&mut self, model: &mut Model) -> io::Result<()>;

    /// The end of a line was not taken: its beginning was typed to another question. Where keys
    /// come one by one, this cannot be.
    ///
    /// # Errors
    /// What the terminal refused.
    fn cut(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Listens until `ended`, and sends each input, and each second.
    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool);
}

/// How often a listener checks whether it should end.
pub(super) const GLANCE: Duration = Duration::from_millis(100);

/// The rest of the current second.
pub(super) fn until_next_second() -> Duration {
    let second = Timestamp::now().subsec_nanosecond().unsigned_abs();
    Duration::from_nanos(u64::from(1_000_000_000_u32.saturating_sub(second)))
}
