//! ECDSA over P-384 with SHA-384, for reading alone.

use p256::pkcs8::ObjectIdentifier;
use ring::signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};

/// secp384r1 (RFC 5480, 2.1.1.1)
pub(super) const CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What is before the 97 bytes of the point in a SubjectPublicKeyInfo:
/// two sequences, id-ecPublicKey, the curve, and a bit string of 98 bytes.
const SPKI_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];

/// An uncompressed point. ring checks at each verification whether it is on the curve:
/// with a point that is not, no signature verifies.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key([u8; 97]);

impl Key {
    pub(super) fn from_point(bytes: &[u8]) -> Option<Self> {
        let point: [u8; 97] = bytes.try_into().ok()?;
        (point[0] == 4).then_some(Self(point))
    }

    pub(super) fn spki_der(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], &self.0].concat()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}
