//! The bytes that commands and failures have on the wire.
//!
//! Source: Yubico's YubiHSM 2 command reference and the constants of Yubico's Python SDK.

/// Command codes.
pub mod command {
    #![allow(missing_docs)]
    pub const ECHO: u8 = 0x01;
    pub const CREATE_SESSION: u8 = 0x03;
    pub const AUTHENTICATE_SESSION: u8 = 0x04;
    pub const SESSION_MESSAGE: u8 = 0x05;
    pub const DEVICE_INFO: u8 = 0x06;
    pub const RESET_DEVICE: u8 = 0x08;
    pub const GET_DEVICE_PUBLIC_KEY: u8 = 0x0a;
    pub const CLOSE_SESSION: u8 = 0x40;
    pub const GET_STORAGE_INFO: u8 = 0x41;
    pub const PUT_OPAQUE: u8 = 0x42;
    pub const GET_OPAQUE: u8 = 0x43;
    pub const PUT_AUTHENTICATION_KEY: u8 = 0x44;
    pub const PUT_ASYMMETRIC_KEY: u8 = 0x45;
    pub const GENERATE_ASYMMETRIC_KEY: u8 = 0x46;
    pub const SIGN_PKCS1: u8 = 0x47;
    pub const LIST_OBJECTS: u8 = 0x48;
    pub const DECRYPT_PKCS1: u8 = 0x49;
    pub const EXPORT_WRAPPED: u8 = 0x4a;
    pub const IMPORT_WRAPPED: u8 = 0x4b;
    pub const PUT_WRAP_KEY: u8 = 0x4c;
    pub const GET_LOG_ENTRIES: u8 = 0x4d;
    pub const GET_OBJECT_INFO: u8 = 0x4e;
    pub const SET_OPTION: u8 = 0x4f;
    pub const GET_OPTION: u8 = 0x50;
    pub const GET_PSEUDO_RANDOM: u8 = 0x51;
    pub const PUT_HMAC_KEY: u8 = 0x52;
    pub const SIGN_HMAC: u8 = 0x53;
    pub const GET_PUBLIC_KEY: u8 = 0x54;
    pub const SIGN_PSS: u8 = 0x55;
    pub const SIGN_ECDSA: u8 = 0x56;
    pub const DERIVE_ECDH: u8 = 0x57;
    pub const DELETE_OBJECT: u8 = 0x58;
    pub const DECRYPT_OAEP: u8 = 0x59;
    pub const GENERATE_HMAC_KEY: u8 = 0x5a;
    pub const GENERATE_WRAP_KEY: u8 = 0x5b;
    pub const VERIFY_HMAC: u8 = 0x5c;
    pub const SIGN_SSH_CERTIFICATE: u8 = 0x5d;
    pub const PUT_TEMPLATE: u8 = 0x5e;
    pub const GET_TEMPLATE: u8 = 0x5f;
    pub const DECRYPT_OTP: u8 = 0x60;
    pub const CREATE_OTP_AEAD: u8 = 0x61;
    pub const RANDOMIZE_OTP_AEAD: u8 = 0x62;
    pub const REWRAP_OTP_AEAD: u8 = 0x63;
    pub const SIGN_ATTESTATION_CERTIFICATE: u8 = 0x64;
    pub const PUT_OTP_AEAD_KEY: u8 = 0x65;
    pub const GENERATE_OTP_AEAD_KEY: u8 = 0x66;
    pub const SET_LOG_INDEX: u8 = 0x67;
    pub const WRAP_DATA: u8 = 0x68;
    pub const UNWRAP_DATA: u8 = 0x69;
    pub const SIGN_EDDSA: u8 = 0x6a;
    pub const BLINK_DEVICE: u8 = 0x6b;
    pub const CHANGE_AUTHENTICATION_KEY: u8 = 0x6c;
    pub const PUT_SYMMETRIC_KEY: u8 = 0x6d;
    pub const GENERATE_SYMMETRIC_KEY: u8 = 0x6e;
    pub const DECRYPT_ECB: u8 = 0x6f;
    pub const ENCRYPT_ECB: u8 = 0x70;
    pub const DECRYPT_CBC: u8 = 0x71;
    pub const ENCRYPT_CBC: u8 = 0x72;
    pub const PUT_PUBLIC_WRAP_KEY: u8 = 0x73;
    pub const WRAP_KEY_RSA: u8 = 0x74;
    pub const UNWRAP_KEY_RSA: u8 = 0x75;
    pub const EXPORT_WRAPPED_RSA: u8 = 0x76;
    pub const IMPORT_WRAPPED_RSA: u8 = 0x77;
    pub const ERROR: u8 = 0x7f;
}

/// Why a device does not carry out a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Failure {
    /// It does not know the command.
    InvalidCommand = 0x01,
    /// The data make no sense.
    InvalidData = 0x02,
    /// There is no such session.
    InvalidSession = 0x03,
    /// The cryptogram or the message's code is wrong.
    AuthenticationFailed = 0x04,
    /// All sessions are taken.
    SessionsFull = 0x05,
    /// A message cannot be decrypted.
    SessionFailed = 0x06,
    /// No room is left.
    StorageFailed = 0x07,
    /// The data are too long or too short.
    WrongLength = 0x08,
    /// A capability is missing.
    InsufficientPermissions = 0x09,
    /// Auditing is forced and the log has no room.
    LogFull = 0x0a,
    /// There is no such object, or it is in none of the caller's domains.
    ObjectNotFound = 0x0b,
    /// The object identifier may not be used.
    InvalidId = 0x0c,
    /// A one-time password is not valid.
    InvalidOtp = 0x0f,
    /// There is such an object already.
    ObjectExists = 0x11,
    /// The algorithm was switched off.
    AlgorithmDisabled = 0x12,
}

/// The outcome of a command.
pub type Reply = Result<Vec<u8>, Failure>;

/// Capabilities as bits: `1 << n`, with n from Yubico's table.
pub mod capability {
    #![allow(missing_docs)]
    pub const SIGN_PKCS: u64 = 1 << 5;
    pub const SIGN_PSS: u64 = 1 << 6;
    pub const SIGN_ECDSA: u64 = 1 << 7;
    pub const SIGN_EDDSA: u64 = 1 << 8;
    pub const DECRYPT_PKCS: u64 = 1 << 9;
    pub const DECRYPT_OAEP: u64 = 1 << 10;
    pub const DERIVE_ECDH: u64 = 1 << 11;
    pub const EXPORT_WRAPPED: u64 = 1 << 12;
    pub const IMPORT_WRAPPED: u64 = 1 << 13;
    pub const EXPORTABLE_UNDER_WRAP: u64 = 1 << 16;
    pub const SIGN_HMAC: u64 = 1 << 22;
    pub const VERIFY_HMAC: u64 = 1 << 23;
    pub const DECRYPT_OTP: u64 = 1 << 29;
    pub const CREATE_OTP_AEAD: u64 = 1 << 30;
    pub const RANDOMIZE_OTP_AEAD: u64 = 1 << 31;
    pub const REWRAP_FROM_OTP_AEAD_KEY: u64 = 1 << 32;
    pub const REWRAP_TO_OTP_AEAD_KEY: u64 = 1 << 33;
    pub const SIGN_ATTESTATION_CERTIFICATE: u64 = 1 << 34;
    pub const WRAP_DATA: u64 = 1 << 37;
    pub const UNWRAP_DATA: u64 = 1 << 38;
    pub const CHANGE_AUTHENTICATION_KEY: u64 = 1 << 46;
    pub const DECRYPT_ECB: u64 = 1 << 50;
    pub const ENCRYPT_ECB: u64 = 1 << 51;
    pub const DECRYPT_CBC: u64 = 1 << 52;
    pub const ENCRYPT_CBC: u64 = 1 << 53;
}

/// The capabilities without which an authentication key may not give this command; zero when
/// anybody may, `None` when there is no such command. Deleting needs one that depends on the
/// object.
#[must_use]
pub fn needed_capability(code: u8) -> Option<u64> {
    use command::*;
    let bit = match code {
        ECHO
        | DEVICE_INFO
        | GET_DEVICE_PUBLIC_KEY
        | CLOSE_SESSION
        | GET_STORAGE_INFO
        | LIST_OBJECTS
        | GET_OBJECT_INFO
        | GET_PUBLIC_KEY
        | DELETE_OBJECT
        | BLINK_DEVICE => {
            return Some(0);
        }
        // Rewrapping takes one capability of each of the two keys.
        REWRAP_OTP_AEAD => {
            return Some(capability::REWRAP_FROM_OTP_AEAD_KEY | capability::REWRAP_TO_OTP_AEAD_KEY);
        }
        GET_OPAQUE => 0,
        PUT_OPAQUE => 1,
        PUT_AUTHENTICATION_KEY => 2,
        PUT_ASYMMETRIC_KEY => 3,
        GENERATE_ASYMMETRIC_KEY => 4,
        SIGN_PKCS1 => 5,
        SIGN_PSS => 6,
        SIGN_ECDSA => 7,
        SIGN_EDDSA => 8,
        DECRYPT_PKCS1 => 9,
        DECRYPT_OAEP => 10,
        DERIVE_ECDH => 11,
        EXPORT_WRAPPED | WRAP_KEY_RSA | EXPORT_WRAPPED_RSA => 12,
        IMPORT_WRAPPED | UNWRAP_KEY_RSA | IMPORT_WRAPPED_RSA => 13,
        PUT_WRAP_KEY => 14,
        GENERATE_WRAP_KEY => 15,
        SET_OPTION => 17,
        GET_OPTION => 18,
        GET_PSEUDO_RANDOM => 19,
        PUT_HMAC_KEY => 20,
        GENERATE_HMAC_KEY => 21,
        SIGN_HMAC => 22,
        VERIFY_HMAC => 23,
        GET_LOG_ENTRIES | SET_LOG_INDEX => 24,
        SIGN_SSH_CERTIFICATE => 25,
        GET_TEMPLATE => 26,
        PUT_TEMPLATE => 27,
        RESET_DEVICE => 28,
        DECRYPT_OTP => 29,
        CREATE_OTP_AEAD => 30,
        RANDOMIZE_OTP_AEAD => 31,
        SIGN_ATTESTATION_CERTIFICATE => 34,
        PUT_OTP_AEAD_KEY => 35,
        GENERATE_OTP_AEAD_KEY => 36,
        WRAP_DATA => 37,
        UNWRAP_DATA => 38,
        CHANGE_AUTHENTICATION_KEY => 46,
        PUT_SYMMETRIC_KEY => 47,
        GENERATE_SYMMETRIC_KEY => 48,
        DECRYPT_ECB => 50,
        ENCRYPT_ECB => 51,
        DECRYPT_CBC => 52,
        ENCRYPT_CBC => 53,
        PUT_PUBLIC_WRAP_KEY => 54,
        _ => return None,
    };
    Some(1 << bit)
}
