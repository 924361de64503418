//! The facts that a vendor's key attests, once [`verify`](super::verify) has followed
//! the chain to it.

use super::advisory::{Advisory, affecting};
use super::capabilities::{Capabilities, Domains, Origin};
use super::device_facts::{Firmware, FormFactor, PinPolicy, Slot, TouchPolicy};
use super::family::Family;
use super::key_algorithm::KeyAlgorithm;
use keymoot_core::digest::Digest;
use keymoot_core::{Rule, Violation};

/// Facts about a key that a vendor's key attests: first of all, that it was
/// generated in the device. Only [`verify`](super::verify) makes one.
#[derive(Debug, Clone)]
pub struct VerifiedAttestation {
    pub(super) spki: Vec<u8>,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) serial: Option<u32>,
    pub(super) firmware: Firmware,
    pub(super) fips: bool,
    pub(super) specifics: Specifics,
    pub(super) chain: Vec<Link>,
}

/// The facts that only devices of one family state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Specifics {
    /// Of a YubiKey.
    YubiKey(YubiKeyFacts),
    /// Of a YubiHSM 2.
    YubiHsm(YubiHsmFacts),
}

/// What a YubiKey states about a key and itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YubiKeyFacts {
    /// The slot the key is in.
    pub slot: Slot,
    /// When the device asks for the PIN.
    pub pin_policy: PinPolicy,
    /// When the device waits for a touch.
    pub touch_policy: TouchPolicy,
    /// The device's shape; absent before the YubiKey 5.
    pub form_factor: Option<FormFactor>,
    /// Whether the F9 certificate marks a CSPN model.
    pub cspn: bool,
}

/// What a YubiHSM 2 states about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YubiHsmFacts {
    /// The key's id on the device, 1 to 65535.
    pub object: u16,
    /// The label its maker gave it; foreign text, to be escaped before it is shown.
    pub label: String,
    /// The domains it is in; at least one.
    pub domains: Domains,
    /// Its capabilities.
    pub capabilities: Capabilities,
    /// Its origin: generated, or the evidence is refused.
    pub origin: Origin,
}

/// One certificate of a verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The subject's name, escaped for showing.
    pub subject: String,
    /// The digest of its DER.
    pub sha256: Digest,
    /// Its role in the chain: `slot-attestation` or `key-attestation`, `device`, or the
    /// vendor's role.
    pub role: String,
}

impl VerifiedAttestation {
    /// The attested public key, as the DER of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The attested key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The family of the device with the key.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.specifics {
            Specifics::YubiKey(_) => Family::YubiKey,
            Specifics::YubiHsm(_) => Family::YubiHsm,
        }
    }

    /// The device's serial number, the one thing that identifies it (the F9 key
    /// of a YubiKey is shared by a batch). Absent on some firmware 4.3.
    #[must_use]
    pub fn serial(&self) -> Option<u32> {
        self.serial
    }

    /// The device's firmware when the key was attested. The device certificate
    /// may state another, which does not count.
    #[must_use]
    pub fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// Whether the device is a FIPS model, by its certificate or its form factor.
    #[must_use]
    pub fn fips(&self) -> bool {
        self.fips
    }

    /// The facts that only the device's family states.
    #[must_use]
    pub fn specifics(&self) -> &Specifics {
        &self.specifics
    }

    /// Whether the key can leave the device, encrypted under a wrap key. Keys of
    /// a YubiKey cannot.
    #[must_use]
    pub fn exportable(&self) -> bool {
        match &self.specifics {
            Specifics::YubiKey(_) => false,
            Specifics::YubiHsm(facts) => facts
                .capabilities
                .contains(Capabilities::EXPORTABLE_UNDER_WRAP),
        }
    }

    /// The certificates from the key's up to the vendor's root.
    #[must_use]
    pub fn chain(&self) -> &[Link] {
        &self.chain
    }

    /// The vendor's advisories for such a key in such a device.
    #[must_use]
    pub fn advisories(&self) -> Vec<Advisory> {
        let form = match &self.specifics {
            Specifics::YubiKey(facts) => facts.form_factor,
            Specifics::YubiHsm(_) => None,
        };
        affecting(self.family(), self.firmware, form, self.algorithm)
    }

    /// Whether the attested key is this one, byte for byte. Without this check, all other facts are
    /// about another key.
    ///
    /// # Errors
    /// DEVICE-KEY.
    pub fn attests(&self, spki: &[u8]) -> Result<(), Violation> {
        if self.spki == spki {
            return Ok(());
        }
        Err(Violation::new(
            Rule::DeviceKey,
            format!(
                "the attested key is not the given one: the SHA-256 of the attested key is {}, of the given key {}",
                Digest::of(&self.spki),
                Digest::of(spki)
            ),
            match self.family() {
                Family::YubiKey => {
                    "attest the slot that holds the key in question, on the device that holds it"
                }
                Family::YubiHsm => "attest the key in question, on the device that holds it",
            },
        ))
    }

    /// Whether the key stays in the device that generated it. Where it may be
    /// exported under a wrap key, the attestation does not show how many
    /// copies there are.
    ///
    /// # Errors
    /// DEVICE-EXPORTABLE.
    pub fn stays_inside(&self) -> Result<(), Violation> {
        if !self.exportable() {
            return Ok(());
        }
        Err(Violation::new(
            Rule::DeviceExportable,
            "the key may be exported under a wrap key: nothing proves that this device holds its only copy",
            "generate a key without the capability exportable-under-wrap",
        ))
    }
}
