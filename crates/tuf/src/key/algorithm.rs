//! The algorithms of keys.

/// The signature algorithm of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256; signatures are DER (RFC 3279, 2.2.3)
    EcdsaP256,
    /// Ed25519 (RFC 8032); signatures are 64 bytes
    Ed25519,
    /// ECDSA over P-384 with SHA-384; signatures are DER. Read and verified,
    /// never used for a signature of ours
    EcdsaP384,
    /// RSASSA-PSS with SHA-256 (RFC 8017, 8.1) and a salt of any length, 2048
    /// to 8192 bits. Read and verified, never used for a signature of ours
    RsaPss,
}

impl Algorithm {
    /// The common name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ECDSA P-256",
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP384 => "ECDSA P-384",
            Self::RsaPss => "RSA-PSS",
        }
    }
}

/// The lengths of a modulus that ring verifies with, in bits.
pub(super) const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
