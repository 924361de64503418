//! Every call to a device runs here, so that a panic or a hang does no harm.
//!
//! The `yubikey` crate panics on some malformed replies, and a reader or a
//! device can hang. A ceremony must survive both: each call runs
//! [contained](crate::host::contain). A thread that is left behind ends when the device is
//! unplugged.

use std::time::Duration;

use super::error::{DeviceError, ErrorKind};
use super::identity::Who;
use super::operation::Operation;
use crate::host::contain::{self, Failed};

/// The work calls this when the device waits for a touch.
pub(super) type Announce<T> = contain::Announce<Result<T, DeviceError>>;

/// How long a device may take. The device itself gives up a touch after
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
    let kind = match contain::contained(limit, on_touch, work) {
        Ok(outcome) => return outcome,
        Err(Failed::Panicked) => ErrorKind::Panicked,
        Err(Failed::Hung(limit)) => ErrorKind::Hung(limit.as_secs()),
        Err(Failed::NoThread(why)) => ErrorKind::NoThread(why),
    };
    Err(DeviceError::new(who, doing, kind))
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
                announce.waits();
                Ok(1)
            },
        );
        assert!(matches!(outcome, Ok(1)));
        assert!(announced.get());
    }
}
