//! The simulated vendor: certificate authorities of the shapes the real one has, and the
//! certificates it puts into devices.
//!
//! YubiHSMs have a root and an issuer of their own, and each device its own key. YubiKeys: firmware
//! before 5.7.4: F9 is signed by a PIV root. From 5.7.4: F9, a PIV issuer, an intermediate, a root.
//! As in reality one F9 key and certificate is shared by a whole batch; here, by all devices of one
//! firmware.

mod certificate;
pub mod der;
mod primes;
mod role;
pub mod yubihsm;
mod yubikey;

use crate::seed::Seed;
use crate::yubihsm::plate::Plate;
use crate::yubikey::plate::Model;
pub use certificate::{Signer, rsa_spki, sha256_with_rsa};
pub use role::Role;
use role::{chain, parent};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::traits::PublicKeyParts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
pub use yubikey::{Statement, device_certificate};

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

/// The vendor's private keys: made once, then kept in the state file.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Vendor {
    authorities: BTreeMap<Role, RsaKey>,
    batches: BTreeMap<Model, RsaKey>,
}

/// The attestation key and certificate of one batch of YubiKeys, or of one YubiHSM.
#[derive(Clone)]
pub struct Batch {
    /// The private key, in F9 or out of reach.
    pub key: RsaKey,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
}

impl Vendor {
    /// Makes the keys still missing for YubiKeys of these `models`; each is a function of the seed
    /// and its use.
    ///
    /// # Errors
    /// When an RSA key cannot be made.
    pub fn provide(&mut self, seed: &Seed, models: &[Model]) -> Result<(), rsa::Error> {
        let roles: BTreeSet<Role> = models
            .iter()
            .flat_map(|m| chain(m.firmware))
            .copied()
            .filter(|role| !self.authorities.contains_key(role))
            .collect();
        let models: BTreeSet<Model> = models
            .iter()
            .copied()
            .filter(|model| !self.batches.contains_key(model))
            .collect();
        let labels = roles
            .iter()
            .map(|role| format!("{role:?}"))
            .chain(models.iter().map(|model| format!("F9 {model}")));
        let mut keys = keys(seed, labels, &self.keys())?.into_iter();
        self.authorities.extend(roles.into_iter().zip(&mut keys));
        self.batches.extend(models.into_iter().zip(keys));
        Ok(())
    }

    /// Makes the keys still missing for YubiHSMs, and the attestation keys and certificates of
    /// devices with these plates.
    ///
    /// # Errors
    /// When an RSA key cannot be made.
    pub fn provide_yubihsms(
        &mut self,
        seed: &Seed,
        plates: &[Plate],
    ) -> Result<Vec<Batch>, rsa::Error> {
        let roles: Vec<Role> = [Role::YubihsmRoot, Role::YubihsmIssuer]
            .into_iter()
            .filter(|role| !self.authorities.contains_key(role))
            .collect();
        let labels = roles.iter().map(|role| format!("{role:?}")).chain(
            plates
                .iter()
                .map(|plate| format!("YubiHSM {}", plate.serial)),
        );
        let mut keys = keys(seed, labels, &self.keys())?.into_iter();
        self.authorities.extend(roles.into_iter().zip(&mut keys));
        let issuer = self
            .authorities
            .get(&Role::YubihsmIssuer)
            .ok_or(rsa::Error::Internal)?;
        plates
            .iter()
            .zip(keys)
            .map(|(plate, key)| {
                let random = seed.bytes(&[b"vendor", b"YubiHSM", &plate.serial.to_be_bytes()]);
                let certificate = yubihsm::device_certificate(plate, &random, &key.0, &issuer.0)
                    .ok_or(rsa::Error::Internal)?;
                Ok(Batch { key, certificate })
            })
            .collect()
    }

    fn keys(&self) -> Vec<&RsaKey> {
        self.authorities
            .values()
            .chain(self.batches.values())
            .collect()
    }

    /// The attestation key and certificate for devices of this model; `None` when it was not
    /// provided for.
    #[must_use]
    pub fn batch(&self, seed: &Seed, model: Model) -> Option<Batch> {
        let key = self.batches.get(&model)?.clone();
        let issuer = *chain(model.firmware).first()?;
        let certificate = yubikey::batch_certificate(
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
                let der = match role {
                    Role::YubihsmRoot | Role::YubihsmIssuer => {
                        yubihsm::authority(*role, &key.0, &signer.0)?
                    }
                    Role::PivRoot
                    | Role::AttestationRoot
                    | Role::AttestationIntermediate
                    | Role::PivIssuer => yubikey::authority(*role, &key.0, parent, &signer.0)?,
                };
                Some(Published {
                    role: *role,
                    pem: certificate::pem(&der),
                })
            })
            .collect()
    }
}

/// Whether two keys have one public key. The same primes in the other order make the same modulus.
fn alike(one: &RsaKey, other: &RsaKey) -> bool {
    one.0.n() == other.0.n()
}

/// The RSA keys that belong to these labels, no two alike and none of those `taken`.
fn keys(
    seed: &Seed,
    labels: impl IntoIterator<Item = String>,
    taken: &[&RsaKey],
) -> Result<Vec<RsaKey>, rsa::Error> {
    let mut made: Vec<RsaKey> = Vec::new();
    for label in labels {
        let mut rng = seed.rng(&[b"vendor", label.as_bytes()]);
        let mut key = RsaKey(primes::key(&mut rng)?);
        while made.iter().any(|other| alike(other, &key))
            || taken.iter().any(|other| alike(other, &key))
        {
            key = RsaKey(primes::key(&mut rng)?);
        }
        made.push(key);
    }
    Ok(made)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rsa::BoxedUint;

    #[test]
    fn keys_of_the_same_primes_in_another_order_are_alike() {
        let prime = |line| {
            let text = include_str!("primes.txt").lines().nth(line).unwrap();
            BoxedUint::from_be_hex(text, 1024).unwrap()
        };
        let key = |one, other| {
            let key = RsaPrivateKey::from_p_q(prime(one), prime(other), BoxedUint::from(65537u64));
            RsaKey(key.unwrap())
        };
        assert!(alike(&key(0, 1), &key(1, 0)));
        assert!(!alike(&key(0, 1), &key(0, 2)));
    }
}
