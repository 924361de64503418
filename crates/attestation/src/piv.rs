//! The shape of a YubiKey's PIV attestation: a slot certificate made by the
//! device and the device certificate from its slot F9.
//!
//! Yubico, "PIV attestation"
//! (<https://developers.yubico.com/PIV/Introduction/PIV_attestation.html>).
//! The extensions are under 1.3.6.1.4.1.41482.3; their contents are partly
//! raw bytes and partly DER, and none is critical.

use x509_parser::asn1_rs::{Oid, oid};

use super::certificate::Certificate;
use super::checks::{Checks, der_serial, der_u32};
use super::device_facts::{Firmware, FormFactor, PinPolicy, Slot, TouchPolicy};
use super::family::Family;
use super::key_algorithm::KeyAlgorithm;
use keymoot_core::{Rule, Violation};

const FIRMWARE: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.3);
const SERIAL: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.7);
const POLICY: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.8);
const FORM_FACTOR: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.9);
const FIPS: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.10);
const CSPN: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.11);

/// The name of a slot certificate, before the slot's two hexadecimal digits.
const SLOT_NAME: &str = "YubiKey PIV Attestation ";
/// The names that device certificates carry.
const DEVICE_NAMES: [&str; 2] = ["Yubico PIV Attestation", "YubiKey PIV Attestation"];

/// The facts in a slot certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlotStatement {
    pub(super) slot: Slot,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) firmware: Firmware,
    pub(super) serial: Option<u32>,
    pub(super) pin_policy: PinPolicy,
    pub(super) touch_policy: TouchPolicy,
    pub(super) form_factor: Option<FormFactor>,
}

/// The facts in a device certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeviceStatement {
    pub(super) firmware: Firmware,
    pub(super) fips: bool,
    pub(super) cspn: bool,
}

/// The violation when the two certificates are not a key's and a device's: the
/// right files in the wrong order, or the same one twice.
pub(super) fn mistaken(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
) -> Option<Violation> {
    let slot =
        |certificate: &Certificate<'_>| certificate.common_name().and_then(slot_named).is_some();
    let f9 = |certificate: &Certificate<'_>| {
        certificate
            .common_name()
            .is_some_and(|name| DEVICE_NAMES.contains(&name))
    };
    if f9(attestation) && slot(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "the two certificates are in the wrong order: the first is the device's, the second the key's",
            "give the key's attestation first and the device certificate second",
        ))
    } else if slot(attestation) && slot(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "both certificates are attestations of keys; the device certificate is missing",
            "read the certificate out of slot F9 of the same device and give it second",
        ))
    } else if f9(attestation) && f9(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "both certificates are of devices; the attestation of the key is missing",
            "have the device attest the key, and give that certificate first",
        ))
    } else {
        None
    }
}

/// Reads a slot certificate, which holds what the device writes and nothing else.
pub(super) fn slot_statement(
    certificate: &Certificate<'_>,
) -> Result<SlotStatement, Vec<Violation>> {
    let mut checks = Checks::of(Family::YubiKey.attestation_name(), certificate);
    let slot = checks.demand(
        certificate.common_name().and_then(slot_named),
        "is not named \"YubiKey PIV Attestation\" with a key slot",
    );
    let algorithm = checks.demand(
        KeyAlgorithm::of(certificate.public_key()),
        "holds a public key of a kind that no YubiKey generates",
    );
    checks.only_the_arc_of(Family::YubiKey);
    let firmware = checks.required(&FIRMWARE, firmware);
    let serial = checks.optional(&SERIAL, der_serial);
    let policies = checks.required(&POLICY, |value| match value {
        &[pin, touch] => Some((PinPolicy::from_byte(pin)?, TouchPolicy::from_byte(touch)?)),
        _ => None,
    });
    let form_factor = checks.optional(&FORM_FACTOR, |value| match value {
        &[byte] => Some(FormFactor::from_byte(byte)),
        _ => None,
    });
    match (slot, algorithm, firmware, policies) {
        (Some(slot), Some(algorithm), Some(firmware), Some((pin_policy, touch_policy)))
            if checks.violations.is_empty() =>
        {
            Ok(SlotStatement {
                slot,
                algorithm,
                firmware,
                serial,
                pin_policy,
                touch_policy,
                form_factor,
            })
        }
        _ => Err(checks.violations),
    }
}

/// Reads a device certificate, which may lack basicConstraints where `unconstrained`.
///
/// The U2F root also signs FIDO leaves, and YubiKeys under it have no
/// basicConstraints; name and firmware are therefore demanded of every device
/// certificate.
pub(super) fn device_statement(
    certificate: &Certificate<'_>,
    unconstrained: bool,
) -> Result<DeviceStatement, Vec<Violation>> {
    let mut checks = Checks::of("the device certificate", certificate);
    if !certificate
        .common_name()
        .is_some_and(|name| DEVICE_NAMES.contains(&name))
    {
        checks.fail("is not named as the vendor names device certificates of PIV");
    }
    checks.nothing_critical_unknown();
    let firmware = checks.required(&FIRMWARE, firmware);
    checks.may_attest(unconstrained);
    let fips = checks.optional(&FIPS, der_u32).is_some();
    // Documented without its content; only its presence is read.
    let cspn = certificate.extension(&CSPN).is_some();
    match firmware {
        Some(firmware) if checks.violations.is_empty() => Ok(DeviceStatement {
            firmware,
            fips,
            cspn,
        }),
        _ => Err(checks.violations),
    }
}

fn firmware(value: &[u8]) -> Option<Firmware> {
    Some(Firmware::from(<[u8; 3]>::try_from(value).ok()?))
}

/// The slot in a slot certificate's name.
fn slot_named(name: &str) -> Option<Slot> {
    let digits = name.strip_prefix(SLOT_NAME)?;
    let slot = Slot::from_byte(u8::from_str_radix(digits, 16).ok()?)?;
    // Lowercase, two digits, no sign.
    (slot.to_string() == digits).then_some(slot)
}

#[cfg(test)]
mod tests {
    use super::{Slot, slot_named};

    #[test]
    fn a_slot_is_named_by_two_lowercase_digits() {
        assert_eq!(
            slot_named("YubiKey PIV Attestation 9c"),
            Some(Slot::SIGNATURE)
        );
        for name in ["9C", "09c", "+9c", "f9", "9c ", "", "9"] {
            assert_eq!(
                slot_named(&format!("YubiKey PIV Attestation {name}")),
                None,
                "{name}"
            );
        }
    }
}
