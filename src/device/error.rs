//! Everything that can go wrong with a device, said for the people in the room.

use std::fmt;

use super::identity::{Serial, Who};
use super::pin_rules::PinRefused;
use super::yubihsm::Role;
use crate::attestation::Firmware;

/// What was being done when something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Asking serial, firmware and form factor.
    Identify,
    /// Reading what is on the device.
    Read,
    /// Resetting the PIV application.
    Reset,
    /// Changing or checking a PIN.
    Pin,
    /// Setting PIN, PUK and management key of a fresh device.
    Provision,
    /// Generating the key.
    Generate,
    /// Attesting the key.
    Attest,
    /// Signing.
    Sign,
    /// Setting the authentication keys and the auditing of a fresh YubiHSM 2.
    SetUp,
    /// Taking away the rights that were needed for setting it up.
    Restrict,
    /// Reading the audit log, or letting the device forget what was read.
    Log,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identify => "identifying it",
            Self::Read => "reading what is on it",
            Self::Reset => "resetting it",
            Self::Pin => "checking or changing its PIN",
            Self::Provision => "setting its PIN, PUK and management key",
            Self::Generate => "generating its key",
            Self::Attest => "attesting its key",
            Self::Sign => "signing",
            Self::SetUp => "setting its authentication keys",
            Self::Restrict => "taking away the rights to set it up",
            Self::Log => "reading its audit log",
        })
    }
}

/// A credential that every device leaves the factory with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The PIN.
    Pin,
    /// The PUK (PIN unblocking key).
    Puk,
    /// The management key.
    ManagementKey,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::Puk => "PUK",
            Self::ManagementKey => "management key",
        })
    }
}

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
    #[error("'{}' is not the address of a YubiHSM connector on this machine", crate::text::escape(.address))]
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
    /// What to do next, as a sentence to the person in the room.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::ServiceMissing => {
                "Start the smart card service (systemctl start pcscd.socket), then try again."
            }
            Self::ServiceFailed { .. } => {
                "Restart the smart card service (systemctl restart pcscd.service), then try again."
            }
            Self::NotPresent { wanted: None } => "Plug one in, then try again.",
            Self::NotPresent { .. } => "Plug it in, then try again.",
            Self::Several { .. } => "Unplug all of them but the one that is wanted.",
            Self::Other { wanted, .. } => {
                return format!("Unplug it and plug in YubiKey {wanted}; the number is printed on it.");
            }
            Self::OtherUnit { wanted, .. } => {
                return format!("Unplug it and plug in YubiHSM 2 {wanted}; the number is printed on it.");
            }
            Self::Removed { doing: Operation::Provision | Operation::Reset | Operation::SetUp, .. } => {
                "It may be half set up. Plug it in again and start with a reset."
            }
            Self::Removed { doing: Operation::Generate, .. } => {
                "Plug it in again and look whether the key was made before making another."
            }
            Self::Removed { .. } => "Plug it in again and repeat the step.",
            Self::WrongPin { tries: 1, .. } => {
                "This is the last try before the PIN blocks. Let the holder look the PIN up first."
            }
            Self::WrongPin { .. } => "Let the holder type the PIN again, slowly.",
            Self::PinBlocked { .. } => {
                "Unblock it with the holder's PUK, or go on with the spare device. A reset would make it usable again, but destroys its key."
            }
            Self::WrongPuk { tries: 1, .. } => {
                "This is the last try before the PUK blocks, and with it the PIN for ever. Let the holder look the PUK up first."
            }
            Self::WrongPuk { .. } => "Let the holder type the PUK again, slowly.",
            Self::PukBlocked { .. } => {
                "Nothing can unblock its PIN any more. If the PIN is unknown, reset the device, which destroys its key."
            }
            Self::TouchTimeout { .. } => {
                "Repeat the step, and touch the metal contact as soon as it blinks."
            }
            Self::NotAuthenticated { .. } => {
                "Repeat the step once, in case a reply was garbled. If it stays so, this is not its management key: look for the right one before anything is reset."
            }
            Self::Unsupported { .. } => {
                "Use a device with newer firmware; firmware cannot be updated."
            }
            Self::NoKey { .. } | Self::NoSigningKey { .. } => "Check that this is the right device; if it is, it has not been enrolled.",
            Self::NotFresh { .. } => {
                "Reset it first. That destroys every PIV key on it: read its serial aloud before."
            }
            Self::FactoryCredential { .. } => "Reset the device and set it up again before it is used.",
            Self::PinRefused { .. } => "Type another. The device was not asked, and no try was used up.",
            Self::Malformed { .. } | Self::Panicked { .. } | Self::Refused { .. } => {
                "Unplug it, plug it in again and repeat the step; if it stays so, use another device and note an exception."
            }
            Self::Hung { .. } => "Unplug it, wait for the others to see that it is out, then plug it in and repeat the step.",
            Self::SharingViolation { .. } => {
                "End the program that holds it (often GnuPG: gpgconf --kill scdaemon), then try again."
            }
            Self::Reader { .. } => "Unplug it, try another port, and repeat the step.",
            Self::NotLoopback { .. } => {
                "Give the address and port of a connector on this machine, such as 127.0.0.1:12345."
            }
            Self::NoAnswer { .. } => {
                "See that the device is plugged in and that yubihsm-connector runs, then try again."
            }
            Self::Lost { doing: Operation::SetUp | Operation::Reset, .. } => {
                "It may be half set up. Plug it in anew and start with a reset."
            }
            Self::Lost { doing: Operation::Generate, .. } => {
                "Plug it in anew and look whether the key was made before making another."
            }
            Self::Lost { .. } => "Plug it in anew and repeat the step.",
            Self::SessionsFull { .. } => {
                "End other programs that speak to it and wait half a minute: sessions that nobody uses end by themselves. Then repeat the step."
            }
            Self::LogFull { .. } => {
                "Read its log with the auditor's password; once the log is kept, the device may forget it and goes on."
            }
            Self::WrongPassword { .. } => {
                "Let the holder type it again, slowly. A wrong password uses nothing up."
            }
            Self::NoRole { .. } => {
                "Check that this is the right device; if it is, it was not set up, or not by this program."
            }
            Self::NotPermitted { .. } => {
                "Do not go on with this device as it is: reset it and set it up again, or use another."
            }
            Self::Used { objects: Some(_), .. } => {
                "Reset it first. That destroys every key on it: read its serial aloud before."
            }
            Self::Used { objects: None, .. } => {
                "Reset it by hand: pull it out, and touch its metal rim for ten seconds while plugging it in. That destroys every key on it: read its serial aloud before."
            }
            Self::StillOpen { role: Role::Administrator, .. } => "Repeat the step; if it stays so, reset the device and set it up again.",
            Self::StillOpen { .. } => "Reset the device and set it up again before it is used.",
            Self::KeyThere { .. } => {
                "Have it attested and adopt it, or reset the device and set it up again. There must not be two."
            }
            Self::NoThread { .. } => "Close other programs on this machine, then repeat the step.",
            Self::Cancelled => "Start the step again when everybody is ready.",
        }
        .to_owned()
    }

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
