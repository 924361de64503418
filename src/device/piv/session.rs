//! One conversation with one device.

use yubikey::YubiKey;

use crate::device::bench::open_reader;
use crate::device::contain::{Announce, contained, contained_with_touch};
use crate::device::error::DeviceError;
use crate::device::identity::{Serial, Who};
use crate::device::operation::Operation;
use crate::device::readers::{self, Look};
use keymoot_attestation::Firmware;

/// An open device, and what is being done with it.
pub(super) struct Session {
    pub(super) yubikey: YubiKey,
    pub(super) serial: Serial,
    pub(super) doing: Operation,
}

impl Session {
    /// Opens the device, which must be the only one plugged in.
    pub(super) fn open(serial: Serial, doing: Operation) -> Result<Self, DeviceError> {
        let plugged = Look::now(&readers::connect()?)?.plugged();
        let reader = match plugged.as_slice() {
            [] => {
                return Err(DeviceError::NotPresent {
                    wanted: Some(serial),
                });
            }
            [one] => &one.reader,
            several => {
                return Err(DeviceError::Several {
                    count: several.len(),
                });
            }
        };
        let yubikey = open_reader(reader, &Who::Serial(serial), doing)?;
        let found = Serial(yubikey.serial().0);
        if found != serial {
            return Err(DeviceError::Other {
                wanted: serial,
                found,
            });
        }
        Ok(Self {
            yubikey,
            serial,
            doing,
        })
    }

    /// Runs `work` on the open device, contained.
    pub(super) fn run<T: Send + 'static>(
        serial: Serial,
        doing: Operation,
        work: impl FnOnce(&mut Self) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        contained(Who::Serial(serial), doing, move || {
            work(&mut Self::open(serial, doing)?)
        })
    }

    /// As [`Session::run`], for work that waits for a touch.
    pub(super) fn run_with_touch<T: Send + 'static>(
        serial: Serial,
        doing: Operation,
        on_touch: impl FnOnce(),
        work: impl FnOnce(&mut Self, &Announce<T>) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        contained_with_touch(Who::Serial(serial), doing, on_touch, move |announce| {
            work(&mut Self::open(serial, doing)?, announce)
        })
    }

    /// The device as errors name it.
    pub(super) fn who(&self) -> Who {
        Who::Serial(self.serial)
    }

    /// Its firmware.
    pub(super) fn firmware(&self) -> Firmware {
        let version = self.yubikey.version();
        Firmware::new(version.major, version.minor, version.patch)
    }

    /// What an error of the library means here.
    pub(super) fn error(&self, error: yubikey::Error) -> DeviceError {
        DeviceError::from_yubikey(self.who(), self.doing, error)
    }

    /// A reply that makes no sense.
    pub(super) fn malformed(&self) -> DeviceError {
        DeviceError::Malformed {
            who: self.who(),
            doing: self.doing,
        }
    }

    /// The device said no.
    pub(super) fn refused(&self) -> DeviceError {
        DeviceError::Refused {
            who: self.who(),
            doing: self.doing,
        }
    }
}
