//! RSA keys whose signatures prove nothing, because others can make them too.

use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The public exponent of every RSA key that the vendor or a device makes.
const EXPONENT: u32 = 65537;

/// The odd ones of the primes whose product M the flawed generator uses for its smallest keys;
/// for larger keys M has more factors, and these among them.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Why an RSA key proves nothing, to be read after its name; `None` for a sound one and for
/// keys of other algorithms.
pub(super) fn weakness(key: &SubjectPublicKeyInfo<'_>) -> Option<&'static str> {
    let Ok(PublicKey::RSA(rsa)) = key.parsed() else {
        return None;
    };
    if rsa.try_exponent().ok() != Some(u64::from(EXPONENT)) {
        Some("is an RSA key with an exponent other than 65537")
    } else if is_of_the_flawed_generator(rsa.modulus) {
        Some("is an RSA key that can be factored (CVE-2017-15361, ROCA)")
    } else {
        None
    }
}

/// Whether a modulus bears the fingerprint of CVE-2017-15361.
///
/// The generator makes each prime as `k * M + (65537^a mod M)`, so the modulus is a power of 65537
/// modulo every factor of M. Of other moduli one in 10^8 is (Nemec et al., "The Return of
/// Coppersmith's Attack", CCS 2017, section 2.2).
fn is_of_the_flawed_generator(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| {
        let remainder = modulus
            .iter()
            .fold(0, |sum, &byte| (sum * 256 + u32::from(byte)) % prime);
        let next = |power: &u32| Some(power * (EXPONENT % prime) % prime);
        // The order of 65537 modulo a prime is below the prime.
        std::iter::successors(Some(1), next)
            .take(prime as usize)
            .any(|power| power == remainder)
    })
}

#[cfg(test)]
mod tests {
    use super::is_of_the_flawed_generator;

    #[test]
    fn a_power_of_65537_bears_the_fingerprint_and_its_neighbour_does_not() {
        let power = 65537u128.pow(7);
        assert!(is_of_the_flawed_generator(&power.to_be_bytes()));
        assert!(!is_of_the_flawed_generator(&(power + 2).to_be_bytes()));
    }
}
