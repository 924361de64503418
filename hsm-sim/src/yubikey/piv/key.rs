//! Private keys: how they are made, what they sign, how their public half is written.

use crate::seed::Seed;
use crate::tlv::{find, tlv};
use crate::vendor::der::{bits, oid, sequence};
use crate::vendor::{RsaKey, Signer, rsa_spki, sha256_with_rsa};
use crate::yubikey::plate::Firmware;
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An algorithm a slot key can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA of this many bits.
    Rsa(usize),
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    /// The algorithm with this PIV identifier, when the firmware has it.
    #[must_use]
    pub fn from_id(id: u8, firmware: Firmware) -> Option<Self> {
        let (algorithm, since) = match id {
            0x06 => (Self::Rsa(1024), Firmware::new(4, 0, 0)),
            0x07 => (Self::Rsa(2048), Firmware::new(4, 0, 0)),
            0x05 => (Self::Rsa(3072), Firmware::new(5, 7, 0)),
            0x16 => (Self::Rsa(4096), Firmware::new(5, 7, 0)),
            0x11 => (Self::P256, Firmware::new(4, 0, 0)),
            0x14 => (Self::P384, Firmware::new(4, 0, 0)),
            0xe0 => (Self::Ed25519, Firmware::new(5, 7, 0)),
            _ => return None,
        };
        (firmware >= since).then_some(algorithm)
    }

    /// Its PIV identifier.
    #[must_use]
    pub fn id(self) -> u8 {
        match self {
            Self::Rsa(1024) => 0x06,
            Self::Rsa(3072) => 0x05,
            Self::Rsa(4096) => 0x16,
            Self::Rsa(_) => 0x07,
            Self::P256 => 0x11,
            Self::P384 => 0x14,
            Self::Ed25519 => 0xe0,
        }
    }
}

/// A private key.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Material {
    /// RSA.
    Rsa(RsaKey),
    /// A scalar on P-256, 32 bytes.
    P256(#[serde(with = "crate::hex_bytes")] Vec<u8>),
    /// A scalar on P-384, 48 bytes.
    P384(#[serde(with = "crate::hex_bytes")] Vec<u8>),
    /// An Ed25519 seed.
    Ed25519(#[serde(with = "crate::hex_bytes")] Vec<u8>),
}

impl Material {
    /// The key that belongs to `labels` under `seed`.
    #[must_use]
    pub fn generate(algorithm: Algorithm, seed: &Seed, labels: &[&[u8]]) -> Option<Self> {
        use chacha20::rand_core::Rng;
        let mut rng = seed.rng(labels);
        let length = match algorithm {
            Algorithm::Rsa(bits) => {
                return RsaPrivateKey::new(&mut rng, bits)
                    .ok()
                    .map(|k| Self::Rsa(RsaKey(k)));
            }
            Algorithm::P384 => 48,
            Algorithm::P256 | Algorithm::Ed25519 => 32,
        };
        // Zero and numbers above the order are no scalars; the next draw is one.
        loop {
            let mut bytes = vec![0; length];
            rng.fill_bytes(&mut bytes);
            let key = Self::from_secret(algorithm, &bytes);
            if key.is_some() {
                return key;
            }
        }
    }

    /// The elliptic-curve key with these private bytes; `None` when they are not one.
    #[must_use]
    pub fn from_secret(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::P256 => p256::ecdsa::SigningKey::from_slice(bytes)
                .is_ok()
                .then(|| Self::P256(bytes.to_vec())),
            Algorithm::P384 => p384::ecdsa::SigningKey::from_slice(bytes)
                .is_ok()
                .then(|| Self::P384(bytes.to_vec())),
            Algorithm::Ed25519 => (bytes.len() == 32).then(|| Self::Ed25519(bytes.to_vec())),
            Algorithm::Rsa(_) => None,
        }
    }

    /// The key an import command brings: `data` holds its parts in PIV's tags.
    #[must_use]
    pub fn import(algorithm: Algorithm, data: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Rsa(bits) => {
                let prime = |tag| find(data, tag).map(BoxedUint::from_be_slice_vartime);
                let key = RsaPrivateKey::from_p_q(prime(1)?, prime(2)?, 65537u64.into()).ok()?;
                (key.size() * 8 == bits).then_some(Self::Rsa(RsaKey(key)))
            }
            Algorithm::Ed25519 => Self::from_secret(algorithm, find(data, 7)?),
            Algorithm::P256 | Algorithm::P384 => Self::from_secret(algorithm, find(data, 6)?),
        }
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(key) => Algorithm::Rsa(key.0.size() * 8),
            Self::P256(_) => Algorithm::P256,
            Self::P384(_) => Algorithm::P384,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The public point of an elliptic-curve key.
    fn point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => None,
            Self::P256(d) => Some(
                p256::ecdsa::SigningKey::from_slice(d)
                    .ok()?
                    .verifying_key()
                    .to_sec1_point(false)
                    .as_bytes()
                    .to_vec(),
            ),
            Self::P384(d) => Some(
                p384::ecdsa::SigningKey::from_slice(d)
                    .ok()?
                    .verifying_key()
                    .to_sec1_point(false)
                    .as_bytes()
                    .to_vec(),
            ),
            Self::Ed25519(d) => Some(ed25519(d)?.verifying_key().to_bytes().to_vec()),
        }
    }

    /// The public key as PIV writes it: 86 and the point, or 81 and 82 with modulus and exponent.
    #[must_use]
    pub fn public(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                Some([tlv(0x81, &key.0.n_bytes()), tlv(0x82, &key.0.e_bytes())].concat())
            }
            _ => Some(tlv(0x86, &self.point()?)),
        }
    }

    /// The public key as X.509 writes it.
    #[must_use]
    pub fn spki(&self) -> Option<Vec<u8>> {
        const EC: &[u32] = &[1, 2, 840, 10045, 2, 1];
        let algorithm = match self {
            Self::Rsa(key) => return Some(rsa_spki(key.0.as_public_key())),
            Self::P256(_) => sequence(&[&oid(EC), &oid(&[1, 2, 840, 10045, 3, 1, 7])]),
            Self::P384(_) => sequence(&[&oid(EC), &oid(&[1, 3, 132, 0, 34])]),
            Self::Ed25519(_) => sequence(&[&oid(&[1, 3, 101, 112])]),
        };
        Some(sequence(&[&algorithm, &bits(&self.point()?)]))
    }

    /// The private key operation on what a client sends: a digest for ECDSA (left-padded when
    /// short), a padded block for RSA, the message itself for Ed25519. `None` when its length does
    /// not fit the key.
    #[must_use]
    pub fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let size = key.0.size();
                if input.len() != size {
                    return None;
                }
                let number = BoxedUint::from_be_slice(input, key.0.n_bits_precision()).ok()?;
                let rng = None::<&mut chacha20::ChaCha20Rng>;
                let result = rsa::hazmat::rsa_decrypt_and_check(&key.0, rng, &number).ok()?;
                let bytes = result.to_be_bytes_trimmed_vartime();
                Some([vec![0; size.checked_sub(bytes.len())?], bytes.to_vec()].concat())
            }
            Self::P256(d) => {
                let key = p256::ecdsa::SigningKey::from_slice(d).ok()?;
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&padded(input, 32)?).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(d) => {
                let key = p384::ecdsa::SigningKey::from_slice(d).ok()?;
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&padded(input, 48)?).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(d) => Some(ed25519(d)?.sign(input).to_bytes().to_vec()),
        }
    }
}

fn ed25519(seed: &[u8]) -> Option<ed25519_dalek::SigningKey> {
    Some(ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?))
}

fn padded(digest: &[u8], length: usize) -> Option<Vec<u8>> {
    Some([vec![0; length.checked_sub(digest.len())?], digest.to_vec()].concat())
}

impl Signer for Material {
    fn algorithm_identifier(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => Some(sha256_with_rsa()),
            Self::P256(_) => Some(sequence(&[&oid(&[1, 2, 840, 10045, 4, 3, 2])])),
            Self::P384(_) | Self::Ed25519(_) => None,
        }
    }

    fn sign_certificate(&self, tbs: &[u8]) -> Option<Vec<u8>> {
        let digest = Sha256::digest(tbs);
        match self {
            Self::Rsa(key) => key.0.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).ok(),
            Self::P256(_) => self.sign(&digest),
            Self::P384(_) | Self::Ed25519(_) => None,
        }
    }
}
