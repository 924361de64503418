//! The algorithm of the key in a SubjectPublicKeyInfo.

use std::fmt;

use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::tlv;

/// The content of each AlgorithmIdentifier: an OID, and its parameters where it has any.
const P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const X25519: &[u8] = b"\x06\x03\x2b\x65\x6e";

/// The algorithms of keys that a YubiKey can attest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA or ECDH over NIST P-256.
    P256,
    /// ECDSA or ECDH over NIST P-384.
    P384,
    /// RSA, with the size of the modulus in bits.
    Rsa(u16),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// X25519 (RFC 7748); it cannot sign.
    X25519,
}

impl KeyAlgorithm {
    /// Reads the algorithm from a public key whose encoding is exactly the one a device writes. RSA
    /// follows RFC 3279. ECDSA follows RFC 5480 with a named curve and an uncompressed point. The
    /// 25519 keys follow RFC 8410. Whether a point is on its curve is not looked at: no signature
    /// verifies under one that is not.
    pub(super) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let key = spki.subject_public_key.data.as_ref();
        let bits = tlv(0x03, &[&[0], key].concat());
        let is = |identifier: &[u8]| {
            let identifier = tlv(0x30, identifier);
            spki.raw == tlv(0x30, &[&identifier[..], &bits].concat())
        };
        match (key.first()?, key.len()) {
            (4, 65) if is(P256) => Some(Self::P256),
            (4, 97) if is(P384) => Some(Self::P384),
            (_, 32) if is(ED25519) => Some(Self::Ed25519),
            (_, 32) if is(X25519) => Some(Self::X25519),
            _ if is(RSA) => Self::rsa(spki),
            _ => None,
        }
    }

    fn rsa(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let PublicKey::RSA(rsa) = spki.parsed().ok()? else {
            return None;
        };
        let numbers = [tlv(0x02, rsa.modulus), tlv(0x02, rsa.exponent)].concat();
        if tlv(0x30, &numbers) != spki.subject_public_key.data.as_ref() {
            return None;
        }
        // The sizes are whole bytes: DER puts one zero before the first bit.
        let (&[0, first], [.., last]) = rsa.modulus.split_first_chunk::<2>()? else {
            return None;
        };
        let bits = u16::try_from((rsa.modulus.len() - 1) * 8).ok()?;
        let sound = first >= 0x80 && last % 2 == 1 && matches!(bits, 1024 | 2048 | 3072 | 4096);
        sound.then_some(Self::Rsa(bits))
    }

    /// Whether the key is on an elliptic curve.
    #[must_use]
    pub const fn elliptic(self) -> bool {
        !matches!(self, Self::Rsa(_))
    }

    /// Whether PIV has this algorithm only from firmware 5.7.0 on.
    pub(super) const fn needs_5_7(self) -> bool {
        matches!(self, Self::Rsa(3072 | 4096) | Self::Ed25519 | Self::X25519)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::X25519 => f.write_str("X25519"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use x509_parser::asn1_rs::FromDer as _;

    fn read(identifier: &[u8], key: &[u8]) -> Option<KeyAlgorithm> {
        let bits = tlv(0x03, &[&[0], key].concat());
        let spki = tlv(0x30, &[tlv(0x30, identifier), bits].concat());
        let (_, spki) = SubjectPublicKeyInfo::from_der(&spki).unwrap();
        KeyAlgorithm::of(&spki)
    }

    fn rsa(modulus: &[u8], more: &[u8]) -> Vec<u8> {
        let numbers = [tlv(0x02, modulus), tlv(0x02, &[1, 0, 1])].concat();
        tlv(0x30, &[&numbers[..], more].concat())
    }

    #[test]
    fn a_key_has_one_encoding() {
        let point = [&[4][..], &[7; 64]].concat();
        let odd = [&[0, 0x80][..], &[1; 255]].concat();
        let even = [&[0, 0x80][..], &[2; 255]].concat();
        assert_eq!(read(P256, &point), Some(KeyAlgorithm::P256));
        assert_eq!(read(RSA, &rsa(&odd, &[])), Some(KeyAlgorithm::Rsa(2048)));
        assert_eq!(read(ED25519, &[7; 32]), Some(KeyAlgorithm::Ed25519));
        let null: &[u8] = &[5, 0];
        let compressed = [&[2][..], &[7; 32]].concat();
        for (what, identifier, key) in [
            ("more parameters", [P256, null].concat(), point.clone()),
            ("a compressed point", P256.to_vec(), compressed),
            (
                "parameters of Ed25519",
                [ED25519, null].concat(),
                vec![7; 32],
            ),
            ("no parameters of RSA", RSA[..11].to_vec(), rsa(&odd, &[])),
            ("an even modulus", RSA.to_vec(), rsa(&even, &[])),
            ("a negative modulus", RSA.to_vec(), rsa(&odd[1..], &[])),
            ("more than two numbers", RSA.to_vec(), rsa(&odd, null)),
        ] {
            assert_eq!(read(&identifier, &key), None, "{what}");
        }
    }
}
