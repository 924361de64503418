//! The ids of the rules on evidence.

use keymoot_core::Violation;

/// The evidence is not a well-formed pair of attestation certificates.
pub const EVIDENCE: &str = "DEVICE-EVIDENCE";
/// The evidence does not lead to a pinned vendor key through the right roles.
pub const CHAIN: &str = "DEVICE-CHAIN";
/// The attested key is not the key in question.
pub const KEY: &str = "DEVICE-KEY";
/// The evidence states facts that no genuine device has together.
pub const CONSISTENT: &str = "DEVICE-CONSISTENT";
/// The key was not made in the device alone.
pub const ORIGIN: &str = "DEVICE-ORIGIN";
/// The key may leave the device.
pub const EXPORTABLE: &str = "DEVICE-EXPORTABLE";
/// The device's audit log does not account for what was done with it.
pub const AUDIT: &str = "DEVICE-AUDIT";
/// A certificate is not valid at the moment the evidence is judged for.
pub const VALIDITY: &str = "DEVICE-VALIDITY";
/// The vendor trust material itself is unsound.
pub const TRUST: &str = "DEVICE-TRUST";

/// Evidence that cannot have come out of a device as it is: read it again.
pub(crate) fn evidence(what: impl Into<String>) -> Violation {
    Violation::new(
        EVIDENCE,
        what,
        "export the attestation of the key and the device certificate from the device again; \
         if they are the same, the device is not one this program can judge",
    )
}
