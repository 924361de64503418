//! Why a key cannot be used.

use super::algorithm::{Algorithm, RSA_BITS};
use keymoot_core::json::Misfit;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not one PEM block labelled PUBLIC KEY (RFC 7468, 13).
    #[error("it is not a public key in PEM")]
    Pem,
    /// The bytes are not a SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7).
    #[error("it is not a public key in DER")]
    Der,
    /// The digits are not the key in hexadecimal.
    #[error("it is not a public key in hexadecimal")]
    Hex,
    /// The bytes are no key of that algorithm, or a key whose signatures anybody can
    /// forge.
    #[error("its bytes are no usable {} key", .0.name())]
    Material(Algorithm),
    /// The key object has another shape than every key has; the member is named.
    #[error(transparent)]
    Object(#[from] Misfit),
    /// The length of the modulus is one for which no signature is verified.
    #[error("it is an RSA key of {0} bits; keymoot verifies with RSA keys of {least} to {most} bits",
        least = RSA_BITS.start(), most = RSA_BITS.end())]
    RsaBits(usize),
    /// The public exponent is one that RSA is not used with.
    #[error("its RSA exponent is not odd, is 1 or is longer than 32 bits")]
    RsaExponent,
    /// The algorithm is not one this program verifies.
    #[error("its algorithm is {0}, which this program does not verify")]
    Unsupported(String),
    /// A key object states one algorithm and contains another.
    #[error("it is announced as {announced} and is a key for {actual}")]
    Mismatch {
        /// The key object's words, safe to show
        announced: String,
        /// The key's algorithm
        actual: &'static str,
    },
}
