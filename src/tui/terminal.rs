//! The terminal, taken over and always given back.

use std::{
    cell::Cell,
    io::{self, Stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend};

use super::{draw::draw, layout::Size, model::Model};

/// Whether the terminal is taken over.
static TAKEN: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether a panic of this thread ends the screens. Those of contained device
    /// calls do not: they are errors like any other.
    static ENDS_SCREENS: Cell<bool> = const { Cell::new(false) };
}

/// The terminal while the screens have it; given back when dropped.
pub(super) struct TakenTerminal(Terminal<CrosstermBackend<Stdout>>);

impl TakenTerminal {
    /// Takes the terminal over: raw mode, alternate screen, pastes marked as such.
    ///
    /// # Errors
    /// What the terminal refused.
    pub fn take() -> io::Result<Self> {
        give_back_when_panicking();
        this_thread_ends_screens();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // From here on the terminal is given back whatever fails.
        let guard = GiveBack;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        std::mem::forget(guard);
        Ok(Self(terminal))
    }

    /// Lays the model out for the terminal's size as it is now, and draws it.
    ///
    /// # Errors
    /// What the terminal refused.
    pub fn show(&mut self, model: &mut Model) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.0.autoresize()?;
        let size = self.0.size()?;
        model.lay_out(Size {
            columns: size.width,
            rows: size.height,
        });
        self.0.draw(|frame| draw(frame, model)).map(|_| ())
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

/// Marks this thread as one whose panic ends the screens.
pub(super) fn this_thread_ends_screens() {
    ENDS_SCREENS.set(true);
}

/// Gives the terminal back, once.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Where this fails there is no terminal any more.
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = disable_raw_mode();
    }
}

/// Has a panic give the terminal back before it is reported, so that its message
/// is seen.
fn give_back_when_panicking() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if ENDS_SCREENS.get() {
                give_back();
            }
            before(info);
        }));
    });
}
