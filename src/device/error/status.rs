//! The status words and error codes that a device refuses with, in words.

/// What a status word of a YubiKey says (ISO/IEC 7816-4; NIST SP 800-73-4 part 2, table 1).
pub(super) fn status_word(status: u16) -> &'static str {
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
pub(super) fn error_code(code: u8) -> &'static str {
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
