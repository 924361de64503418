//! The terminal, taken over and always given back.

pub(super) mod draw;
mod keyboard;
mod side_pane;

use std::{
    io::{self, Stdout},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
};

use crossterm::{
    cursor,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
        LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend, layout::Rect};

use self::draw::draw;
use super::{
    give_back::{this_thread_ends_screens, when_ended, when_panicking},
    interface::Interface,
    link::Message,
    model::Model,
    page::{layout::Size, style::Sheet},
    room::Room,
    stage,
};
use crate::driver::Operator;
use keymoot_record::transcript::Mode;

/// Whether the terminal is taken over.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Runs `drive` with the screens as its operator, until it returns. `room` has
/// the simulated devices of a rehearsal.
///
/// The terminal is taken over and given back in every case, also when either
/// side panics. When the terminal is lost, `drive` gets the answer that people left.
///
/// # Errors
/// What the terminal refused. `drive` has ended then, too.
///
/// # Panics
/// When `drive` panics.
pub fn run<T: Send>(
    mode: Mode,
    title: &str,
    room: Option<Box<dyn Room + '_>>,
    drive: impl FnOnce(&mut dyn Operator) -> T + Send,
) -> io::Result<T> {
    let model = Model::new(
        mode,
        title.to_owned(),
        Sheet::of_environment(),
        room.is_some(),
    );
    stage::play(TakenTerminal::take()?, model, room, drive)
}

/// The terminal while the screens have it; given back when dropped.
struct TakenTerminal {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    /// Whether the terminal may no longer show what was drawn.
    stale: bool,
}

impl TakenTerminal {
    /// Takes the terminal over: raw mode, alternate screen, pastes marked as such. The Linux
    /// console has no alternate screen (console_codes(4)): there, clearing is what removes older
    /// text.
    ///
    /// # Errors
    /// What the terminal refused.
    fn take() -> io::Result<Self> {
        when_panicking(give_back);
        when_ended(give_back)?;
        this_thread_ends_screens();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // From here on the terminal is given back even after an error.
        let guard = GiveBack;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            Clear(ClearType::All),
            cursor::MoveTo(0, 0),
            EnableBracketedPaste,
            cursor::Hide
        )?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        std::mem::forget(guard);
        Ok(Self {
            terminal,
            stale: false,
        })
    }
}

impl Interface for TakenTerminal {
    /// Lays the model out for the terminal's size as it is now, and draws it.
    fn show(&mut self, model: &mut Model) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        // A terminal that supports it shows the whole frame at once; others ignore it.
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.stale) {
            // This draws all of it again, also at the same size.
            let size = self.terminal.size()?;
            self.terminal
                .resize(Rect::new(0, 0, size.width, size.height))?;
        }
        self.terminal.draw(|frame| {
            let area = frame.area();
            model.lay_out(Size {
                columns: area.width,
                rows: area.height,
            });
            draw(frame, model);
        })?;
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    /// A terminal that was made smaller and large again has lost a part of what was
    /// drawn, and its size does not show that.
    fn resized(&mut self) {
        self.stale = true;
    }

    fn pasted(&mut self, model: &mut Model) -> io::Result<()> {
        model.pasted();
        Ok(())
    }

    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool) {
        keyboard::listen
    }
}

impl Drop for TakenTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once, without what the screens showed: a console without an alternate
/// screen would keep it.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // An error means that there is no terminal any more.
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            Clear(ClearType::All),
            cursor::MoveTo(0, 0),
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = disable_raw_mode();
    }
}
