//! Published flaws of devices, by the facts an attestation states.
//!
//! Whether an advisory excludes a device from a ceremony is for the policy; this is
//! only the table.

use super::device_facts::{Firmware, FormFactor};
use super::family::Family;
use super::key_algorithm::KeyAlgorithm;

/// A vendor's security advisory that applies to a device and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advisory {
    /// The vendor's id, found under <https://www.yubico.com/support/security-advisories/>.
    pub id: &'static str,
    /// Its effect on the key.
    pub effect: &'static str,
}

/// YSA-2024-03, CVE-2024-45678 ("EUCLEAK").
const EUCLEAK: Advisory = Advisory {
    id: "YSA-2024-03",
    effect: "somebody who opens the device can extract elliptic-curve private keys by a side channel",
};
/// YSA-2017-01, CVE-2017-15361 ("ROCA").
const ROCA: Advisory = Advisory {
    id: "YSA-2017-01",
    effect: "RSA keys generated on the device can be factored",
};
/// YSA-2019-02.
const FIPS_RANDOM: Advisory = Advisory {
    id: "YSA-2019-02",
    effect: "the first random bytes after power-up are predictable",
};

/// The least firmware of models that need more than a policy asks of their family: a YubiKey Bio
/// leaks until 5.7.2 (YSA-2024-03), other YubiKeys until 5.7.0.
#[must_use]
pub fn model_minimum(form: Option<FormFactor>) -> Option<Firmware> {
    form.is_some_and(FormFactor::bio)
        .then_some(Firmware::new(5, 7, 2))
}

/// The advisories that apply to a key of this algorithm in a device of this
/// family with this firmware and form factor.
#[must_use]
pub fn affecting(
    family: Family,
    firmware: Firmware,
    form: Option<FormFactor>,
    algorithm: KeyAlgorithm,
) -> Vec<Advisory> {
    if family == Family::YubiHsm {
        let leaks = algorithm.elliptic() && firmware < Firmware::new(2, 4, 0);
        return leaks.then_some(EUCLEAK).into_iter().collect();
    }
    let mut found = Vec::new();
    let repaired = model_minimum(form).unwrap_or(Firmware::new(5, 7, 0));
    if algorithm.elliptic() && firmware.major() == 5 && firmware < repaired {
        found.push(EUCLEAK);
    }
    let factorable = Firmware::new(4, 2, 0)..=Firmware::new(4, 3, 4);
    if !algorithm.elliptic() && factorable.contains(&firmware) {
        found.push(ROCA);
    }
    if [Firmware::new(4, 4, 2), Firmware::new(4, 4, 4)].contains(&firmware) {
        found.push(FIPS_RANDOM);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Family, Firmware, FormFactor, KeyAlgorithm, affecting};

    fn ids(firmware: (u8, u8, u8), form: Option<u8>, algorithm: KeyAlgorithm) -> Vec<&'static str> {
        let (major, minor, patch) = firmware;
        affecting(
            Family::YubiKey,
            Firmware::new(major, minor, patch),
            form.map(FormFactor::from_byte),
            algorithm,
        )
        .iter()
        .map(|advisory| advisory.id)
        .collect()
    }

    #[test]
    fn elliptic_curve_keys_below_5_7_leak() {
        assert_eq!(ids((5, 6, 9), Some(1), KeyAlgorithm::P256), ["YSA-2024-03"]);
        assert!(ids((5, 7, 0), Some(1), KeyAlgorithm::P256).is_empty());
        assert!(ids((5, 6, 9), Some(1), KeyAlgorithm::Rsa(2048)).is_empty());
    }

    #[test]
    fn a_bio_leaks_until_5_7_2() {
        assert_eq!(ids((5, 7, 1), Some(7), KeyAlgorithm::P384), ["YSA-2024-03"]);
        assert!(ids((5, 7, 2), Some(7), KeyAlgorithm::P384).is_empty());
    }

    #[test]
    fn rsa_keys_of_a_yubikey_4_before_4_3_5_are_factorable() {
        assert_eq!(
            ids((4, 3, 4), None, KeyAlgorithm::Rsa(2048)),
            ["YSA-2017-01"]
        );
        assert!(ids((4, 3, 5), None, KeyAlgorithm::Rsa(2048)).is_empty());
        assert!(ids((4, 3, 4), None, KeyAlgorithm::P256).is_empty());
    }

    #[test]
    fn the_two_fips_firmwares_have_predictable_randomness() {
        assert_eq!(ids((4, 4, 2), None, KeyAlgorithm::P256), ["YSA-2019-02"]);
        assert_eq!(ids((4, 4, 4), None, KeyAlgorithm::P256), ["YSA-2019-02"]);
        assert!(ids((4, 4, 5), None, KeyAlgorithm::P256).is_empty());
    }

    #[test]
    fn a_yubihsm_leaks_below_2_4_0() {
        let ids = |minor| {
            affecting(
                Family::YubiHsm,
                Firmware::new(2, minor, 1),
                None,
                KeyAlgorithm::P256,
            )
            .iter()
            .map(|advisory| advisory.id)
            .collect::<Vec<_>>()
        };
        assert_eq!(ids(3), ["YSA-2024-03"]);
        assert!(ids(4).is_empty());
    }
}
