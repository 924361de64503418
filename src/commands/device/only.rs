//! The one YubiKey that is plugged in.

use crate::device::{DeviceError, DeviceInfo, ErrorKind, Operation, Slots, Who};

/// The YubiKey, if there is one and no other.
///
/// # Errors
/// [`ErrorKind::NotPresent`], [`ErrorKind::Several`], and what keeps it from being read.
pub(super) fn only_yubikey() -> Result<DeviceInfo, DeviceError> {
    let mut devices = Slots::YubiKeys.present()?;
    match (devices.pop(), devices.len()) {
        (None, _) => Err(none(ErrorKind::NotPresent)),
        (Some(one), 0) => one,
        (Some(_), others) => Err(none(ErrorKind::Several(others + 1))),
    }
}

/// No device is meant in particular.
pub(super) fn none(kind: ErrorKind) -> DeviceError {
    DeviceError::new(Who::Unknown, Operation::Identify, kind)
}
