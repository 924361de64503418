//! Public keys, as key material: what a key *is*, under any name.
//!
//! Key ids are names that metadata gives to keys, and one key may have many.
//! The identity of a key is its [fingerprint](PublicKey::fingerprint), the
//! SHA-256 of its SubjectPublicKeyInfo in DER, in the one encoding that this
//! module writes.

mod algorithm;
mod ed25519;
mod error;
mod object;
mod p256;
mod p384;
mod rsa;

use ::p256::pkcs8::ObjectIdentifier;
use ::p256::pkcs8::SubjectPublicKeyInfoRef;
use ::p256::pkcs8::der::pem::{self, LineEnding};

pub use self::p256::low_s;
pub use algorithm::Algorithm;
pub use error::KeyError;
pub(crate) use object::read_object_as;
pub use object::{TufKey, read_object, write_object};

use keymoot_core::digest::Digest;
use keymoot_core::text::excerpt;

const PEM_LABEL: &str = "PUBLIC KEY";

/// A public key that this program can verify signatures with.
///
/// Two values are equal exactly when the key material is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PublicKey {
    material: Material,
    fingerprint: Digest,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Material {
    P256(p256::Key),
    Ed25519(ed25519::Key),
    P384(p384::Key),
    Rsa(rsa::Key),
}

impl From<Material> for PublicKey {
    fn from(material: Material) -> Self {
        Self {
            fingerprint: Digest::of(&material.spki_der()),
            material,
        }
    }
}

impl Material {
    fn spki_der(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.spki_der(),
            Self::Ed25519(key) => key.spki_der(),
            Self::P384(key) => key.spki_der(),
            Self::Rsa(key) => key.spki_der(),
        }
    }
}

/// Why a signature was not accepted by both implementations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Both implementations refuse it.
    #[error("the signature does not verify")]
    Invalid,
    /// Only one implementation here knows the algorithm, which is for reading.
    #[error(
        "{} keys are for reading alone; what is signed here is signed with ECDSA P-256 or Ed25519",
        .0.name()
    )]
    ReadOnly(Algorithm),
    /// One accepts what the other refuses. It must not be used; the pair of
    /// message and signature is worth reporting to both projects.
    #[error("two implementations disagree: ring {}, RustCrypto {}", verdict(.ring), verdict(&!.ring))]
    Disagreement {
        /// Whether ring is the one that accepts it
        ring: bool,
    },
}

fn verdict(accepts: &bool) -> &'static str {
    if *accepts {
        "accepts the signature"
    } else {
        "refuses it"
    }
}

/// The proof that two independent implementations accepted a signature. Only
/// [`PublicKey::verify_twice`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwiceVerified {
    key: Digest,
    message: Digest,
    signature: Vec<u8>,
}

impl TwiceVerified {
    /// The fingerprint of the key.
    #[must_use]
    pub fn key(&self) -> Digest {
        self.key
    }

    /// The digest of the message.
    #[must_use]
    pub fn message(&self) -> Digest {
        self.message
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in DER. A P-256 point may be compressed
    /// there; it is the same key.
    ///
    /// # Errors
    /// The bytes are something else, or the key is not usable.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Der)?;
        let bits = spki.subject_public_key.as_bytes().ok_or(KeyError::Der)?;
        let oid = spki.algorithm.oid;
        if oid == p256::EC_PUBLIC_KEY {
            match spki.algorithm.parameters_oid() {
                Ok(p256::CURVE) => Self::from_p256_point(bits),
                Ok(p384::CURVE) => Self::from_p384_point(bits),
                Ok(curve) => Err(KeyError::Unsupported(algorithm_name(curve))),
                Err(_) => Err(KeyError::Der),
            }
        } else if oid == ed25519::OID {
            if spki.algorithm.parameters.is_some() {
                return Err(KeyError::Der);
            }
            Self::from_ed25519_bytes(bits)
        } else if oid == rsa::OID {
            rsa::Key::from_pkcs1_der(bits).map(|key| Material::Rsa(key).into())
        } else {
            Err(KeyError::Unsupported(algorithm_name(oid)))
        }
    }

    /// Reads one PEM block labelled `PUBLIC KEY`.
    ///
    /// # Errors
    /// The text is something else, or the key is not usable.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        match pem::decode_vec(text.as_bytes()) {
            Ok((PEM_LABEL, der)) => Self::from_spki_der(&der),
            _ => Err(KeyError::Pem),
        }
    }

    /// A P-256 key from its point (SEC 1, 2.3.3), compressed or not.
    ///
    /// # Errors
    /// The point is not on the curve.
    pub fn from_p256_point(point: &[u8]) -> Result<Self, KeyError> {
        p256::Key::from_point(point)
            .map(|key| Material::P256(key).into())
            .ok_or(KeyError::Material(Algorithm::EcdsaP256))
    }

    /// A P-384 key from its uncompressed point (SEC 1, 2.3.3).
    ///
    /// # Errors
    /// The bytes are no such point.
    pub fn from_p384_point(point: &[u8]) -> Result<Self, KeyError> {
        p384::Key::from_point(point)
            .map(|key| Material::P384(key).into())
            .ok_or(KeyError::Material(Algorithm::EcdsaP384))
    }

    /// An Ed25519 key from its 32 bytes (RFC 8032, 5.1.5).
    ///
    /// # Errors
    /// The bytes are no point, or one of small order, for which a signature
    /// proves nothing.
    pub fn from_ed25519_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        ed25519::Key::from_bytes(bytes)
            .map(|key| Material::Ed25519(key).into())
            .ok_or(KeyError::Material(Algorithm::Ed25519))
    }

    /// The algorithm of the key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::P256(_) => Algorithm::EcdsaP256,
            Material::Ed25519(_) => Algorithm::Ed25519,
            Material::P384(_) => Algorithm::EcdsaP384,
            Material::Rsa(_) => Algorithm::RsaPss,
        }
    }

    /// The SubjectPublicKeyInfo in DER; a point is uncompressed, the parameters
    /// of an RSA key are NULL.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        self.material.spki_der()
    }

    /// The SubjectPublicKeyInfo in PEM with lines of 64 and a line feed at
    /// the end.
    #[must_use]
    pub fn pem(&self) -> String {
        // Encoding fails only where a label is not ASCII or memory is out.
        pem::encode_string(PEM_LABEL, LineEnding::LF, &self.spki_der()).unwrap_or_default()
    }

    /// The identity of the key material: SHA-256 over
    /// [`spki_der`](Self::spki_der).
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// Whether the signature over the message verifies: by ring, except for a
    /// salt of RSASSA-PSS that ring does not read.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::P256(key) => key.verify(message, signature),
            Material::Ed25519(key) => key.verify(message, signature),
            Material::P384(key) => key.verify(message, signature),
            Material::Rsa(key) => key.verify(message, signature),
        }
    }

    /// Verifies by ring and by the RustCrypto implementation, which share no
    /// arithmetic; for signatures we are about to publish.
    ///
    /// # Errors
    /// At least one of them refuses it, or the key is for reading alone.
    pub fn verify_twice(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<TwiceVerified, SignatureError> {
        let second = match &self.material {
            Material::P256(key) => key.verify_again(message, signature),
            Material::Ed25519(key) => key.verify_again(message, signature),
            Material::P384(_) | Material::Rsa(_) => {
                return Err(SignatureError::ReadOnly(self.algorithm()));
            }
        };
        match (self.verify(message, signature), second) {
            (true, true) => Ok(TwiceVerified {
                key: self.fingerprint(),
                message: Digest::of(message),
                signature: signature.to_vec(),
            }),
            (false, false) => Err(SignatureError::Invalid),
            (ring, _) => Err(SignatureError::Disagreement { ring }),
        }
    }
}

/// The names of common algorithms, else the dotted number.
fn algorithm_name(oid: ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.3.132.0.35" => "ECDSA P-521".to_owned(),
        "1.3.132.0.10" => "ECDSA secp256k1".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        dotted => excerpt(dotted),
    }
}

#[cfg(test)]
mod tests;
