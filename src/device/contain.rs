//! Every conversation with a device happens here, where it can do no harm.
//!
//! The `yubikey` crate panics on some malformed replies, and a reader or a
//! device can hang. A ceremony must survive both: each call runs on a thread of
//! its own, a panic in it becomes [`ErrorKind::Panicked`], and a call that
//! does not end in time becomes [`ErrorKind::Hung`] while its thread is left
//! behind (it holds nothing that others wait for, and ends when the device is
//! unplugged).

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{DeviceError, ErrorKind};
use super::identity::Who;
use super::operation::Operation;
use crate::host::secret::wipe_stack;

/// The name of contained threads, by which the panic hook knows them.
const THREAD_NAME: &str = "device-call";

/// How long a device may take. A touch is given up by the device itself after
/// about 15 seconds; a reset first uses up all tries of PIN and PUK, of which
/// there can be 255 each. Setting up a YubiHSM 2 takes three dozen commands.
fn limit(doing: Operation) -> Duration {
    Duration::from_secs(match doing {
        Operation::Sign => 30,
        Operation::SetUp => 60,
        Operation::Reset => 120,
        _ => 20,
    })
}

/// Lets contained work say that the device now waits to be touched.
pub(super) struct Announce<T>(mpsc::Sender<Said<T>>);

impl<T> Announce<T> {
    /// The next command waits for a touch.
    pub(super) fn touch(&self) {
        // Nobody listens any more when the call was given up: nothing to do.
        let _ = self.0.send(Said::Touch);
    }
}

enum Said<T> {
    Touch,
    Done(thread::Result<Result<T, DeviceError>>),
}

/// Runs `work` contained, within the time that `doing` may take.
pub(super) fn contained<T: Send + 'static>(
    who: Who,
    doing: Operation,
    work: impl FnOnce() -> Result<T, DeviceError> + Send + 'static,
) -> Result<T, DeviceError> {
    contained_within(limit(doing), who, doing, || {}, |_| work())
}

/// As [`contained`]; `on_touch` runs on the calling thread when the work
/// announces that the device waits to be touched.
pub(super) fn contained_with_touch<T: Send + 'static>(
    who: Who,
    doing: Operation,
    on_touch: impl FnOnce(),
    work: impl FnOnce(&Announce<T>) -> Result<T, DeviceError> + Send + 'static,
) -> Result<T, DeviceError> {
    contained_within(limit(doing), who, doing, on_touch, work)
}

fn contained_within<T: Send + 'static>(
    limit: Duration,
    who: Who,
    doing: Operation,
    on_touch: impl FnOnce(),
    work: impl FnOnce(&Announce<T>) -> Result<T, DeviceError> + Send + 'static,
) -> Result<T, DeviceError> {
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
        let kind = ErrorKind::NoThread(error.to_string());
        return Err(DeviceError::new(who, doing, kind));
    }
    let mut on_touch = Some(on_touch);
    let mut deadline = Instant::now() + limit;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Said::Touch) => {
                if let Some(on_touch) = on_touch.take() {
                    on_touch();
                }
                deadline = Instant::now() + limit;
            }
            Ok(Said::Done(Ok(outcome))) => return outcome,
            Ok(Said::Done(Err(_))) | Err(RecvTimeoutError::Disconnected) => {
                return Err(DeviceError::new(who, doing, ErrorKind::Panicked));
            }
            Err(RecvTimeoutError::Timeout) => {
                let kind = ErrorKind::Hung(limit.as_secs());
                return Err(DeviceError::new(who, doing, kind));
            }
        }
    }
}

/// Panics of contained threads are reported as errors; their message would only
/// tear holes into the screen. All other panics are reported as ever.
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{ErrorKind, Operation, Who, contained, contained_with_touch, contained_within};
    use crate::device::Serial;

    const WHO: Who = Who::YubiKey(Serial(7));

    #[test]
    fn a_panic_becomes_an_error_that_names_the_device() {
        let outcome: Result<(), _> = contained(WHO, Operation::Sign, || panic!("bad reply"));
        let error = outcome.map_err(|error| error.to_string());
        assert!(
            error
                .is_err_and(|message| message.contains("YubiKey 7") && message.contains("signing"))
        );
    }

    #[test]
    fn a_hang_becomes_an_error_when_the_time_is_up() {
        let (_keep_waiting, never) = mpsc::channel::<()>();
        let outcome = contained_within(
            Duration::from_millis(1),
            WHO,
            Operation::Read,
            || {},
            move |_| {
                let _ = never.recv();
                Ok(())
            },
        );
        assert!(outcome.is_err_and(|error| matches!(error.kind, ErrorKind::Hung(_))));
    }

    #[test]
    fn a_touch_is_announced_on_the_calling_thread_before_the_result() {
        let announced = Cell::new(false);
        let outcome = contained_with_touch(
            WHO,
            Operation::Sign,
            || announced.set(true),
            |announce| {
                announce.touch();
                Ok(1)
            },
        );
        assert!(matches!(outcome, Ok(1)));
        assert!(announced.get());
    }
}
