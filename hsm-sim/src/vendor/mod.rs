//! The simulated vendor: certificate authorities of the two shapes the real one has, and the batch
//! certificate ("F9") it puts into devices.
//!
//! Firmware before 5.7.4: F9 is signed by a PIV root. From 5.7.4: F9, a PIV issuer, an intermediate, a root.
//! As in reality one F9 key and certificate is shared by a whole batch; here, by all devices of one firmware.

mod authority;
pub mod der;

use crate::seed::Seed;
use crate::yubikey::plate::{Firmware, Model};
pub use authority::{Statement, device_certificate, rsa_spki, sha256_with_rsa};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// A certificate authority of the simulated vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Root of the old shape; signs F9 certificates itself.
    PivRoot,
    /// Root of the new shape.
    AttestationRoot,
    /// Between the new root and its issuers.
    AttestationIntermediate,
    /// Signs F9 certificates in the new shape.
    PivIssuer,
}

/// A PEM certificate of the vendor and the part it plays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Published {
    /// The part.
    pub role: Role,
    /// The certificate.
    pub pem: String,
}

/// An RSA key that can be kept in the state file.
#[derive(Clone, PartialEq)]
pub struct RsaKey(pub RsaPrivateKey);

impl Serialize for RsaKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let der = self.0.to_pkcs1_der().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&hex::encode(der.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for RsaKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let der =
            hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
        RsaPrivateKey::from_pkcs1_der(&der)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// The vendor's private keys: made once, then kept in the state file, because making them is slow.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Vendor {
    authorities: BTreeMap<Role, RsaKey>,
    batches: BTreeMap<Model, RsaKey>,
}

/// The attestation key and certificate of one batch.
pub struct Batch {
    /// F9's private key.
    pub key: RsaKey,
    /// F9's certificate, DER.
    pub certificate: Vec<u8>,
}

impl Vendor {
    /// Makes the keys still missing for devices of these `models`; each is a function of the seed and its use.
    ///
    /// # Errors
    /// When RSA key generation fails.
    pub fn provide(&mut self, seed: &Seed, models: &[Model]) -> Result<(), rsa::Error> {
        let generate = |label: String| {
            RsaPrivateKey::new(&mut seed.rng(&[b"vendor", label.as_bytes()]), 2048).map(RsaKey)
        };
        // Independent keys are searched for side by side: this is nearly all of the start-up time.
        std::thread::scope(|scope| {
            let mut authorities = Vec::new();
            let mut batches = Vec::new();
            let wanted: std::collections::BTreeSet<Role> = models
                .iter()
                .flat_map(|m| chain(m.firmware))
                .copied()
                .collect();
            for role in wanted {
                if !self.authorities.contains_key(&role) {
                    authorities.push((role, scope.spawn(move || generate(format!("{role:?}")))));
                }
            }
            for model in models.iter().collect::<std::collections::BTreeSet<_>>() {
                if !self.batches.contains_key(model) {
                    batches.push((*model, scope.spawn(move || generate(format!("F9 {model}")))));
                }
            }
            for (role, thread) in authorities {
                self.authorities
                    .insert(role, thread.join().unwrap_or(Err(rsa::Error::Internal))?);
            }
            for (model, thread) in batches {
                self.batches
                    .insert(model, thread.join().unwrap_or(Err(rsa::Error::Internal))?);
            }
            Ok(())
        })
    }

    /// The attestation key and certificate for devices of this model; `None` when it was not provided for.
    #[must_use]
    pub fn batch(&self, seed: &Seed, model: Model) -> Option<Batch> {
        let key = self.batches.get(&model)?.clone();
        let issuer = *chain(model.firmware).first()?;
        let certificate = authority::batch_certificate(
            model,
            &seed.bytes(&[b"vendor", b"F9 serial", model.to_string().as_bytes()]),
            &key.0,
            issuer,
            &self.authorities.get(&issuer)?.0,
        )?;
        Some(Batch { key, certificate })
    }

    /// The certificates a verifier has to trust to accept this vendor, roots first.
    #[must_use]
    pub fn published(&self) -> Vec<Published> {
        self.authorities
            .iter()
            .filter_map(|(role, key)| {
                let parent = parent(*role);
                let signer = self.authorities.get(&parent)?;
                let der = authority::authority_certificate(*role, &key.0, parent, &signer.0)?;
                Some(Published {
                    role: *role,
                    pem: authority::pem(&der),
                })
            })
            .collect()
    }
}

/// Who signs F9 of this firmware, and who signs that, up to the root.
fn chain(firmware: Firmware) -> &'static [Role] {
    if firmware >= Firmware::new(5, 7, 4) {
        &[
            Role::PivIssuer,
            Role::AttestationIntermediate,
            Role::AttestationRoot,
        ]
    } else {
        &[Role::PivRoot]
    }
}

fn parent(role: Role) -> Role {
    match role {
        Role::PivIssuer => Role::AttestationIntermediate,
        Role::AttestationIntermediate | Role::AttestationRoot => Role::AttestationRoot,
        Role::PivRoot => Role::PivRoot,
    }
}
