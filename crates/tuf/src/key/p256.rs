//! ECDSA over P-256 with SHA-256.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, Signature, VerifyingKey};
use p256::pkcs8::ObjectIdentifier;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// id-ecPublicKey (RFC 5480, 2.1.1)
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1 (RFC 5480, 2.1.1.1)
pub(super) const CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// What is before the 65 bytes of the point in a SubjectPublicKeyInfo:
/// two sequences, the two identifiers above, and a bit string of 66 bytes.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A signature with the lower of its two values of s, in DER. With (r, s) also (r, n − s) verifies
/// (SEC 1, 4.1.4), so that anybody can write a second signature; of the two only one is low.
/// `None` where it is no DER signature over P-256.
#[must_use]
pub fn low_s(signature: &[u8]) -> Option<Vec<u8>> {
    let signature: Signature = DerSignature::from_bytes(signature).ok()?.try_into().ok()?;
    Some(signature.normalize_s().to_der().as_bytes().to_vec())
}

/// A point of the curve other than infinity, uncompressed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key([u8; 65]);

impl Key {
    pub(super) fn from_point(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_sec1_bytes(bytes).ok()?;
        let point = key.to_sec1_point(false);
        point.as_bytes().try_into().ok().map(Self)
    }

    pub(super) fn spki_der(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], &self.0].concat()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(message, signature)
            .is_ok()
    }

    pub(super) fn verify_again(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (
            VerifyingKey::from_sec1_bytes(&self.0),
            DerSignature::from_bytes(signature),
        ) else {
            return false;
        };
        key.verify(message, &signature).is_ok()
    }
}
