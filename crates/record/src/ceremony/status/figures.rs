//! The figures of a status: documents, quorum, holders and their devices.

use serde::Serialize;

use keymoot_attestation::Family;
use keymoot_core::digest::Digest;

/// A document and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentStatus {
    /// Its file name, not safe to show.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// When it expires.
    pub expires: String,
    /// Whole days until then; below zero once it is over.
    pub days_left: i64,
    /// The first day for signing the next version, where its period is known.
    pub signing_begins: Option<String>,
    /// Whether that day has come.
    pub signing_begun: bool,
    /// Whether it has expired.
    pub expired: bool,
    /// Whether holders sign it, and not a service or a team.
    pub by_holders: bool,
    /// Why clients refuse it apart from its expiry, where a working tree shows a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A document of a working tree that has no version and no end that clients could read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadDocument {
    /// Its file name, not safe to show.
    pub name: String,
    /// Why clients refuse it.
    pub refused: String,
}

/// The numbers of a quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QuorumStatus {
    /// The root's version.
    pub root_version: u64,
    /// Keys of the root that must sign.
    pub threshold: usize,
    /// Distinct keys of the root.
    pub keys: usize,
    /// Those that can still sign.
    pub can_sign: usize,
    /// How many more may be lost; below zero where the quorum is lost.
    pub survives_losses: i64,
    /// Whether any enrolment is published. Where none is, a key counts unless it is
    /// revoked.
    pub enrolments_published: bool,
}

/// A key of the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HolderStatus {
    /// Its holder, or else the beginning of its id; not safe to show.
    pub holder: String,
    /// The SHA-256 of its SubjectPublicKeyInfo.
    pub key: Digest,
    /// Whether it can still sign.
    pub can_sign: bool,
    /// Whether the key was revoked, and is still in the root.
    pub revoked: bool,
    /// The last version of the root that it signed.
    pub last_signed: Option<u64>,
    /// How many signings in a row it has missed, up to the last one.
    #[serde(skip_serializing_if = "is_zero")]
    pub absences: u64,
    /// Whether the last ceremony left the PIN of its device blocked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pin_blocked: bool,
    /// Its device, where its enrolment is published.
    pub device: Option<DeviceStatus>,
    /// The same person's devices with proven keys that are in no root.
    pub spares: Vec<DeviceStatus>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    /// Its serial number.
    pub serial: u32,
    /// Its family, by its statement; a YubiKey where it names none.
    #[serde(skip_serializing_if = "Family::is_yubikey")]
    pub family: Family,
    /// Its firmware: attested where `proven`, otherwise as its statement says.
    pub firmware: String,
    /// Whether the vendor's certificates lead to its key.
    pub proven: bool,
    /// Whether its firmware is older than the policy allows.
    pub below_policy: bool,
    /// The vendor's advisories for such a key in such a device.
    pub advisories: Vec<AdvisoryStatus>,
}

/// An advisory of the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AdvisoryStatus {
    /// Its id.
    pub id: &'static str,
    /// Its meaning.
    pub effect: &'static str,
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
