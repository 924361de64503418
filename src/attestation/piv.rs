//! The shape of a YubiKey's PIV attestation: a slot certificate made by the
//! device and the device certificate from its slot F9.
//!
//! Yubico, "PIV attestation"
//! (<https://developers.yubico.com/PIV/Introduction/PIV_attestation.html>).
//! The extensions stand under 1.3.6.1.4.1.41482.3; their contents are partly
//! raw bytes and partly DER, and none is critical.

use x509_parser::asn1_rs::{Oid, oid};

use super::certificate::{BASIC_CONSTRAINTS, Certificate, KEY_USAGE, SignatureAlgorithm};
use super::device_facts::{Firmware, FormFactor, PinPolicy, Slot, TouchPolicy};
use super::key_algorithm::KeyAlgorithm;
use super::violation::{EVIDENCE, Violation};

const FIRMWARE: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.3);
const SERIAL: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.7);
const POLICY: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.8);
const FORM_FACTOR: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.9);
const FIPS: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.10);
const CSPN: Oid<'static> = oid!(1.3.6.1.4.1.41482.3.11);

const PIV_ARC: &str = "1.3.6.1.4.1.41482.3.";
const YUBIHSM_ARC: &str = "1.3.6.1.4.1.41482.4.";

/// The name of a slot certificate, before the slot's two hexadecimal digits.
const SLOT_NAME: &str = "YubiKey PIV Attestation ";
/// The names that device certificates carry.
const DEVICE_NAMES: [&str; 2] = ["Yubico PIV Attestation", "YubiKey PIV Attestation"];

/// What a slot certificate states.
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

/// What a device certificate states.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeviceStatement {
    pub(super) fips: bool,
    pub(super) cspn: bool,
}

/// What is wrong when the two certificates are not a PIV pair at all: other
/// evidence, or the right files in the wrong order.
pub(super) fn mistaken(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
) -> Option<Violation> {
    let yubihsm = |certificate: &Certificate<'_>| {
        certificate
            .extensions()
            .iter()
            .any(|extension| extension.oid.to_id_string().starts_with(YUBIHSM_ARC))
    };
    let slot =
        |certificate: &Certificate<'_>| certificate.common_name().and_then(slot_named).is_some();
    let f9 = |certificate: &Certificate<'_>| {
        certificate
            .common_name()
            .is_some_and(|name| DEVICE_NAMES.contains(&name))
    };
    if yubihsm(attestation) || yubihsm(device) {
        Some(Violation::new(
            EVIDENCE,
            format!(
                "\"{}\" under \"{}\" is evidence of a YubiHSM 2",
                attestation.subject_text(),
                device.subject_text()
            ),
            "give the slot attestation and the F9 certificate of a YubiKey",
        ))
    } else if f9(attestation) && slot(device) {
        Some(Violation::new(
            EVIDENCE,
            "the two certificates are in the wrong order: the first is the device's, the second the key's",
            "give the key's attestation first and the device certificate second",
        ))
    } else if slot(attestation) && slot(device) {
        Some(Violation::new(
            EVIDENCE,
            "both certificates are attestations of keys; the device certificate is missing",
            "read the certificate out of slot F9 of the same device and give it second",
        ))
    } else {
        None
    }
}

/// Reads a slot certificate, which holds what the device writes and nothing else.
pub(super) fn slot_statement(
    certificate: &Certificate<'_>,
) -> Result<SlotStatement, Vec<Violation>> {
    let mut checks = Checks::of("the slot attestation", certificate);
    let slot = checks.demand(
        certificate.common_name().and_then(slot_named),
        "is not named \"YubiKey PIV Attestation\" with a key slot",
    );
    let algorithm = checks.demand(
        KeyAlgorithm::of(certificate.public_key()),
        "holds a public key of a kind that no YubiKey generates",
    );
    for extension in certificate.extensions() {
        // A later firmware may state more under the vendor's own arc.
        if extension.critical || !extension.oid.to_id_string().starts_with(PIV_ARC) {
            checks.fail(format!(
                "has the extension {}, which no device writes",
                extension.oid
            ));
        }
    }
    let firmware = checks.firmware();
    let serial = checks.optional(&SERIAL, |value| {
        der_u32(value).filter(|&serial| serial != 0)
    });
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

/// Reads a device certificate.
///
/// The U2F root also signs FIDO leaves, and a YubiKey 4 under it has no
/// basicConstraints; name and firmware are therefore demanded of every device
/// certificate, and a certificate authority of every later device.
pub(super) fn device_statement(
    certificate: &Certificate<'_>,
) -> Result<DeviceStatement, Vec<Violation>> {
    let mut checks = Checks::of("the device certificate", certificate);
    if !certificate
        .common_name()
        .is_some_and(|name| DEVICE_NAMES.contains(&name))
    {
        checks.fail("is not named as the vendor names device certificates of PIV");
    }
    for extension in certificate.extensions() {
        let known = [BASIC_CONSTRAINTS, KEY_USAGE].contains(&extension.oid);
        if extension.critical && !known {
            checks.fail(format!(
                "has the critical extension {}, which is not understood",
                extension.oid
            ));
        }
    }
    let firmware = checks.firmware();
    match certificate.basic_constraints() {
        Err(what) => checks.fail(what),
        Ok(Some(constraints)) if !constraints.ca => {
            checks.fail("is not allowed to attest: it is no authority")
        }
        Ok(None) if firmware.is_some_and(|firmware| firmware.major() > 4) => {
            checks.fail("is not allowed to attest: it has no basicConstraints");
        }
        Ok(_) => {}
    }
    match certificate.key_usage() {
        Err(what) => checks.fail(what),
        Ok(Some(usage)) if !usage.key_cert_sign() => {
            checks.fail("is not allowed to attest by its keyUsage")
        }
        Ok(_) => {}
    }
    let fips = checks.optional(&FIPS, der_u32).is_some();
    // Documented without its content; only its presence is read.
    let cspn = certificate.extension(&CSPN).is_some();
    if checks.violations.is_empty() {
        Ok(DeviceStatement { fips, cspn })
    } else {
        Err(checks.violations)
    }
}

/// Collects everything that is wrong with one certificate.
struct Checks<'c, 'd> {
    name: &'static str,
    certificate: &'c Certificate<'d>,
    violations: Vec<Violation>,
}

impl<'c, 'd> Checks<'c, 'd> {
    fn of(name: &'static str, certificate: &'c Certificate<'d>) -> Self {
        let mut checks = Self {
            name,
            certificate,
            violations: Vec::new(),
        };
        if certificate.signature_algorithm() != SignatureAlgorithm::Sha256WithRsa {
            checks.fail("is not signed with RSA and SHA-256");
        }
        checks
    }

    fn fail(&mut self, what: impl AsRef<str>) {
        let (name, subject) = (self.name, self.certificate.subject_text());
        self.violations.push(Violation::evidence(format!(
            "{name} \"{subject}\" {}",
            what.as_ref()
        )));
    }

    fn demand<T>(&mut self, found: Option<T>, otherwise: &str) -> Option<T> {
        if found.is_none() {
            self.fail(otherwise);
        }
        found
    }

    fn optional<T>(&mut self, oid: &Oid<'_>, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let value = self.certificate.extension(oid)?.value;
        self.demand(
            read(value),
            &format!("has the extension {oid} with a content it cannot have"),
        )
    }

    fn required<T>(&mut self, oid: &Oid<'_>, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if self.certificate.extension(oid).is_none() {
            self.fail(format!("lacks the extension {oid}"));
        }
        self.optional(oid, read)
    }

    fn firmware(&mut self) -> Option<Firmware> {
        self.required(&FIRMWARE, |value| {
            Some(Firmware::from(<[u8; 3]>::try_from(value).ok()?))
        })
    }
}

/// The slot in a slot certificate's name.
fn slot_named(name: &str) -> Option<Slot> {
    let digits = name.strip_prefix(SLOT_NAME)?;
    let slot = Slot::from_byte(u8::from_str_radix(digits, 16).ok()?)?;
    // Lowercase, two digits, no sign.
    (slot.to_string() == digits).then_some(slot)
}

/// A DER INTEGER that fits 32 bits unsigned. Leading zeros beyond DER's are
/// let through: firmware writes serial numbers in four bytes.
fn der_u32(value: &[u8]) -> Option<u32> {
    let [0x02, length, number @ ..] = value else {
        return None;
    };
    if usize::from(*length) != number.len() || number.len() > 5 || number.first()? & 0x80 != 0 {
        return None;
    }
    u32::try_from(
        number
            .iter()
            .fold(0u64, |sum, &byte| sum << 8 | u64::from(byte)),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::{Slot, der_u32, slot_named};

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

    #[test]
    fn a_serial_number_is_a_whole_positive_der_integer() {
        assert_eq!(der_u32(&[2, 4, 0x01, 0x85, 0x53, 0xfb]), Some(0x0185_53fb));
        assert_eq!(der_u32(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]), Some(u32::MAX));
        for wrong in [
            &[][..],
            &[2, 0],
            &[2, 1, 0x80],
            &[2, 1, 1, 1],
            &[2, 5, 1, 0, 0, 0, 0],
            &[4, 1, 1],
        ] {
            assert_eq!(der_u32(wrong), None, "{wrong:?}");
        }
    }
}
