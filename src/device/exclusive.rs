//! A connection that no other program can share.
//!
//! The `yubikey` crate always connects shared, and takes a transaction for each call. Between its
//! VERIFY and its signature, every program on the machine could have the device sign something
//! else. So PIN, PUK and signature go over this connection instead: as long as it is open, the
//! smart card service refuses everybody else. docs/decisions.md says when it can go.

use std::ffi::CStr;

use pcsc::{Card, Disposition, Protocols, ShareMode};

use super::error::{DeviceError, ErrorKind, Refusal};
use super::identity::{Serial, Who};
use super::operation::Operation;
use super::readers;
use keymoot_attestation::Firmware;

/// The status word of success (ISO/IEC 7816-4).
pub(super) const SUCCESS: u16 = 0x9000;

/// The PIV application (NIST SP 800-73-4 part 1, section 2.2).
const PIV: &[u8] = &[0xa0, 0x00, 0x00, 0x03, 0x08];
/// Yubico's OTP application, which tells the serial number before firmware 5.
const OTP: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01];

/// GET VERSION and GET SERIAL (Yubico, "PIV extensions").
const GET_VERSION: &[u8] = &[0x00, 0xfd, 0x00, 0x00, 0x00];
const GET_SERIAL: &[u8] = &[0x00, 0xf8, 0x00, 0x00, 0x00];
/// The same question to the OTP application.
const GET_OTP_SERIAL: &[u8] = &[0x00, 0x01, 0x10, 0x00, 0x00];

/// A device that nobody else can speak to. Dropped, it is reset: nothing that was verified stays
/// so.
pub(super) struct Exclusive {
    card: Card,
    who: Who,
    doing: Operation,
}

/// What the device says to a command.
pub(super) struct Reply {
    pub(super) data: Vec<u8>,
    pub(super) status: u16,
}

impl Exclusive {
    /// Connects to the device in a reader, and selects its PIV application.
    ///
    /// # Errors
    /// [`ErrorKind::SharingViolation`] when another program is connected, even idle.
    pub(super) fn connect(reader: &CStr, who: Who, doing: Operation) -> Result<Self, DeviceError> {
        let card = readers::connect()?
            .connect(reader, ShareMode::Exclusive, Protocols::T1)
            .map_err(|error| match error {
                // polkit refuses the device to this user. A service that has ended says the same,
                // and cannot be reached any more.
                pcsc::Error::SecurityViolation if readers::connect().is_ok() => {
                    DeviceError::new(who.clone(), doing, ErrorKind::Forbidden)
                }
                error => DeviceError::from_pcsc(who.clone(), doing, error),
            })?;
        let device = Self { card, who, doing };
        device.select(PIV)?;
        Ok(device)
    }

    /// Ends the connection without a reset, for a device in which nothing was verified.
    pub(super) fn leave(self) {
        // When it fails, the device is gone; dropping the card then changes nothing.
        let _ = self.card.disconnect(Disposition::LeaveCard);
    }

    /// The firmware of the PIV application.
    pub(super) fn firmware(&self) -> Result<Firmware, DeviceError> {
        match *self.data(GET_VERSION)?.as_slice() {
            [major @ 4..=5, minor, patch] => Ok(Firmware::new(major, minor, patch)),
            // The `yubikey` crate knows these generations and no others.
            [_, _, _] => Err(self.error(ErrorKind::Unsupported {
                firmware: None,
                needs: Firmware::new(4, 3, 0),
            })),
            _ => Err(self.malformed()),
        }
    }

    /// The serial number of a device with this firmware.
    pub(super) fn serial(&self, firmware: Firmware) -> Result<Serial, DeviceError> {
        let number = if firmware >= Firmware::new(5, 0, 0) {
            self.data(GET_SERIAL)?
        } else {
            self.select(OTP)?;
            let number = self.data(GET_OTP_SERIAL)?;
            self.select(PIV)?;
            number
        };
        let bytes = number.try_into().map_err(|_| self.malformed())?;
        Ok(Serial(u32::from_be_bytes(bytes)))
    }

    /// Selects an application, which ends what was verified in the one before.
    fn select(&self, application: &[u8]) -> Result<(), DeviceError> {
        let length = u8::try_from(application.len()).unwrap_or(u8::MAX);
        let command = [&[0x00, 0xa4, 0x04, 0x00, length], application].concat();
        self.data(&command).map(drop)
    }

    /// Sends a command that must succeed; what it answers.
    pub(super) fn data(&self, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        match self.send(command)? {
            Reply {
                data,
                status: SUCCESS,
            } => Ok(data),
            Reply { status, .. } => Err(self.refused(status)),
        }
    }

    /// Sends a command.
    pub(super) fn send(&self, command: &[u8]) -> Result<Reply, DeviceError> {
        let mut room = [0; pcsc::MAX_BUFFER_SIZE];
        let reply = self
            .card
            .transmit(command, &mut room)
            .map_err(|error| DeviceError::from_pcsc(self.who.clone(), self.doing, error))?;
        let (data, status) = reply.split_last_chunk().ok_or_else(|| self.malformed())?;
        Ok(Reply {
            data: data.to_vec(),
            status: u16::from_be_bytes(*status),
        })
    }

    /// A reply that makes no sense.
    pub(super) fn malformed(&self) -> DeviceError {
        self.error(ErrorKind::Malformed(None))
    }

    /// The device said no, with this status word.
    pub(super) fn refused(&self, status: u16) -> DeviceError {
        self.error(ErrorKind::Refused(Refusal::Status(status)))
    }

    /// An error of this kind.
    pub(super) fn error(&self, kind: ErrorKind) -> DeviceError {
        DeviceError::new(self.who.clone(), self.doing, kind)
    }
}
