//! The algorithm of the key in a SubjectPublicKeyInfo.

use std::fmt;

use x509_parser::der_parser::asn1_rs::{Oid, oid};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

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
    /// 25519 keys follow RFC 8410.
    pub(super) fn of(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        if spki.subject_public_key.unused_bits != 0 {
            return None;
        }
        let key = spki.subject_public_key.data.as_ref();
        let parameters = spki.algorithm.parameters.as_ref();
        let algorithm = &spki.algorithm.algorithm;
        if *algorithm == oid!(1.2.840.10045.2.1) {
            let curve: Oid<'_> = parameters?.as_oid().ok()?;
            match (key.first()?, key.len()) {
                (4, 65) if curve == oid!(1.2.840.10045.3.1.7) => Some(Self::P256),
                (4, 97) if curve == oid!(1.3.132.0.34) => Some(Self::P384),
                _ => None,
            }
        } else if *algorithm == oid!(1.2.840.113549.1.1.1) {
            let PublicKey::RSA(rsa) = spki.parsed().ok()? else {
                return None;
            };
            let leading = rsa.modulus.iter().take_while(|&&byte| byte == 0).count();
            let (first, rest) = rsa.modulus.get(leading..)?.split_first()?;
            let bits = rest.len() * 8 + (8 - first.leading_zeros() as usize);
            matches!(bits, 1024 | 2048 | 3072 | 4096).then_some(())?;
            Some(Self::Rsa(u16::try_from(bits).ok()?))
        } else if parameters.is_some() || key.len() != 32 {
            None
        } else if *algorithm == oid!(1.3.101.112) {
            Some(Self::Ed25519)
        } else if *algorithm == oid!(1.3.101.110) {
            Some(Self::X25519)
        } else {
            None
        }
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
