//! A holder's key in its device, and the signatures that it makes.

use keymoot_attestation::Family;
use keymoot_core::digest::Digest;
use keymoot_tuf::KeyId;

/// Holder, device, key, attestation and proof of possession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The device's serial number.
    pub serial: u32,
    /// The device's family.
    pub family: Family,
    /// Its firmware.
    pub firmware: String,
    /// The key's SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// The attestation certificate's digest.
    pub attestation: Digest,
    /// The device certificate's digest.
    pub device: Digest,
    /// The signed statement's digest; `None` until possession is proven.
    pub statement: Option<Digest>,
    /// The sealed file of the device, unless the secrets were displayed once.
    pub escrow: Option<Digest>,
}

/// A signature and the id of its key in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's id.
    pub keyid: KeyId,
    /// The signature's bytes.
    pub bytes: Vec<u8>,
}

impl Enrolment {
    /// The identity of the key: the SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn key(&self) -> Digest {
        Digest::of(&self.spki)
    }
}
