//! One entry of a log.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The bytes of one entry.
pub const ENTRY_LENGTH: usize = 32;
/// The bytes of an entry that its digest covers, and those of the digest.
const HALF: usize = 16;
/// The value of an entry without a key or object.
pub const NO_KEY: u16 = 0xffff;

/// The command code of the entry that a factory reset leaves.
const INITIALISED: u8 = 0xff;
/// The command code of an entry that records a start of the device.
const STARTED: u8 = 0x00;
/// The command that reads the log.
pub const GET_LOG_ENTRIES: u8 = 0x4d;

/// One entry of a log, as the device wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogEntry(pub(super) [u8; ENTRY_LENGTH]);

impl LogEntry {
    /// Its number, counted from 1 after a reset.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.u16_at(0)
    }

    /// The command's code.
    #[must_use]
    pub fn command(&self) -> u8 {
        self.byte_at(2)
    }

    /// The authentication key of the session it came in; [`NO_KEY`] outside one.
    #[must_use]
    pub fn session_key(&self) -> u16 {
        self.u16_at(5)
    }

    /// The object it was about, or [`NO_KEY`].
    #[must_use]
    pub fn target(&self) -> u16 {
        self.u16_at(7)
    }

    /// The code of the answer: the command's with its highest bit set, or the
    /// code of the failure.
    #[must_use]
    pub fn result(&self) -> u8 {
        self.byte_at(11)
    }

    fn covered(&self) -> &[u8] {
        self.0.get(..HALF).unwrap_or_default()
    }

    fn digest(&self) -> &[u8] {
        self.0.get(HALF..).unwrap_or_default()
    }

    fn byte_at(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or_default()
    }

    fn u16_at(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.byte_at(at), self.byte_at(at + 1)])
    }

    /// Whether the digest is that of this entry after `before`.
    pub(super) fn follows(&self, before: &Self) -> bool {
        let digest = Sha256::new()
            .chain_update(self.covered())
            .chain_update(before.digest())
            .finalize();
        digest.get(..HALF) == Some(self.digest())
    }

    /// Whether it records a start of the device, which no command causes.
    pub(super) fn is_start(&self) -> bool {
        self.command() == STARTED
    }

    /// Whether it is the one that a factory reset leaves first.
    pub(super) fn is_beginning(&self) -> bool {
        self.number() == 1
            && self.command() == INITIALISED
            && self
                .covered()
                .get(3..)
                .is_some_and(|rest| rest.iter().all(|byte| *byte == 0xff))
    }
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.number(), Named(self.command()))?;
        if self.is_start() {
            return Ok(());
        }
        if self.target() != NO_KEY {
            write!(f, " of 0x{:04x}", self.target())?;
        }
        match self.result() {
            done if done == self.command() | 0x80 => f.write_str(", done"),
            failed => write!(f, ", refused with 0x{failed:02x}"),
        }?;
        match self.session_key() {
            NO_KEY => Ok(()),
            key => write!(f, ", by key 0x{key:04x}"),
        }
    }
}

impl fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogEntry({self})")
    }
}

/// A command by its name in the vendor's reference.
pub(super) struct Named(pub(super) u8);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            STARTED => "start of the device",
            0x03 => "CREATE SESSION",
            0x04 => "AUTHENTICATE SESSION",
            0x08 => "RESET DEVICE",
            0x40 => "CLOSE SESSION",
            0x42 => "PUT OPAQUE",
            0x43 => "GET OPAQUE",
            0x44 => "PUT AUTHENTICATION KEY",
            0x45 => "PUT ASYMMETRIC KEY",
            0x46 => "GENERATE ASYMMETRIC KEY",
            0x48 => "LIST OBJECTS",
            0x4a => "EXPORT WRAPPED",
            0x4b => "IMPORT WRAPPED",
            0x4c => "PUT WRAP KEY",
            GET_LOG_ENTRIES => "GET LOG ENTRIES",
            0x4e => "GET OBJECT INFO",
            0x4f => "SET OPTION",
            0x50 => "GET OPTION",
            0x54 => "GET PUBLIC KEY",
            0x56 => "SIGN ECDSA",
            0x58 => "DELETE OBJECT",
            0x5b => "GENERATE WRAP KEY",
            0x64 => "SIGN ATTESTATION CERTIFICATE",
            0x67 => "SET LOG INDEX",
            0x6c => "CHANGE AUTHENTICATION KEY",
            INITIALISED => "factory reset",
            code => return write!(f, "command 0x{code:02x}"),
        })
    }
}
