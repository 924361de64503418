//! The terminal, taken over and always given back.

use std::{
    cell::Cell,
    io::{self, Stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    thread,
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
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

use super::{draw::draw, keyboard, layout::Size, link::Message, model::Model, stage::Face};

/// Whether the terminal is taken over.
static TAKEN: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether a panic of this thread ends the screens. Those of contained device
    /// calls do not: they are errors like any other.
    static ENDS_SCREENS: Cell<bool> = const { Cell::new(false) };
}

/// The terminal while the screens have it; given back when dropped.
pub(super) struct TakenTerminal {
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
    pub(super) fn take() -> io::Result<Self> {
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

impl Face for TakenTerminal {
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

/// Marks this thread as one whose panic ends the screens.
pub(super) fn this_thread_ends_screens() {
    ENDS_SCREENS.set(true);
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

/// Gives the terminal back before a panic is reported, so that its message
/// is visible.
pub(super) fn when_panicking(give_back: fn()) {
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

/// Gives the terminal back before a signal ends the program. The transcript
/// needs no more: it is on the disk at any moment.
pub(super) fn when_ended(give_back: fn()) -> io::Result<()> {
    static LISTENING: AtomicBool = AtomicBool::new(false);
    if LISTENING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                give_back();
                let _ = emulate_default_handler(signal);
            }
        })?;
    Ok(())
}
