//! pcsc-lite's result codes and protocol bits (`pcsclite.h`).

/// A result code.
pub type Code = u32;

/// Success.
pub const SUCCESS: Code = 0;
/// The wait was cancelled.
pub const CANCELLED: Code = 0x8010_0002;
/// No such context or handle.
pub const INVALID_HANDLE: Code = 0x8010_0003;
/// A parameter makes no sense.
pub const INVALID_PARAMETER: Code = 0x8010_0004;
/// The client's buffer is too short.
pub const INSUFFICIENT_BUFFER: Code = 0x8010_0008;
/// No such reader.
pub const UNKNOWN_READER: Code = 0x8010_0009;
/// Somebody else's transaction or exclusive hold is in the way.
pub const SHARING_VIOLATION: Code = 0x8010_000b;
/// polkit refuses the client.
pub const SECURITY_VIOLATION: Code = 0x8010_006a;
/// The protocols asked for are not offered.
pub const PROTOCOL_MISMATCH: Code = 0x8010_000f;
/// Internal communication failed.
pub const COMMUNICATION: Code = 0x8010_0013;
/// No transaction to end.
pub const NOT_TRANSACTED: Code = 0x8010_0016;
/// The service speaks another protocol.
pub const SERVICE_STOPPED: Code = 0x8010_001e;
/// The reader cannot do that (pcsc-lite has its own number for it, other than Windows).
pub const UNSUPPORTED_FEATURE: Code = 0x8010_001f;
/// Somebody reset the card.
pub const RESET_CARD: Code = 0x8010_0068;
/// The card was removed.
pub const REMOVED_CARD: Code = 0x8010_0069;

/// The T=1 protocol, the one a YubiKey offers.
pub const T1: u32 = 2;
