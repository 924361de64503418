//! RSA keys without a search for primes.
//!
//! Two primes of 1024 bits take a tenth of a second to find, at the start of every rehearsal and of
//! every test of one. The simulated vendor's keys are therefore pairs out of a table. They protect
//! nothing: anyone who has the simulator can sign for its vendor anyway, and no verifier of real
//! devices trusts it.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::Rng;
use rsa::{BoxedUint, RsaPrivateKey};

/// Primes of 1024 bits with the two highest set, one a line in hexadecimal, so that each two make a
/// modulus of 2048 bits; `openssl prime` found them.
const PRIMES: &str = include_str!("primes.txt");

const EXPONENT: u64 = 65537;

/// A key of 2048 bits from two of the primes.
///
/// # Errors
/// When they are no two different primes.
pub(super) fn key(rng: &mut ChaCha20Rng) -> Result<RsaPrivateKey, rsa::Error> {
    let mut left: Vec<&str> = PRIMES.lines().collect();
    let mut draw = || {
        let [.., byte] = rng.next_u32().to_be_bytes();
        let place = usize::from(byte) % left.len();
        BoxedUint::from_be_hex(left.swap_remove(place), 1024)
            .into_option()
            .ok_or(rsa::Error::InvalidPrime)
    };
    RsaPrivateKey::from_p_q(draw()?, draw()?, BoxedUint::from(EXPONENT))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use num_bigint::BigUint;

    #[test]
    fn every_line_is_a_prime_of_1024_bits_that_makes_a_key_with_every_other() {
        let one = BigUint::from(1u8);
        let mut seen = std::collections::BTreeSet::new();
        for line in PRIMES.lines() {
            let prime = BigUint::parse_bytes(line.as_bytes(), 16).unwrap();
            assert_eq!(
                (prime.bits(), &prime >> 1022u32),
                (1024, BigUint::from(3u8))
            );
            // Fermat's test to a few bases, to which no composite of this size is likely to answer.
            for base in [2u8, 3, 5, 7] {
                assert_eq!(BigUint::from(base).modpow(&(&prime - &one), &prime), one);
            }
            assert_ne!((&prime - &one) % EXPONENT, BigUint::ZERO);
            assert!(seen.insert(prime));
        }
        assert_eq!(seen.len(), 48);
    }
}
