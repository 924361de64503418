//! What a PIV application remembers without power.

use super::key::Material;
use crate::tlv::tlv;
use crate::vendor::Batch;
use crate::yubikey::plate::{Firmware, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The slot of the attestation key.
pub const F9: u8 = 0xf9;
/// The object that holds the attestation key's certificate.
pub const F9_CERTIFICATE: u32 = 0x5f_ff01;

/// How PIN, PUK and their kind are kept: eight bytes, padded with FF.
pub type Code = [u8; 8];

/// A PIN or PUK and its try counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The value, padded with FF.
    pub code: Code,
    /// Never changed since the factory or a reset.
    pub factory: bool,
    /// Tries allowed.
    pub tries: u8,
    /// Tries left; blocked at 0.
    pub left: u8,
}

impl Reference {
    fn factory(code: &Code, tries: u8) -> Self {
        Self {
            code: *code,
            factory: true,
            tries,
            left: tries,
        }
    }

    /// The PIN 123456.
    #[must_use]
    pub fn factory_pin(tries: u8) -> Self {
        Self::factory(b"123456\xff\xff", tries)
    }

    /// The PUK 12345678.
    #[must_use]
    pub fn factory_puk(tries: u8) -> Self {
        Self::factory(b"12345678", tries)
    }
}

/// The kind of a management key, by its algorithm identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cipher {
    /// Three-key triple DES, 03.
    TripleDes,
    /// AES-128, 08.
    Aes128,
    /// AES-192, 0A.
    Aes192,
    /// AES-256, 0C.
    Aes256,
}

/// The management key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementKey {
    /// Its kind.
    pub cipher: Cipher,
    /// Its bytes.
    #[serde(with = "crate::hex_bytes")]
    pub bytes: Vec<u8>,
    /// Whether using it needs a touch.
    pub touch: bool,
    /// Never changed since the factory or a reset.
    pub factory: bool,
}

impl ManagementKey {
    /// The well-known key; AES-192 from firmware 5.7.0, triple DES before.
    #[must_use]
    pub fn factory(firmware: Firmware) -> Self {
        let cipher = if firmware >= Firmware::new(5, 7, 0) {
            Cipher::Aes192
        } else {
            Cipher::TripleDes
        };
        Self {
            cipher,
            bytes: [1, 2, 3, 4, 5, 6, 7, 8].repeat(3),
            touch: false,
            factory: true,
        }
    }
}

/// When a key asks for the PIN (Yubico's policy codes 1, 2, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum PinPolicy {
    /// Never.
    Never = 1,
    /// Once a session.
    Once = 2,
    /// For every use.
    Always = 3,
}

/// When a key asks for a touch (Yubico's policy codes 1, 2, 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum TouchPolicy {
    /// Never.
    Never = 1,
    /// For every use.
    Always = 2,
    /// When the last touch was longer than 15 seconds ago.
    Cached = 3,
}

/// A key in a slot.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotKey {
    /// The private key.
    pub material: Material,
    /// When it asks for the PIN.
    pub pin: PinPolicy,
    /// When it asks for a touch.
    pub touch: TouchPolicy,
    /// Made in the device, and not brought in from outside.
    pub generated: bool,
}

/// Everything a PIV application remembers.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PivState {
    /// The PIN.
    pub pin: Reference,
    /// The PUK.
    pub puk: Reference,
    /// The management key.
    pub management: ManagementKey,
    /// The keys, by slot.
    pub keys: BTreeMap<u8, SlotKey>,
    /// The data objects, by identifier.
    pub objects: BTreeMap<u32, HexBytes>,
    /// How many keys the device ever made; a reset does not change it.
    pub generated: u64,
}

/// Bytes that are written as hexadecimal text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HexBytes(#[serde(with = "crate::hex_bytes")] pub Vec<u8>);

impl HexBytes {
    /// A certificate as the content of a data object: 70 certificate, 71 not compressed, FE.
    fn certificate(der: &[u8]) -> Self {
        Self([tlv(0x70, der), tlv(0x71, &[0]), tlv(0xfe, &[])].concat())
    }
}

impl PivState {
    /// The state in which a device leaves the factory.
    #[must_use]
    pub fn factory(model: Model, batch: Batch) -> Self {
        let key = SlotKey {
            material: Material::Rsa(batch.key),
            pin: PinPolicy::Never,
            touch: TouchPolicy::Never,
            generated: true,
        };
        let certificate = HexBytes::certificate(&batch.certificate);
        Self {
            pin: Reference::factory_pin(3),
            puk: Reference::factory_puk(3),
            management: ManagementKey::factory(model.firmware),
            keys: BTreeMap::from([(F9, key)]),
            objects: BTreeMap::from([(F9_CERTIFICATE, certificate)]),
            generated: 0,
        }
    }

    /// Back to the factory, except for what a reset leaves: the attestation key, its certificate,
    /// and the count of keys made.
    pub fn reset(&mut self, firmware: Firmware) {
        self.pin = Reference::factory_pin(3);
        self.puk = Reference::factory_puk(3);
        self.management = ManagementKey::factory(firmware);
        self.keys.retain(|slot, _| *slot == F9);
        self.objects.retain(|id, _| *id == F9_CERTIFICATE);
    }
}
