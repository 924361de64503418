//! Everything that can go wrong with a device, said for the people in the room.

use super::identity::{Serial, Who};
use super::operation::{Credential, Operation};
use super::pin_rules::PinRefused;
use super::readers::is_service_gone;
use super::yubihsm::Role;
use keymoot_attestation::Firmware;

/// What went wrong with a device. `Display` says what happened and to which
/// device, [`DeviceError::next_step`] what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No smart card service is running.
    #[error("the smart card service (pcscd) does not answer")]
    ServiceMissing,
    /// The smart card service failed before any device was spoken to.
    #[error("the smart card service (pcscd) failed: {error}")]
    ServiceFailed {
        /// What it said.
        error: pcsc::Error,
    },
    /// The wanted device, or any device at all, is not plugged in.
    #[error("{}", .wanted.map_or("no YubiKey is plugged in".to_owned(), |serial| format!("YubiKey {serial} is not plugged in")))]
    NotPresent {
        /// The device that was wanted, if a particular one was.
        wanted: Option<Serial>,
    },
    /// More than one device is plugged in.
    #[error("{count} YubiKeys are plugged in, and exactly one may be")]
    Several {
        /// How many.
        count: usize,
    },
    /// Another device than the wanted one is plugged in.
    #[error("YubiKey {found} is plugged in, but YubiKey {wanted} is needed")]
    Other {
        /// The device that is needed.
        wanted: Serial,
        /// The device that is there.
        found: Serial,
    },
    /// Another YubiHSM 2 than the wanted one answers.
    #[error("YubiHSM 2 {found} answers, but YubiHSM 2 {wanted} is needed")]
    OtherUnit {
        /// The device that is needed.
        wanted: Serial,
        /// The device that is there.
        found: Serial,
    },
    /// The device was unplugged while it was spoken to.
    #[error("{who} was unplugged while {doing}")]
    Removed {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
    },
    /// The PIN was wrong.
    #[error("wrong PIN for YubiKey {serial}: {}", tries_left(*.tries))]
    WrongPin {
        /// Which device.
        serial: Serial,
        /// Tries left before it blocks.
        tries: u8,
    },
    /// The PIN is blocked.
    #[error("the PIN of YubiKey {serial} is blocked: no tries left")]
    PinBlocked {
        /// Which device.
        serial: Serial,
    },
    /// The PUK was wrong.
    #[error("wrong PUK for YubiKey {serial}: {}", tries_left(*.tries))]
    WrongPuk {
        /// Which device.
        serial: Serial,
        /// Tries left before it blocks.
        tries: u8,
    },
    /// The PUK is blocked.
    #[error("the PUK of YubiKey {serial} is blocked: no tries left")]
    PukBlocked {
        /// Which device.
        serial: Serial,
    },
    /// The PIN was right, but nobody touched the device.
    #[error("YubiKey {serial} was not touched in time, and signed nothing")]
    TouchTimeout {
        /// Which device.
        serial: Serial,
    },
    /// The management key did not open the device.
    #[error("YubiKey {serial} does not accept this management key")]
    NotAuthenticated {
        /// Which device.
        serial: Serial,
    },
    /// The firmware cannot do what is asked.
    #[error("{who}{} cannot be used for {doing}: firmware {needs} or later is needed", .firmware.map_or(String::new(), |version| format!(" (firmware {version})")))]
    Unsupported {
        /// Which device.
        who: Who,
        /// Its firmware, where it could be read.
        firmware: Option<Firmware>,
        /// What was asked.
        doing: Operation,
        /// The first firmware that can.
        needs: Firmware,
    },
    /// There is no key in the signature slot.
    #[error("YubiKey {serial} holds no generated key in slot 9c")]
    NoKey {
        /// Which device.
        serial: Serial,
    },
    /// There is no signing key on a YubiHSM 2.
    #[error("{who} holds no signing key")]
    NoSigningKey {
        /// Which device.
        who: Who,
    },
    /// A credential is not the factory's, so the device is not fresh.
    #[error("YubiKey {serial} is not fresh: its {credential} has been changed before")]
    NotFresh {
        /// Which device.
        serial: Serial,
        /// What is not as delivered.
        credential: Credential,
    },
    /// A factory credential still opens the device.
    #[error("YubiKey {serial} still accepts the {credential} every YubiKey is delivered with")]
    FactoryCredential {
        /// Which device.
        serial: Serial,
        /// What is still as delivered.
        credential: Credential,
    },
    /// A PIN or PUK broke the rules; the device was not asked.
    #[error("this {credential} cannot be used: {reason}")]
    PinRefused {
        /// PIN or PUK.
        credential: Credential,
        /// The rule it broke.
        reason: PinRefused,
    },
    /// A reply could not be understood.
    #[error("{who} answered with something that makes no sense while {doing}")]
    Malformed {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
    },
    /// A signature is not one by the key in the device.
    #[error("the signature that {who} made is refused: {why}")]
    WrongSignature {
        /// Which device.
        who: Who,
        /// What is wrong with it.
        why: String,
    },
    /// The device said no, for a reason that is lost on the way here.
    #[error("{who} refused while {doing}")]
    Refused {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
    },
    /// The library that speaks to devices gave up on a reply.
    #[error("{who} gave a reply that the library speaking to it could not survive, while {doing}")]
    Panicked {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
    },
    /// No answer came in time.
    #[error("{who} did not answer within {seconds} seconds while {doing}")]
    Hung {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
        /// The limit, in seconds.
        seconds: u64,
    },
    /// Another program holds the device.
    #[error("{who} is in use by another program")]
    SharingViolation {
        /// Which device.
        who: Who,
    },
    /// The reader or the service reported something else.
    #[error("the reader failed with {who} while {doing}: {error}")]
    Reader {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
        /// What the smart card service said.
        error: pcsc::Error,
    },
    /// An address of a connector that is not on this machine.
    #[error("'{}' is not the address of a YubiHSM connector on this machine", keymoot_core::text::escape(.address))]
    NotLoopback {
        /// What was given: foreign text.
        address: String,
    },
    /// No YubiHSM 2 answers at a place.
    #[error("no YubiHSM 2 answers at {place}")]
    NoAnswer {
        /// The connector, or USB.
        place: String,
    },
    /// YubiHSM 2 units on USB cannot be looked for.
    #[error("USB cannot be searched for YubiHSM 2 units: {}", keymoot_core::text::escape(.error))]
    Usb {
        /// What the library said: foreign text.
        error: String,
    },
    /// The connection broke off, or no answer came over it.
    #[error("the connection to {who} broke off while {doing}")]
    Lost {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
    },
    /// Every session of a YubiHSM 2 is taken.
    #[error("{who} has no session free: all 16 are taken")]
    SessionsFull {
        /// Which device.
        who: Who,
    },
    /// The audit log of a YubiHSM 2 has no room, and it does nothing without.
    #[error("the audit log of {who} is full, and it does nothing it could not log")]
    LogFull {
        /// Which device.
        who: Who,
    },
    /// A password did not open a session.
    #[error("{who} does not accept this password of the {role}")]
    WrongPassword {
        /// Which device.
        who: Who,
        /// Whose password.
        role: Role,
    },
    /// There is no authentication key for a role.
    #[error("{who} has no key for the {role}")]
    NoRole {
        /// Which device.
        who: Who,
        /// Whose key is missing.
        role: Role,
    },
    /// The session's key may not do what was asked.
    #[error("{who} refused while {doing}: the {role} has no right to it")]
    NotPermitted {
        /// Which device.
        who: Who,
        /// What was going on.
        doing: Operation,
        /// Who asked.
        role: Role,
    },
    /// A YubiHSM 2 is not as the factory left it.
    #[error("{who} is not fresh: {}", match .objects {
        None => "it does not accept the password every YubiHSM 2 is delivered with".to_owned(),
        Some(objects) => format!("{objects} objects are on it, and a fresh one has its factory key alone"),
    })]
    Used {
        /// Which device.
        who: Who,
        /// How many objects it holds, where it could be asked.
        objects: Option<usize>,
    },
    /// A right that ought to be gone is still there.
    #[error("{who} still opens a session for the {role}")]
    StillOpen {
        /// Which device.
        who: Who,
        /// Whose session.
        role: Role,
    },
    /// There is a key already where one was to be generated.
    #[error("{who} already holds a signing key")]
    KeyThere {
        /// Which device.
        who: Who,
    },
    /// No thread could be started to speak to the device.
    #[error("this machine could not start a thread to speak to {who}: {error}")]
    NoThread {
        /// Which device.
        who: Who,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// Waiting was given up on request.
    #[error("waiting for a device was cancelled")]
    Cancelled,
}

impl DeviceError {
    /// How many tries are left, where the device said so.
    #[must_use]
    pub fn tries(&self) -> Option<u8> {
        match self {
            Self::WrongPin { tries, .. } | Self::WrongPuk { tries, .. } => Some(*tries),
            Self::PinBlocked { .. } | Self::PukBlocked { .. } => Some(0),
            _ => None,
        }
    }

    /// What a failed exchange with the smart card service means.
    pub(super) fn from_pcsc(who: Who, doing: Operation, error: pcsc::Error) -> Self {
        use pcsc::Error as E;
        match error {
            E::NoService | E::ServiceStopped => Self::ServiceMissing,
            error if is_service_gone(error) => Self::ServiceMissing,
            E::SharingViolation => Self::SharingViolation { who },
            E::RemovedCard
            | E::ResetCard
            | E::NoSmartcard
            | E::UnpoweredCard
            | E::ReaderUnavailable
            | E::UnknownReader
            | E::NoReadersAvailable
            | E::InvalidHandle
            | E::NotTransacted => Self::Removed { who, doing },
            error => Self::Reader { who, doing, error },
        }
    }

    /// What an error of the `yubikey` crate means. Operations that know more
    /// (which PIN was asked, what a refusal can only be) look before they call
    /// this.
    pub(super) fn from_yubikey(who: Who, doing: Operation, error: yubikey::Error) -> Self {
        use yubikey::Error as E;
        match (error, &who) {
            (E::PcscError { inner: Some(error) }, _) => Self::from_pcsc(who, doing, error),
            (E::WrongPin { tries: 0 } | E::PinLocked, &Who::Serial(serial)) => {
                Self::PinBlocked { serial }
            }
            (E::WrongPin { tries }, &Who::Serial(serial)) => Self::WrongPin { serial, tries },
            (E::AuthenticationError, &Who::Serial(serial)) => Self::NotAuthenticated { serial },
            (
                E::ParseError
                | E::SizeError
                | E::InvalidObject
                | E::AlgorithmError
                | E::KeyError
                | E::RangeError,
                _,
            ) => Self::Malformed { who, doing },
            _ => Self::Refused { who, doing },
        }
    }
}

/// "2 tries left", with the grammar right.
fn tries_left(tries: u8) -> String {
    match tries {
        1 => "1 try left".to_owned(),
        tries => format!("{tries} tries left"),
    }
}
