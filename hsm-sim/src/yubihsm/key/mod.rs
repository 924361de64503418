//! Private keys of asymmetric key objects: which algorithms there are, how keys are made, what they
//! sign.
//!
//! A key is kept as the bytes in which it comes over the wire: the scalar of an elliptic-curve key,
//! the seed of an Ed25519 key, the two primes of an RSA key.

pub mod aes;
pub mod curve;
pub mod padding;

use crate::vendor::der::{bits, integer, oid, sequence};
use crate::vendor::{rsa_spki, sha256_with_rsa};
use chacha20::ChaCha20Rng;
use chacha20::rand_core::Rng;
use curve::Curve;
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::RandomizedPrehashSigner;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};
use sha2::{Digest, Sha256};

/// What kind of key an algorithm number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// RSA with a modulus of this many bytes, and 65537.
    Rsa(usize),
    /// ECDSA and ECDH on this curve.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
}

impl Family {
    /// The family of an algorithm number; `None` when it is not that of an asymmetric key.
    #[must_use]
    pub const fn of(algorithm: u8) -> Option<Self> {
        Some(match algorithm {
            9 => Self::Rsa(256),
            10 => Self::Rsa(384),
            11 => Self::Rsa(512),
            12 => Self::Ec(Curve::P256),
            13 => Self::Ec(Curve::P384),
            14 => Self::Ec(Curve::P521),
            15 => Self::Ec(Curve::K256),
            16 => Self::Ec(Curve::Bp256),
            17 => Self::Ec(Curve::Bp384),
            18 => Self::Ec(Curve::Bp512),
            46 => Self::Ed25519,
            47 => Self::Ec(Curve::P224),
            _ => return None,
        })
    }

    /// How much of the store a key takes, in bytes: public parts are kept too.
    #[must_use]
    pub const fn stored(self) -> usize {
        match self {
            Self::Rsa(modulus) => modulus / 2 * 7,
            Self::Ec(curve) => curve.length() * 3,
            Self::Ed25519 => 128,
        }
    }
}

/// A private key, ready for use.
pub enum PrivateKey {
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// A scalar on a curve.
    Ec(Curve, Vec<u8>),
    /// Ed25519.
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl PrivateKey {
    /// The key in these bytes; `None` when they are not one.
    #[must_use]
    pub fn from_bytes(family: Family, bytes: &[u8]) -> Option<Self> {
        match family {
            Family::Rsa(modulus) => {
                let (p, q) = bytes.split_at_checked(modulus / 2)?;
                if q.len() != modulus / 2 {
                    return None;
                }
                let prime = BoxedUint::from_be_slice_vartime;
                let key = RsaPrivateKey::from_p_q(prime(p), prime(q), 65537u64.into()).ok()?;
                (key.size() == modulus).then(|| Self::Rsa(Box::new(key)))
            }
            Family::Ec(curve) => curve
                .is_secret(bytes)
                .then(|| Self::Ec(curve, bytes.to_vec())),
            Family::Ed25519 => Some(Self::Ed25519(Box::new(
                ed25519_dalek::SigningKey::from_bytes(bytes.try_into().ok()?),
            ))),
        }
    }

    /// A new key, as bytes.
    #[must_use]
    pub fn generate(family: Family, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let length = match family {
            Family::Rsa(modulus) => {
                let key = RsaPrivateKey::new(rng, modulus * 8).ok()?;
                return primes(&key);
            }
            Family::Ec(curve) => curve.length(),
            Family::Ed25519 => 32,
        };
        // What is no scalar is thrown away. P-521's have seven bits less than their bytes.
        let mask = if family == Family::Ec(Curve::P521) {
            1
        } else {
            0xff
        };
        loop {
            let mut bytes = vec![0; length];
            rng.fill_bytes(&mut bytes);
            bytes.iter_mut().take(1).for_each(|first| *first &= mask);
            if Self::from_bytes(family, &bytes).is_some() {
                return Some(bytes);
            }
        }
    }

    /// The public key as the wire has it: the coordinates, the 32 bytes of Ed25519, or the modulus.
    #[must_use]
    pub fn public(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(key.n_bytes().to_vec()),
            Self::Ec(curve, secret) => curve.public(secret),
            Self::Ed25519(key) => Some(key.verifying_key().to_bytes().to_vec()),
        }
    }

    /// The public key as X.509 has it.
    #[must_use]
    pub fn spki(&self) -> Option<Vec<u8>> {
        const EC: &[u32] = &[1, 2, 840, 10045, 2, 1];
        match self {
            Self::Rsa(key) => Some(rsa_spki(key.as_public_key())),
            Self::Ec(curve, _) => Some(sequence(&[
                &sequence(&[&oid(EC), &oid(curve.oid())]),
                &bits(&[&[4], &self.public()?[..]].concat()),
            ])),
            Self::Ed25519(_) => Some(sequence(&[
                &sequence(&[&oid(&[1, 3, 101, 112])]),
                &bits(&self.public()?),
            ])),
        }
    }

    /// ECDSA over a digest, in DER; `None` for keys of another family.
    #[must_use]
    pub fn sign_ecdsa(&self, digest: &[u8], rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let Self::Ec(curve, secret) = self else {
            return None;
        };
        // A digest shorter than the field is a number with leading zeros.
        let missing = curve.length().saturating_sub(digest.len());
        let padded = [vec![0; missing], digest.to_vec()].concat();
        match curve {
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash_with_rng(rng, &padded).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret).ok()?;
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash_with_rng(rng, &padded).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            _ => loop {
                let once = Self::generate(Family::Ec(*curve), rng)?;
                if let Some((r, s)) = curve.sign(secret, digest, &once) {
                    return Some(sequence(&[&integer(&r), &integer(&s)]));
                }
            },
        }
    }

    /// Ed25519 over a message; `None` for keys of another family.
    #[must_use]
    pub fn sign_eddsa(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519(key) => Some(key.sign(message).to_bytes().to_vec()),
            _ => None,
        }
    }

    /// How certificates signed with this key name the algorithm; `None` when it signs none.
    #[must_use]
    pub fn certificate_algorithm(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => Some(sha256_with_rsa()),
            Self::Ec(..) => Some(sequence(&[&oid(&[1, 2, 840, 10045, 4, 3, 2])])),
            Self::Ed25519(_) => None,
        }
    }

    /// The signature over a certificate's content.
    #[must_use]
    pub fn sign_certificate(&self, tbs: &[u8], rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let digest = Sha256::digest(tbs);
        match self {
            Self::Rsa(key) => key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).ok(),
            _ => self.sign_ecdsa(&digest, rng),
        }
    }
}

/// The two primes of an RSA key, each of half the modulus' length.
#[must_use]
pub fn primes(key: &RsaPrivateKey) -> Option<Vec<u8>> {
    use rsa::traits::PrivateKeyParts;
    let half = key.size() / 2;
    let mut bytes = Vec::with_capacity(key.size());
    for prime in key.primes() {
        let digits = prime.to_be_bytes_trimmed_vartime();
        bytes.resize(bytes.len() + half.checked_sub(digits.len())?, 0);
        bytes.extend_from_slice(&digits);
    }
    (bytes.len() == key.size()).then_some(bytes)
}
