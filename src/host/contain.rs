//! Runs code that may panic or hang, so that it does no harm.
//!
//! The work runs on a thread of its own. A panic becomes [`Failed::Panicked`]. Work that does not
//! end in time becomes [`Failed::Hung`], and its thread is left behind: it holds nothing that
//! others wait for.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::secret::wipe_stack;

/// The name of contained threads, by which the panic hook knows them.
const THREAD_NAME: &str = "contained";

/// Why contained work had no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It panicked.
    Panicked,
    /// It did not end in this time.
    Hung(Duration),
    /// No thread could be started, for this reason.
    NoThread(String),
}

/// The work calls this when it begins to wait, to get its time again.
pub(crate) struct Announce<T>(mpsc::Sender<Said<T>>);

impl<T> Announce<T> {
    /// The work waits from here on.
    pub(crate) fn waits(&self) {
        // The caller has given the work up: nothing to do.
        let _ = self.0.send(Said::Waits);
    }
}

enum Said<T> {
    Waits,
    Done(thread::Result<T>),
}

/// Runs `work` within this time. `on_wait` runs once on the calling thread, when the work first
/// announces that it waits.
///
/// # Errors
/// [`Failed`] when the work panics, hangs or cannot be started.
pub(crate) fn contained<T: Send + 'static>(
    limit: Duration,
    on_wait: impl FnOnce(),
    work: impl FnOnce(&Announce<T>) -> T + Send + 'static,
) -> Result<T, Failed> {
    keep_panics_off_the_screen();
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name(THREAD_NAME.to_owned())
        .spawn(move || {
            let announce = Announce(sender);
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(&announce)));
            // The stack is kept for the next thread, with what the libraries left on it.
            wipe_stack();
            let _ = announce.0.send(Said::Done(outcome));
        });
    if let Err(error) = spawned {
        return Err(Failed::NoThread(error.to_string()));
    }
    let mut on_wait = Some(on_wait);
    let mut deadline = Instant::now() + limit;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Said::Waits) => {
                if let Some(on_wait) = on_wait.take() {
                    on_wait();
                }
                deadline = Instant::now() + limit;
            }
            Ok(Said::Done(Ok(outcome))) => return Ok(outcome),
            Ok(Said::Done(Err(_))) | Err(RecvTimeoutError::Disconnected) => {
                return Err(Failed::Panicked);
            }
            Err(RecvTimeoutError::Timeout) => return Err(Failed::Hung(limit)),
        }
    }
}

/// Panics of contained threads are reported as errors; their message would only
/// tear holes into the screen. All other panics are reported as usual.
fn keep_panics_off_the_screen() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(THREAD_NAME) {
                before(info);
            }
        }));
    });
}
