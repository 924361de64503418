//! RSASSA-PSS with SHA-256 and a salt as long as the digest, for reading alone.

use p256::pkcs8::ObjectIdentifier;
use p256::pkcs8::der::asn1::{AnyRef, BitStringRef, Null, UintRef};
use p256::pkcs8::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use p256::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

/// rsaEncryption (RFC 3279, 2.3.1)
pub(super) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The lengths of a modulus that ring verifies with, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// An RSAPublicKey in DER (RFC 8017, A.1.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pkcs1: Vec<u8>,
    spki: Vec<u8>,
}

impl Key {
    /// From an RSAPublicKey in DER, which has one encoding: a sequence of two
    /// positive integers, each as short as it can be.
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let (modulus, exponent) = reader
            .sequence(|inner: &mut SliceReader<'_>| {
                Ok::<_, p256::pkcs8::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?))
            })
            .ok()?;
        reader.finish().ok()?;
        let odd = |number: &UintRef<'_>| number.as_bytes().last().is_some_and(|low| low & 1 == 1);
        let usable = MODULUS.contains(&modulus.as_bytes().len())
            && odd(&modulus)
            && odd(&exponent)
            && exponent.as_bytes() != [1]
            && exponent.as_bytes().len() <= 4;
        if !usable {
            return None;
        }
        Some(Self {
            pkcs1: der.to_vec(),
            spki: spki(der)?,
        })
    }

    pub(super) fn spki_der(&self) -> Vec<u8> {
        self.spki.clone()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.pkcs1)
            .verify(message, signature)
            .is_ok()
    }
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
