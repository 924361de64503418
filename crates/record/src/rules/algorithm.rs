//! The names of algorithms in policies and expectations.

use keymoot_tuf::key::Algorithm;

/// The algorithms that a policy may name; the first is always allowed.
pub(super) const ALGORITHMS: [&str; 4] = ["ecdsa-p256", "ed25519", "ecdsa-p384", "rsa-pss"];

/// An algorithm as policies and expectations write it.
pub(crate) fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EcdsaP256 => "ecdsa-p256",
        Algorithm::Ed25519 => "ed25519",
        Algorithm::EcdsaP384 => "ecdsa-p384",
        Algorithm::RsaPss => "rsa-pss",
    }
}
