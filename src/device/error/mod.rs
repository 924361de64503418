//! Everything that can go wrong with a device: which device, while doing what, and how.
//!
//! [`words`] has the texts of each kind, [`status`] those of a refusal, and no other module has
//! any.

mod status;
mod words;

use super::identity::{Serial, Who};
use super::operation::{Credential, Operation};
use super::pin_rules::PinRefused;
use super::yubihsm::Role;
use keymoot_attestation::Firmware;
use keymoot_core::HostError;

/// An error of a device. `Display` says what happened and to which device,
/// [`DeviceError::help`] what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceError {
    /// What is known of the device.
    pub who: Who,
    /// The operation.
    pub operation: Operation,
    /// The kind of error.
    pub kind: ErrorKind,
}

impl From<DeviceError> for HostError {
    fn from(error: DeviceError) -> Self {
        Self::new(error.to_string(), error.next())
    }
}

/// The kind of error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No smart card service is running.
    ServiceMissing,
    /// This user may not open the socket of the smart card service.
    SocketForbidden,
    /// The smart card service closes the connections of this user.
    ServiceForbids,
    /// The smart card service speaks another version of its protocol.
    ServiceVersion,
    /// The smart card service failed before it reached a device.
    ServiceFailed(pcsc::Error),
    /// The wanted device, or any device at all, is not plugged in.
    NotPresent,
    /// This many devices are plugged in, and exactly one may be.
    Several(usize),
    /// Another device than the wanted one is plugged in: this serial number.
    Other(Serial),
    /// The device was unplugged during the operation.
    Removed,
    /// The smart card service forbids this user the device.
    Forbidden,
    /// Reader and device lost each other's bytes, and the device is still plugged in.
    Communication(pcsc::Error),
    /// Another program reset the device in between.
    ResetByOther,
    /// The device does not answer to power, or the reader does not understand the answer.
    Dead(pcsc::Error),
    /// The device has no PIV application that can be reached over USB.
    NoPiv,
    /// The device hides its serial number.
    SerialHidden,
    /// The PIN was wrong; so many tries are left.
    WrongPin(u8),
    /// The PIN is blocked.
    PinBlocked,
    /// The PUK was wrong; so many tries are left.
    WrongPuk(u8),
    /// The PUK is blocked.
    PukBlocked,
    /// The device's own rules refuse a new PIN or PUK.
    PinForbidden(Credential),
    /// The PIN was right, but nobody touched the device.
    TouchTimeout,
    /// The management key did not open the device.
    NotAuthenticated,
    /// The firmware does not support the operation.
    Unsupported {
        /// Its firmware, where it could be read.
        firmware: Option<Firmware>,
        /// The first firmware that does.
        needs: Firmware,
    },
    /// There is no generated signing key.
    NoKey,
    /// This credential is not the factory's, so the device is not fresh.
    NotFresh(Credential),
    /// This factory credential still opens the device.
    FactoryCredential(Credential),
    /// A PIN or PUK broke the rules; the device was not asked.
    PinRefused(Credential, PinRefused),
    /// A reply could not be understood; what the library says about it, where it says
    /// anything.
    Malformed(Option<String>),
    /// A signature is not one by the key in the device, for this reason.
    WrongSignature(String),
    /// The device refused.
    Refused(Refusal),
    /// The library gave up on a reply.
    Panicked,
    /// No answer came within so many seconds.
    Hung(u64),
    /// Another program holds the device.
    SharingViolation,
    /// The reader or the service reported something else.
    Reader(pcsc::Error),
    /// This is no address of a connector on this machine: foreign text.
    NotLoopback(String),
    /// No YubiHSM 2 answers.
    NoAnswer,
    /// USB cannot be searched for YubiHSM 2s: the library's words, foreign text.
    Usb(String),
    /// The connection broke off, or no answer came over it.
    Lost,
    /// Every session of a YubiHSM 2 is taken.
    SessionsFull,
    /// The audit log of a YubiHSM 2 is full, so it refuses commands.
    LogFull,
    /// The password of this role did not open a session.
    WrongPassword(Role),
    /// There is no authentication key for this role.
    NoRole(Role),
    /// The key of this role lacks the right to do this.
    NotPermitted(Role),
    /// A YubiHSM 2 is not as the factory left it: it has so many objects, where it could
    /// be read.
    Used(Option<usize>),
    /// A session of this role can be opened, and must not be possible.
    StillOpen(Role),
    /// There is a key already where one was to be generated.
    KeyThere,
    /// No thread could be started for the call: the system's error.
    NoThread(String),
    /// The wait was cancelled.
    Cancelled,
}

/// How a device refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A YubiKey, with this status word (ISO/IEC 7816-4).
    Status(u16),
    /// A YubiHSM 2, with this error code (Yubico, "Error codes").
    Code(u8),
    /// The library hides the device's answer; its own words instead.
    Library(String),
    /// It reported success, and did not do it.
    NotDone(&'static str),
}

impl DeviceError {
    /// An error of this kind.
    #[must_use]
    pub fn new(who: Who, operation: Operation, kind: ErrorKind) -> Self {
        Self {
            who,
            operation,
            kind,
        }
    }

    /// How many tries are left, where the device said so.
    #[must_use]
    pub fn tries(&self) -> Option<u8> {
        match self.kind {
            ErrorKind::WrongPin(tries) | ErrorKind::WrongPuk(tries) => Some(tries),
            ErrorKind::PinBlocked | ErrorKind::PukBlocked => Some(0),
            _ => None,
        }
    }

    /// Whether the secret that was typed is not the device's, and another can be typed.
    #[must_use]
    pub fn is_wrong_secret(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::WrongPin(_) | ErrorKind::WrongPassword(_)
        )
    }
}
