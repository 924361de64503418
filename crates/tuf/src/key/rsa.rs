//! RSASSA-PSS with SHA-256, for reading alone.
//!
//! Signers choose the length of the salt. Go's `crypto/rsa` takes the longest that fits by default.
//! The library securesystemslib accepts every length (`PSS.AUTO`), as RFC 8017, 9.1.2 allows. The
//! crate ring only reads a salt as long as the digest. Where ring refuses a signature, the crate
//! `rsa` finds the length and verifies it.

use ::rsa::pss;
use ::rsa::signature::Verifier as _;
use ::rsa::{BoxedUint, RsaPublicKey};
use p256::pkcs8::ObjectIdentifier;
use p256::pkcs8::der::asn1::{AnyRef, BitStringRef, Null, UintRef};
use p256::pkcs8::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use p256::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use sha2::Sha256;

use super::algorithm::{Algorithm, RSA_BITS};
use super::error::KeyError;

/// rsaEncryption (RFC 3279, 2.3.1)
pub(super) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// An RSAPublicKey in DER (RFC 8017, A.1.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pkcs1: Vec<u8>,
    spki: Vec<u8>,
    /// Modulus and public exponent
    numbers: [Vec<u8>; 2],
}

impl Key {
    /// From an RSAPublicKey in DER, which has one encoding: a sequence of two
    /// positive integers, each as short as it can be.
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        let mut reader = SliceReader::new(der).map_err(|_| KeyError::Der)?;
        let (modulus, exponent) = reader
            .sequence(|inner: &mut SliceReader<'_>| {
                Ok::<_, p256::pkcs8::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?))
            })
            .map_err(|_| KeyError::Der)?;
        reader.finish().map_err(|_| KeyError::Der)?;
        let (modulus, exponent) = (modulus.as_bytes(), exponent.as_bytes());
        let odd = |number: &[u8]| number.last().is_some_and(|low| low & 1 == 1);
        let bits = bits(modulus);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::RsaBits(bits));
        }
        if !odd(exponent) || exponent == [1] || exponent.len() > 4 {
            return Err(KeyError::RsaExponent);
        }
        if !odd(modulus) {
            return Err(KeyError::Material(Algorithm::RsaPss));
        }
        Ok(Self {
            pkcs1: der.to_vec(),
            spki: spki(der).ok_or(KeyError::Der)?,
            numbers: [modulus, exponent].map(<[u8]>::to_vec),
        })
    }

    pub(super) fn spki_der(&self) -> Vec<u8> {
        self.spki.clone()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.pkcs1)
            .verify(message, signature)
            .is_ok()
            || self.verify_any_salt(message, signature).is_some()
    }

    fn verify_any_salt(&self, message: &[u8], signature: &[u8]) -> Option<()> {
        let [modulus, exponent] = &self.numbers;
        // RFC 8017, 8.1.2: the signature is as long as the modulus.
        if signature.len() != modulus.len() {
            return None;
        }
        let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
        let key =
            RsaPublicKey::new_with_max_size(number(modulus), number(exponent), *RSA_BITS.end());
        let key = pss::VerifyingKey::<Sha256>::new_with_auto_salt_len(key.ok()?);
        let signature = pss::Signature::try_from(signature).ok()?;
        key.verify(message, &signature).ok()
    }
}

/// How many bits a number has whose first byte is not zero.
fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    (number.len() * 8).saturating_sub(unused as usize)
}

/// The SubjectPublicKeyInfo, with the parameters NULL that RFC 3279 demands.
fn spki(pkcs1: &[u8]) -> Option<Vec<u8>> {
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: OID,
            parameters: Some(AnyRef::from(Null)),
        },
        subject_public_key: BitStringRef::from_bytes(pkcs1).ok()?,
    }
    .to_der()
    .ok()
}
