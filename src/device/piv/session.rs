//! One conversation with one device.

use std::ffi::CString;

use yubikey::YubiKey;
use yubikey::piv::{SlotId, SlotMetadata};

use crate::device::contain::contained;
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::identity::{Serial, Who};
use crate::device::operation::Operation;
use crate::device::pcsc_error;
use crate::device::readers::{self, Look};
use keymoot_attestation::Firmware;

/// The first firmware that reports on its slots (GET METADATA: Yubico, "PIV
/// extensions").
pub(super) const METADATA: Firmware = Firmware::new(5, 3, 0);

/// An open device, and the operation in progress. No PIN, PUK or management key goes over this
/// connection, because it is shared: see [`Alone`](super::alone::Alone). It only reads.
pub(super) struct Session {
    pub(super) yubikey: YubiKey,
    pub(super) serial: Serial,
    pub(super) doing: Operation,
}

/// Refuses a firmware that reports nothing about its slots.
pub(super) fn reports_slots(firmware: Firmware) -> Result<(), ErrorKind> {
    match firmware >= METADATA {
        true => Ok(()),
        false => Err(ErrorKind::Unsupported {
            firmware: Some(firmware),
            needs: METADATA,
        }),
    }
}

/// The reader of the device, which must be the only one plugged in and used by nobody.
pub(super) fn reader_of(serial: Serial, doing: Operation) -> Result<CString, DeviceError> {
    let error = |kind| DeviceError::new(Who::YubiKey(serial), doing, kind);
    let mut plugged = Look::now(&readers::connect()?)?.plugged();
    match (plugged.pop(), plugged.len()) {
        (None, _) => Err(error(ErrorKind::NotPresent)),
        // Asked first: anyone who connects while another program holds a transaction waits for its
        // end, which may be long after the time that an operation has.
        (Some(one), 0) if one.in_use => Err(error(ErrorKind::SharingViolation)),
        (Some(one), 0) => Ok(one.reader),
        (Some(_), others) => Err(error(ErrorKind::Several(others + 1))),
    }
}

impl Session {
    /// Opens the device, which must be the only one plugged in and used by nobody.
    pub(super) fn open(serial: Serial, doing: Operation) -> Result<Self, DeviceError> {
        let reader = reader_of(serial, doing)?;
        let yubikey = open(&reader, serial, doing)?;
        let found = Serial(yubikey.serial().0);
        if found != serial {
            let kind = ErrorKind::Other(found);
            return Err(DeviceError::new(Who::YubiKey(serial), doing, kind));
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
        contained(Who::YubiKey(serial), doing, move || {
            let mut session = Self::open(serial, doing)?;
            let done = work(&mut session)?;
            // Nothing was opened, so nothing has to be closed.
            session.leave();
            Ok(done)
        })
    }

    /// Ends the connection without a reset.
    pub(super) fn leave(self) {
        // When it fails, the device is gone; dropping the rest then changes nothing.
        let _ = self.yubikey.disconnect(pcsc::Disposition::LeaveCard);
    }

    /// The device as errors name it.
    pub(super) fn who(&self) -> Who {
        Who::YubiKey(self.serial)
    }

    /// Its firmware.
    pub(super) fn firmware(&self) -> Firmware {
        let version = self.yubikey.version();
        Firmware::new(version.major, version.minor, version.patch)
    }

    /// The device's report on a slot; `None` when it is empty.
    pub(super) fn metadata(&mut self, slot: SlotId) -> Result<Option<SlotMetadata>, DeviceError> {
        match yubikey::piv::metadata(&mut self.yubikey, slot) {
            Ok(told) => Ok(Some(told)),
            Err(yubikey::Error::NotFound) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Refuses a device whose firmware reports nothing about its slots.
    pub(super) fn demand_metadata(&self) -> Result<(), DeviceError> {
        reports_slots(self.firmware()).map_err(|kind| self.failed(kind))
    }

    /// What an error of the library means here.
    pub(super) fn error(&self, error: yubikey::Error) -> DeviceError {
        pcsc_error::of_yubikey(self.who(), self.doing, error)
    }

    /// A malformed reply.
    pub(super) fn malformed(&self) -> DeviceError {
        self.failed(ErrorKind::Malformed(None))
    }

    /// An error of this kind.
    pub(super) fn failed(&self, kind: ErrorKind) -> DeviceError {
        DeviceError::new(self.who(), self.doing, kind)
    }
}

/// Opens the PIV application of the device in a reader.
fn open(reader: &CString, serial: Serial, doing: Operation) -> Result<YubiKey, DeviceError> {
    let who = Who::YubiKey(serial);
    let failed = |error| pcsc_error::of_yubikey(who.clone(), doing, error);
    let mut context = yubikey::Context::open().map_err(failed)?;
    let name = reader.to_string_lossy();
    let Some(reader) = context
        .iter()
        .map_err(failed)?
        .find(|found| found.name() == name)
    else {
        return Err(DeviceError::new(who, doing, ErrorKind::Removed));
    };
    reader.open().map_err(|error| match error {
        // The crate knows the firmware generations 4 and 5 and no others.
        yubikey::Error::NotSupported => {
            let (firmware, needs) = (None, Firmware::new(4, 3, 0));
            DeviceError::new(
                who.clone(),
                doing,
                ErrorKind::Unsupported { firmware, needs },
            )
        }
        error => failed(error),
    })
}
