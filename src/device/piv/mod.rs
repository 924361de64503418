//! The operations of a YubiKey's PIV application in a ceremony.
//!
//! Every operation names the device by serial number, opens it, does its work
//! and closes it again. Closing resets the card after a PIN, a PUK or the
//! management key was sent, so that nothing stays verified between two operations.

mod alone;
mod certificate;
mod contents;
mod management_key;
mod session;
mod set_up;
mod signing;

pub use contents::{Contents, CredentialState, KeyAlgorithm, KeyInSlot, Origin, contents};
pub use set_up::{MANAGEMENT_KEY_LENGTH, no_defaults, provision, reset, unblock_pin, verify_pin};
pub use signing::{attest, generate, sign, slot_key};
