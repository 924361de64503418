//! When the screens end unasked, by a panic or a signal, the terminal is given back first.

use std::{
    cell::Cell,
    io, panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

thread_local! {
    /// Whether a panic of this thread ends the screens. Those of contained device
    /// calls do not: they are errors like any other.
    static ENDS_SCREENS: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as one whose panic ends the screens.
pub(super) fn this_thread_ends_screens() {
    ENDS_SCREENS.set(true);
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
