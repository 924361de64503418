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
use super::pcsc_error;
use super::readers;
use keymoot_attestation::Firmware;
use keymoot_record::transcript::{PinTries, Tries};

/// The status word of success (ISO/IEC 7816-4).
pub(super) const SUCCESS: u16 = 0x9000;

/// There is no such application.
pub(super) const NOT_FOUND: u16 = 0x6a82;
/// GET METADATA before firmware 5.3.0 answers this.
pub(super) const UNKNOWN_COMMAND: u16 = 0x6d00;

/// The reference data that a command is about.
pub(super) const PIN: u8 = 0x80;
pub(super) const PUK: u8 = 0x81;
/// The tag of a reference's tries in its metadata: all, and those left.
const TRIES: u8 = 0x06;

/// The PIV application (NIST SP 800-73-4 part 1, section 2.2).
const PIV: &[u8] = &[0xa0, 0x00, 0x00, 0x03, 0x08];
/// Yubico's OTP application, which has the serial number before firmware 5.
const OTP: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01];

/// GET VERSION and GET SERIAL (Yubico, "PIV extensions").
const GET_VERSION: &[u8] = &[0x00, 0xfd, 0x00, 0x00, 0x00];
const GET_SERIAL: &[u8] = &[0x00, 0xf8, 0x00, 0x00, 0x00];
/// The same question to the OTP application.
const GET_OTP_SERIAL: &[u8] = &[0x00, 0x01, 0x10, 0x00, 0x00];

/// A device on an exclusive connection. When dropped, it is reset: no PIN stays
/// verified.
pub(super) struct Exclusive {
    card: Card,
    who: Who,
    doing: Operation,
}

/// The device's answer to a command.
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
                // and then cannot be reached at all.
                pcsc::Error::SecurityViolation if readers::connect().is_ok() => {
                    DeviceError::new(who.clone(), doing, ErrorKind::Forbidden)
                }
                error => pcsc_error::of_pcsc(who.clone(), doing, error),
            })?;
        let device = Self { card, who, doing };
        device.select(PIV)?;
        Ok(device)
    }

    /// Ends the connection without a reset, for a device with no verified PIN.
    pub(super) fn leave(self) {
        // When it fails, the device is gone; dropping the card then changes nothing.
        let _ = self.card.disconnect(Disposition::LeaveCard);
    }

    /// The firmware of the PIV application.
    pub(super) fn firmware(&self) -> Result<Firmware, DeviceError> {
        match *self.data(GET_VERSION)?.as_slice() {
            [major @ 4..=5, minor, patch] => Ok(Firmware::new(major, minor, patch)),
            // The `yubikey` crate supports these generations and no others.
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
            self.send(GET_SERIAL)?
        } else {
            self.select(OTP)?;
            let number = self.send(GET_OTP_SERIAL)?;
            self.select(PIV)?;
            number
        };
        if let 0x6900..=0x6aff = number.status {
            return Err(self.error(ErrorKind::SerialHidden));
        }
        if number.status != SUCCESS {
            return Err(self.refused(number.status));
        }
        let bytes = number.data.try_into().map_err(|_| self.malformed())?;
        Ok(Serial(u32::from_be_bytes(bytes)))
    }

    /// The tries of PIN and PUK. Firmware before 5.3.0 does not say.
    pub(super) fn tries(&self) -> Result<Option<PinTries>, DeviceError> {
        let tries = |reference| -> Result<Option<Tries>, DeviceError> {
            let reply = self.send(&[0x00, 0xf7, 0x00, reference, 0x00])?;
            match (reply.status, field(&reply.data, TRIES)) {
                (SUCCESS, Some(&[total, left])) => Ok(Some(Tries { total, left })),
                (SUCCESS, _) => Err(self.malformed()),
                (UNKNOWN_COMMAND, _) => Ok(None),
                (status, _) => Err(self.refused(status)),
            }
        };
        Ok(match (tries(PIN)?, tries(PUK)?) {
            (Some(pin), Some(puk)) => Some(PinTries { pin, puk }),
            _ => None,
        })
    }

    /// Selects an application, which forgets the PIN verified in the one before.
    fn select(&self, application: &[u8]) -> Result<(), DeviceError> {
        let length = u8::try_from(application.len()).unwrap_or(u8::MAX);
        let command = [&[0x00, 0xa4, 0x04, 0x00, length], application].concat();
        match self.send(&command)?.status {
            SUCCESS => Ok(()),
            NOT_FOUND if application == PIV => Err(self.error(ErrorKind::NoPiv)),
            status => Err(self.refused(status)),
        }
    }

    /// Sends a command that must succeed, and returns the answer.
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
            .map_err(|error| pcsc_error::of_pcsc(self.who.clone(), self.doing, error))?;
        let (data, status) = reply.split_last_chunk().ok_or_else(|| self.malformed())?;
        Ok(Reply {
            data: data.to_vec(),
            status: u16::from_be_bytes(*status),
        })
    }

    /// A malformed reply.
    pub(super) fn malformed(&self) -> DeviceError {
        self.error(ErrorKind::Malformed(None))
    }

    /// The device refused with this status word.
    pub(super) fn refused(&self, status: u16) -> DeviceError {
        self.error(ErrorKind::Refused(Refusal::Status(status)))
    }

    /// An error of this kind.
    pub(super) fn error(&self, kind: ErrorKind) -> DeviceError {
        DeviceError::new(self.who.clone(), self.doing, kind)
    }
}

/// A value among tag, length, value triples with lengths below 128.
pub(super) fn field(mut fields: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [tag, length @ ..=0x7f, rest @ ..] = fields {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        if *tag == wanted {
            return Some(value);
        }
        fields = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_among_others_and_not_in_a_record_that_ends_too_early() {
        assert_eq!(field(&[1, 1, 0xff, 5, 1, 1], 5), Some(&[1][..]));
        for fields in [&[][..], &[5], &[5, 1], &[1, 9, 5, 1, 1], &[5, 0x81, 1, 1]] {
            assert_eq!(field(fields, 5), None, "{fields:?}");
        }
    }
}
