//! The private keys in the simulated YubiKeys of a rehearsal, for bundles that all holders forge
//! together.

use std::{collections::BTreeMap, path::Path};

use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use serde_json::Value;

/// Every P-256 key of some simulated YubiKeys, by its SubjectPublicKeyInfo (DER).
pub struct Holders(BTreeMap<Vec<u8>, SigningKey>);

impl Holders {
    /// Those whose devices are kept in this file.
    pub fn of(devices: &Path) -> Self {
        let text = std::fs::read_to_string(devices).unwrap();
        let shown: Value = serde_json::from_str(&text).unwrap();
        let format = shown["format"].as_str().unwrap();
        let count = |sealed: &Value| sealed["devices"].as_array().map_or(0, Vec::len);
        let read = hsm_sim::statefile::read::<Value, Value>(devices, format, count);
        let (_, sealed) = read.unwrap().unwrap();
        let mut keys = BTreeMap::new();
        collect(&sealed["devices"], &mut keys);
        Self(keys)
    }

    /// A low-S signature by the key with this SubjectPublicKeyInfo.
    pub fn sign(&self, spki: &[u8], message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0[spki].sign(message);
        signature.normalize_s().to_der().as_bytes().to_vec()
    }
}

/// Finds every `{"P256": "<scalar>"}`.
fn collect(value: &Value, keys: &mut BTreeMap<Vec<u8>, SigningKey>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(scalar) if name == "P256" => {
                        let key = SigningKey::from_slice(&hex::decode(scalar).unwrap()).unwrap();
                        let spki = key.verifying_key().to_public_key_der().unwrap();
                        keys.insert(spki.as_bytes().to_vec(), key);
                    }
                    _ => collect(value, keys),
                }
            }
        }
        _ => {}
    }
}
