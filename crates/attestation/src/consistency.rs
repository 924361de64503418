//! Facts that no genuine device states together.
//!
//! They are signed by the device, so a contradiction means a forged device or
//! a wrong assumption of ours about devices; both must be reported.

use super::device_facts::{Firmware, FormFactor};
use super::piv::{DeviceStatement, SlotStatement};
use super::trust::Anchor;
use keymoot_core::{Rule, Violation};

/// Every contradiction within a statement, with the device certificate, and with the root that the
/// chain leads to.
pub(super) fn contradictions(
    statement: &SlotStatement,
    device: Option<&DeviceStatement>,
    root: Option<&Anchor>,
) -> Vec<Violation> {
    let firmware = statement.firmware;
    let mut found = Vec::new();
    let mut found_if = |contradiction: bool, what: String| {
        if contradiction {
            found.push(Violation::new(
                Rule::DeviceConsistent,
                what,
                "do not use this device: no genuine one states this; report it to the vendor",
            ));
        }
    };
    found_if(
        statement.algorithm.needs_5_7() && firmware < Firmware::new(5, 7, 0),
        format!(
            "a {} key is attested by firmware {firmware}, which cannot have one",
            statement.algorithm
        ),
    );
    found_if(
        firmware < Firmware::new(4, 3, 0),
        format!("firmware {firmware} attests a key, and attestation came with 4.3.0"),
    );
    found_if(
        firmware.major() == 4 && statement.form_factor.is_some(),
        format!("firmware {firmware} states a form factor, which came with the YubiKey 5"),
    );
    found_if(
        firmware.major() > 4 && statement.form_factor.is_none(),
        format!("firmware {firmware} states no form factor"),
    );
    found_if(
        statement.serial.is_none()
            && !(Firmware::new(4, 3, 0)..Firmware::new(4, 4, 0)).contains(&firmware),
        format!("firmware {firmware} states no serial number"),
    );
    let form = statement.form_factor;
    found_if(
        statement.pin_policy.matches_a_finger() && !form.is_some_and(FormFactor::bio),
        format!(
            "PIN policy {} takes a fingerprint, and the device states the form of no Bio",
            statement.pin_policy
        ),
    );
    found_if(
        form.is_some_and(FormFactor::security_key),
        "the form factor is of a Security Key, which has no PIV".to_owned(),
    );
    // Within a generation the two differ on genuine devices.
    if let Some(device) = device.filter(|device| device.firmware.major() != firmware.major()) {
        found_if(
            true,
            format!(
                "the slot attestation states firmware {firmware}, and the device certificate {}: \
                 no device is of two generations",
                device.firmware
            ),
        );
    }
    if let Some((root, range)) = root.and_then(|root| Some((root, root.firmware?))) {
        found_if(
            !range.contains(firmware),
            format!(
                "firmware {firmware} is stated under \"{}\", and YubiKeys under it have firmware {range}",
                root.subject_text
            ),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::device_facts::{PinPolicy, Slot, TouchPolicy};
    use super::super::key_algorithm::KeyAlgorithm;
    use super::{Firmware, FormFactor, SlotStatement};
    use keymoot_core::Violation;

    const GENUINE: SlotStatement = SlotStatement {
        slot: Slot::SIGNATURE,
        algorithm: KeyAlgorithm::P256,
        firmware: Firmware::new(5, 7, 4),
        serial: Some(1),
        pin_policy: PinPolicy::Always,
        touch_policy: TouchPolicy::Always,
        form_factor: Some(FormFactor::from_byte(3)),
    };

    fn contradictions(statement: &SlotStatement) -> Vec<Violation> {
        super::contradictions(statement, None, None)
    }

    #[test]
    fn a_genuine_statement_has_no_contradiction() {
        assert!(contradictions(&GENUINE).is_empty());
    }

    #[test]
    fn keys_that_came_with_5_7_contradict_older_firmware() {
        for algorithm in [
            KeyAlgorithm::Ed25519,
            KeyAlgorithm::X25519,
            KeyAlgorithm::Rsa(3072),
            KeyAlgorithm::Rsa(4096),
        ] {
            let newer = SlotStatement {
                algorithm,
                ..GENUINE
            };
            assert!(contradictions(&newer).is_empty());
            let older = SlotStatement {
                firmware: Firmware::new(5, 6, 9),
                ..newer
            };
            assert_eq!(contradictions(&older).len(), 1, "{algorithm}");
        }
    }

    #[test]
    fn a_form_factor_belongs_to_the_yubikey_5_alone() {
        let four = SlotStatement {
            firmware: Firmware::new(4, 3, 5),
            ..GENUINE
        };
        assert_eq!(contradictions(&four).len(), 1);
        assert_eq!(
            contradictions(&SlotStatement {
                form_factor: None,
                ..GENUINE
            })
            .len(),
            1
        );
        assert!(
            contradictions(&SlotStatement {
                form_factor: None,
                ..four
            })
            .is_empty()
        );
    }

    #[test]
    fn a_fingerprint_belongs_to_the_bio_alone_and_piv_to_no_security_key() {
        for (pin_policy, form_factor, contradicting) in [
            (PinPolicy::MatchOnce, Some(6), 0),
            (PinPolicy::MatchAlways, Some(0x87), 0),
            (PinPolicy::MatchAlways, Some(4), 1),
            (PinPolicy::Always, Some(0x43), 1),
        ] {
            let statement = SlotStatement {
                pin_policy,
                form_factor: form_factor.map(FormFactor::from_byte),
                ..GENUINE
            };
            assert_eq!(contradictions(&statement).len(), contradicting);
        }
    }

    #[test]
    fn only_a_4_3_may_lack_a_serial_number() {
        let four = SlotStatement {
            firmware: Firmware::new(4, 3, 5),
            form_factor: None,
            serial: None,
            ..GENUINE
        };
        assert!(contradictions(&four).is_empty());
        assert_eq!(
            contradictions(&SlotStatement {
                firmware: Firmware::new(4, 4, 5),
                ..four
            })
            .len(),
            1
        );
    }
}
