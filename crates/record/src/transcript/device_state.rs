//! A device's own report before the ceremony changes it.

use serde::{Deserialize, Serialize};

use keymoot_core::digest::Digest;

/// The contents of a device when it is inserted, as it reports them. Nothing of it is proven.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// The device certificate: of a YubiKey that in slot F9, of a YubiHSM 2 opaque object 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
    /// The tries of PIN and PUK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<PinTries>,
    /// The applications that are switched on over USB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<String>,
    /// The settings that differ from the usual, such as PIN complexity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<DeviceSetting>,
    /// The keys that a reset destroys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// The other objects that a reset destroys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// The PIN, PUK or management key that is not the factory's any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Whether the policy lets a holder bring a key, and slot 9c has one that could be it: P-256,
    /// generated there, and PIN, PUK and management key are no longer the factory's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adoptable: bool,
}

impl DeviceState {
    /// Whether the device has its own demands on a new PIN, or other unusual settings.
    #[must_use]
    pub fn has(&self, setting: DeviceSetting) -> bool {
        self.settings.contains(&setting)
    }

    /// The keys and objects that a reset destroys, each in a few words.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        [&self.keys[..], &self.objects, &self.changed].concat()
    }
}

/// A setting of a YubiKey that stays through a reset of its PIV application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceSetting {
    /// It refuses common PINs and PUKs (firmware 5.7 and later).
    PinComplexity,
    /// The device is of the FIPS series.
    Fips,
    /// A new PIN or PUK must have 8 characters: FIPS 140-3.
    LongPins,
}

/// The tries that PIN and PUK have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinTries {
    /// The PIN's.
    pub pin: Tries,
    /// The PUK's.
    pub puk: Tries,
}

/// How often a PIN or PUK may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// In a row, before it blocks.
    pub total: u8,
    /// From now on, before it blocks; 0 is blocked.
    pub left: u8,
}
