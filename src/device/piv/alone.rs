//! PIN, PUK and signature, over an exclusive connection. The management key has its own file.

use p256::ecdsa::Signature;

use super::session;
use crate::device::error::{DeviceError, ErrorKind, Refusal};
use crate::device::exclusive::{Exclusive, PIN, PUK, SUCCESS, UNKNOWN_COMMAND, field};
use crate::device::identity::{Serial, Who};
use crate::device::operation::{Credential, Operation};
use crate::host::secret::Secret;
use keymoot_attestation::Firmware;
use keymoot_record::transcript::PinTries;

/// The length of a PIN or PUK as it is sent, padded (NIST SP 800-73-4 part 2, section 2.4.3).
const REFERENCE: usize = 8;
const PADDING: [u8; REFERENCE] = [0xff; REFERENCE];

/// GENERAL AUTHENTICATE with the P-256 key in slot 9c, and its template around 32 bytes (NIST SP
/// 800-73-4 part 2, section 3.2.4).
const SIGN: &[u8] = &[
    0x00, 0x87, 0x11, 0x9c, 0x26, 0x7c, 0x24, 0x82, 0x00, 0x81, 0x20,
];
/// GET METADATA and RESET (Yubico, "PIV extensions").
pub(super) const GET_METADATA: [u8; 3] = [0x00, 0xf7, 0x00];
/// ATTEST the key in slot 9c (Yubico, "PIV extensions").
const ATTEST: &[u8] = &[0x00, 0xf9, SIGNATURE, 0x00, 0x00];
const RESET: &[u8] = &[0x00, 0xfb, 0x00, 0x00, 0x00];
/// The slot of the signing key.
const SIGNATURE: u8 = 0x9c;
/// Tags of metadata: where a key was made, and whether a reference is the factory's.
const ORIGIN: u8 = 0x03;
const FACTORY: u8 = 0x05;

/// Neither PIN nor touch, or not both.
const SECURITY_STATUS: u16 = 0x6982;
/// What a device with PIN complexity answers to a new PIN that it refuses, and any device to one
/// that is too short for it.
const CONDITIONS: u16 = 0x6985;
const BAD_DATA: u16 = 0x6a80;
/// No tries left.
const BLOCKED: u16 = 0x6983;

/// A device's answer to a PIN or PUK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    Right,
    /// The old one is right, and the new one breaks the device's own rules.
    Forbidden,
    Wrong {
        tries: u8,
    },
    Blocked,
}

/// The wanted device, on an exclusive connection.
pub(super) struct Alone {
    pub(super) device: Exclusive,
    firmware: Firmware,
}

impl Alone {
    /// Opens the device, which must be the only one plugged in and used by nobody.
    pub(super) fn open(serial: Serial, doing: Operation) -> Result<Self, DeviceError> {
        let reader = session::reader_of(serial, doing)?;
        let device = Exclusive::connect(&reader, Who::YubiKey(serial), doing)?;
        let firmware = device.firmware()?;
        let found = device.serial(firmware)?;
        if found != serial {
            let error = device.error(ErrorKind::Other(found));
            // The device stays as it is: it is another one.
            device.leave();
            return Err(error);
        }
        Ok(Self { device, firmware })
    }

    /// Ends the connection without a reset, where nothing was opened.
    pub(super) fn leave(self) {
        self.device.leave();
    }

    /// The firmware of the PIV application.
    pub(super) fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// Verifies the PIN.
    pub(super) fn verify(&self, pin: &Secret) -> Result<(), DeviceError> {
        match self.judge_pin(pin)? {
            Judged::Right => Ok(()),
            judged => Err(self.wrong_pin(judged)),
        }
    }

    /// Replaces a right PIN.
    pub(super) fn change_pin(&self, old: &Secret, new: &Secret) -> Result<(), DeviceError> {
        match self.replace([0x24, PIN], old.expose(), new)? {
            Judged::Right => Ok(()),
            judged => Err(self.wrong_pin(judged)),
        }
    }

    /// Replaces a right PUK.
    pub(super) fn change_puk(&self, old: &[u8], new: &Secret) -> Result<Judged, DeviceError> {
        self.replace([0x24, PUK], old, new)
    }

    /// Sets a PIN by a right PUK.
    pub(super) fn unblock_pin(&self, puk: &Secret, new: &Secret) -> Result<Judged, DeviceError> {
        self.replace([0x2c, PIN], puk.expose(), new)
    }

    /// Sends a PIN for verification.
    pub(super) fn judge_pin(&self, pin: &Secret) -> Result<Judged, DeviceError> {
        self.judge(&[0x00, 0x20, 0x00, PIN, 8], &[pin.expose()])
    }

    /// CHANGE REFERENCE DATA or RESET RETRY COUNTER: the old value, and the new.
    fn replace(
        &self,
        [instruction, reference]: [u8; 2],
        old: &[u8],
        new: &Secret,
    ) -> Result<Judged, DeviceError> {
        let header = [0x00, instruction, 0x00, reference, 16];
        self.judge(&header, &[old, new.expose()])
    }

    /// Sends values of reference data, padded, in a buffer that is wiped.
    fn judge(&self, header: &[u8], values: &[&[u8]]) -> Result<Judged, DeviceError> {
        let mut parts = vec![header];
        for value in values {
            let padding = REFERENCE.checked_sub(value.len());
            let padding = padding.ok_or_else(|| self.not_done("the value is too long"))?;
            parts.extend([value, PADDING.get(..padding).unwrap_or_default()]);
        }
        let command = Secret::joined(&parts);
        match self.device.send(command.expose())?.status {
            SUCCESS => Ok(Judged::Right),
            0x63c0 | BLOCKED => Ok(Judged::Blocked),
            status @ 0x63c1..=0x63cf => Ok(Judged::Wrong {
                tries: (status & 0xf) as u8,
            }),
            CONDITIONS | BAD_DATA if values.len() > 1 => Ok(Judged::Forbidden),
            status => Err(self.device.refused(status)),
        }
    }

    fn wrong_pin(&self, judged: Judged) -> DeviceError {
        self.error(match judged {
            Judged::Wrong { tries } => ErrorKind::WrongPin(tries),
            Judged::Forbidden => ErrorKind::PinForbidden(Credential::Pin),
            _ => ErrorKind::PinBlocked,
        })
    }

    /// Whether a credential is still the factory's, as the device reports it.
    pub(super) fn is_factory(&self, reference: u8) -> Result<bool, DeviceError> {
        let [class, instruction, p1] = GET_METADATA;
        let told = self.device.data(&[class, instruction, p1, reference, 0])?;
        match field(&told, FACTORY) {
            Some([flag @ 0..=1]) => Ok(*flag == 1),
            _ => Err(self.device.malformed()),
        }
    }

    /// The tries that PIN and PUK have.
    pub(super) fn tries(&self) -> Result<Option<PinTries>, DeviceError> {
        self.device.tries()
    }

    /// The device reported success, and did not do it.
    pub(super) fn not_done(&self, what: &'static str) -> DeviceError {
        self.error(ErrorKind::Refused(Refusal::NotDone(what)))
    }

    /// A malformed reply.
    pub(super) fn malformed(&self) -> DeviceError {
        self.device.malformed()
    }

    /// An error of this kind.
    pub(super) fn error(&self, kind: ErrorKind) -> DeviceError {
        self.device.error(kind)
    }

    /// Resets the PIV application, whose PIN and PUK must be blocked.
    pub(super) fn reset(&self) -> Result<(), DeviceError> {
        self.device.data(RESET).map(drop)
    }

    /// Signs a SHA-256 digest with the key in slot 9c, once the PIN has been verified and the
    /// device is touched. DER (RFC 3279 section 2.2.3).
    pub(super) fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, DeviceError> {
        let reply = self.device.send(&[SIGN, digest].concat())?;
        match reply.status {
            SUCCESS => {
                let signature = signature_in(&reply.data).ok_or_else(|| self.device.malformed())?;
                Signature::from_der(signature).map_err(|_| self.device.malformed())?;
                Ok(signature.to_vec())
            }
            // The PIN was right a moment ago, so the touch is missing.
            SECURITY_STATUS => Err(self.error(ErrorKind::TouchTimeout)),
            status => Err(self.no_key_or(status)?),
        }
    }

    /// Why the device attests no key in slot 9c; `None` where it does.
    pub(super) fn attests_not(&self) -> Result<Option<DeviceError>, DeviceError> {
        match self.device.send(ATTEST)?.status {
            SUCCESS | 0x6100..=0x61ff => Ok(None),
            status => self.no_key_or(status).map(Some),
        }
    }

    /// The device refused to use its key with this status word: perhaps it has none.
    fn no_key_or(&self, status: u16) -> Result<DeviceError, DeviceError> {
        Ok(match self.holds_generated_key()? {
            true => self.device.refused(status),
            false => self.error(ErrorKind::NoKey),
        })
    }

    /// Whether slot 9c has a key that was not imported, as the device reports it.
    fn holds_generated_key(&self) -> Result<bool, DeviceError> {
        const IMPORTED: &[u8] = &[2];
        let [class, instruction, p1] = GET_METADATA;
        let told = self.device.send(&[class, instruction, p1, SIGNATURE, 0])?;
        Ok(match told.status {
            // With more to come: a public key too long for one reply, and the origin before it.
            SUCCESS | 0x6100..=0x61ff => field(&told.data, ORIGIN) != Some(IMPORTED),
            status => status == UNKNOWN_COMMAND,
        })
    }
}

/// The signature in a dynamic authentication template, and nothing else.
fn signature_in(reply: &[u8]) -> Option<&[u8]> {
    match reply {
        [0x7c, outer @ ..=0x7f, 0x82, inner @ ..=0x7f, signature @ ..]
            if usize::from(*inner) == signature.len()
                && usize::from(*outer) == signature.len() + 2 =>
        {
            Some(signature)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::signature_in;

    #[test]
    fn a_template_that_holds_a_signature_and_nothing_else_is_read() {
        assert_eq!(signature_in(&[0x7c, 4, 0x82, 2, 8, 9]), Some(&[8, 9][..]));
        for reply in [
            &[][..],
            &[0x7c, 4, 0x82, 2, 8],
            &[0x7c, 4, 0x82, 2, 8, 9, 0],
            &[0x7c, 4, 0x82, 3, 8, 9],
            &[0x7c, 5, 0x82, 2, 8, 9],
            &[0x7d, 4, 0x82, 2, 8, 9],
            &[0x7c, 4, 0x83, 2, 8, 9],
        ] {
            assert_eq!(signature_in(reply), None, "{reply:?}");
        }
    }
}
