//! How a device refuses, in words: its status words and error codes, and what to do.

use std::fmt;

use super::{Refusal, words::REPLUG};
use keymoot_core::text::escape;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(f, "{} (status word {status:04X})", status_word(*status))
            }
            Self::Code(code) => write!(f, "{} (error code {code:02x})", error_code(*code)),
            Self::Library(said) => write!(f, "the library says \"{}\"", escape(said)),
            Self::NotDone(what) => f.write_str(what),
        }
    }
}

impl Refusal {
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Status(0x6a84) => {
                "Its memory for certificates and objects is full: reset the device, or use another."
            }
            Self::Status(0x6581 | 0x6f00..=0x6fff) => {
                "Unplug it and plug it in again. If it fails again, it is broken: use another device and note an exception."
            }
            Self::Status(0x6d00 | 0x6e00 | 0x6a81) => {
                "Its firmware lacks the command: use another device and note an exception."
            }
            Self::Code(0x07) => "Its storage is full or broken: reset the device, or use another.",
            Self::Code(0x10) => "Unplug it: it is a demonstration device. Use another.",
            _ => REPLUG,
        }
    }
}

/// What a status word of a YubiKey says (ISO/IEC 7816-4; NIST SP 800-73-4 part 2, table 1).
fn status_word(status: u16) -> &'static str {
    match status {
        0x6581 => "its memory failed",
        0x6700 => "the length of the command is wrong",
        0x6881 | 0x6882 => "it does not support this form of commands",
        0x6982 => "PIN, touch or management key is missing",
        0x6983 => "the PIN or PUK is blocked",
        0x6985 => "it refuses that in its present state",
        0x6a80 => "it does not accept the data",
        0x6a81 => "it does not have this function",
        0x6a82 => "it has no such application or object",
        0x6a84 => "its memory is full",
        0x6a86 | 0x6b00 => "it does not know these parameters",
        0x6a88 => "the slot is empty",
        0x6d00 => "it does not know this command",
        0x6e00 => "it does not know this class of commands",
        0x6f00..=0x6fff => "it had an internal error",
        0x63c0..=0x63cf => "the PIN or PUK is wrong",
        _ => "keymoot does not know this status word",
    }
}

/// What an error code of a YubiHSM 2 says (Yubico, "Error codes",
/// <https://developers.yubico.com/YubiHSM2/Concepts/Errors.html>).
fn error_code(code: u8) -> &'static str {
    match code {
        0x01 => "it does not know this command",
        0x02 => "it does not accept the data",
        0x03 => "the session has ended",
        0x04 => "authentication failed",
        0x05 => "all sessions are in use",
        0x06 => "the session failed",
        0x07 => "its storage failed or is full",
        0x08 => "the length of the command is wrong",
        0x09 => "the session has no right to it",
        0x0a => "its audit log is full",
        0x0b => "it has no such object",
        0x0c => "the object id is not allowed",
        0x0e => "the SSH certificate is refused",
        0x0f => "the one-time password is refused",
        0x10 => "it is a demonstration device; its time is up",
        0x11 => "the object exists already",
        0x12 => "the algorithm is disabled",
        _ => "keymoot does not know this error code",
    }
}
