//! The shape of a YubiHSM 2's attestation: a certificate that the device makes
//! for a key, and the device certificate that the vendor put into opaque object 0.
//!
//! Yubico, "Attestation"
//! (<https://developers.yubico.com/YubiHSM2/Concepts/Attestation.html>). The
//! extensions are under 1.3.6.1.4.1.41482.4; their contents are DER, and none
//! is critical.

use x509_parser::asn1_rs::{Oid, oid};

use super::capabilities::{Capabilities, Domains, Origin};
use super::certificate::Certificate;
use super::checks::{Checks, der_serial, der_u32};
use super::device_facts::Firmware;
use super::family::Family;
use super::key_algorithm::KeyAlgorithm;
use keymoot_core::{Rule, Violation};

const FIRMWARE: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.1);
const SERIAL: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.2);
const KEY_ORIGIN: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.3);
const DOMAINS: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.4);
const CAPABILITIES: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.5);
const OBJECT_ID: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.6);
const LABEL: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.9);
const FIPS: Oid<'static> = oid!(1.3.6.1.4.1.41482.4.10);

/// The seven extensions of a key's attestation, in the order of a device.
const ORDER: [Oid<'static>; 7] = [
    FIRMWARE,
    SERIAL,
    KEY_ORIGIN,
    DOMAINS,
    CAPABILITIES,
    OBJECT_ID,
    LABEL,
];

/// The name of a key's attestation, before the object's four hexadecimal digits.
const KEY_NAME: &str = "YubiHSM Attestation id:0x";
/// The name of a device certificate, around the serial number.
const DEVICE_NAME: [&str; 2] = ["YubiHSM Attestation (", ")"];
/// The longest label an object can have, in bytes.
const LABEL_LENGTH: usize = 40;

/// The facts in a key's attestation.
#[derive(Debug, Clone)]
pub(super) struct KeyStatement {
    pub(super) algorithm: KeyAlgorithm,
    pub(super) firmware: Firmware,
    pub(super) serial: u32,
    pub(super) origin: Origin,
    pub(super) domains: Domains,
    pub(super) capabilities: Capabilities,
    pub(super) object: u16,
    pub(super) label: String,
    /// The object in the certificate's name.
    named: u16,
}

/// The facts in a device certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeviceStatement {
    pub(super) serial: u32,
    pub(super) fips: bool,
    /// The serial number in the certificate's name.
    named: u32,
}

/// The violation when the two certificates are not a key's and a device's: the
/// right files in the wrong order, or the same one twice.
pub(super) fn mistaken(
    attestation: &Certificate<'_>,
    device: &Certificate<'_>,
) -> Option<Violation> {
    let key = |c: &Certificate<'_>| c.common_name().and_then(object_named).is_some();
    let unit = |c: &Certificate<'_>| c.common_name().and_then(serial_named).is_some();
    if unit(attestation) && key(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "the two certificates are in the wrong order: the first is the device's, the second the key's",
            "give the key's attestation first and the device certificate second",
        ))
    } else if key(attestation) && key(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "both certificates are attestations of keys; the device certificate is missing",
            "read opaque object 0 of the same device and give it second",
        ))
    } else if unit(attestation) && unit(device) {
        Some(Violation::new(
            Rule::DeviceEvidence,
            "both certificates are of devices; the attestation of the key is missing",
            "have the device attest the key, and give that certificate first",
        ))
    } else {
        None
    }
}

/// Reads the attestation of a key, which holds what the device writes and
/// nothing else.
pub(super) fn key_statement(certificate: &Certificate<'_>) -> Result<KeyStatement, Vec<Violation>> {
    let mut checks = Checks::of(Family::YubiHsm.attestation_name(), certificate);
    let named = checks.demand(
        certificate.common_name().and_then(object_named),
        "is not named \"YubiHSM Attestation id:\" with an object's id",
    );
    let algorithm = checks.demand(
        KeyAlgorithm::of(certificate.public_key()).filter(|algorithm| generated(*algorithm)),
        "holds a public key of a kind that this program does not read of a YubiHSM 2",
    );
    checks.only_the_arc_of(Family::YubiHsm);
    if certificate.extension(&FIPS).is_some() {
        checks.fail(format!(
            "has the extension {FIPS}, which belongs in device certificates"
        ));
    }
    let known: Vec<&Oid<'_>> = certificate
        .extensions()
        .iter()
        .map(|extension| &extension.oid)
        .filter(|oid| ORDER.contains(oid))
        .collect();
    if !known.iter().is_sorted_by_key(|oid| place(oid)) {
        checks.fail("has its extensions in an order that no device writes");
    }
    let firmware = checks.required(&FIRMWARE, firmware);
    let serial = checks.required(&SERIAL, der_serial);
    let origin = checks.required(&KEY_ORIGIN, |value| match value {
        &[0x03, 2, 0, byte] => Origin::from_byte(byte),
        _ => None,
    });
    let domains = checks.required(&DOMAINS, |value| match value {
        &[0x03, 3, 0, high, low] => Some(Domains::from_bits(u16::from_be_bytes([high, low]))),
        _ => None,
    });
    let capabilities = checks.required(&CAPABILITIES, |value| match value {
        [0x03, 9, 0, bits @ ..] => Some(Capabilities::from_bits(u64::from_be_bytes(
            bits.try_into().ok()?,
        ))),
        _ => None,
    });
    let object = checks.required(&OBJECT_ID, |value| u16::try_from(der_u32(value)?).ok());
    let label = checks.required(&LABEL, label);
    match (
        (named, algorithm, firmware, serial),
        (origin, domains, capabilities, object, label),
    ) {
        (
            (Some(named), Some(algorithm), Some(firmware), Some(serial)),
            (Some(origin), Some(domains), Some(capabilities), Some(object), Some(label)),
        ) if checks.violations.is_empty() => Ok(KeyStatement {
            algorithm,
            firmware,
            serial,
            origin,
            domains,
            capabilities,
            object,
            label,
            named,
        }),
        _ => Err(checks.violations),
    }
}

/// Reads a device certificate. Units of 2020 do not state their firmware there.
pub(super) fn device_statement(
    certificate: &Certificate<'_>,
) -> Result<DeviceStatement, Vec<Violation>> {
    let mut checks = Checks::of("the device certificate", certificate);
    let named = checks.demand(
        certificate.common_name().and_then(serial_named),
        "is not named \"YubiHSM Attestation\" with a serial number",
    );
    checks.nothing_critical_unknown();
    checks.may_attest(false);
    checks.optional(&FIRMWARE, firmware);
    let serial = checks.required(&SERIAL, der_serial);
    let fips = checks.optional(&FIPS, der_u32).is_some();
    match (named, serial) {
        (Some(named), Some(serial)) if checks.violations.is_empty() => Ok(DeviceStatement {
            serial,
            fips,
            named,
        }),
        _ => Err(checks.violations),
    }
}

/// Every contradiction between the statements about key and device, and an
/// origin that allows a copy.
pub(super) fn judged(key: &KeyStatement, device: Option<&DeviceStatement>) -> Vec<Violation> {
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
    if let Some(device) = device {
        found_if(
            key.serial != device.serial || device.serial != device.named,
            format!(
                "three serial numbers ought to be one: the key attestation states {}, the device certificate {}, its name {}",
                key.serial, device.serial, device.named
            ),
        );
    }
    found_if(
        key.object != key.named,
        format!(
            "the key attestation states object 0x{:04x} and is named for 0x{:04x}",
            key.object, key.named
        ),
    );
    found_if(
        key.domains.bits() == 0,
        "the key is in no domain, and so nobody could use it".to_owned(),
    );
    found_if(
        key.firmware < Firmware::new(2, 0, 0),
        format!(
            "firmware {} attests a key, and the YubiHSM 2 began with 2.0.0",
            key.firmware
        ),
    );
    if key.object == 0 {
        found.push(Violation::new(
            Rule::DeviceEvidence,
            "the attestation is of object 0x0000, the device's own attestation key, and of no key of a holder",
            "attest the key that was generated for the holder",
        ));
    }
    if key.origin != Origin::GENERATED {
        found.push(Violation::new(
            Rule::DeviceOrigin,
            format!(
                "the key's origin is \"{}\": it was not made in this device alone, and a copy may exist elsewhere",
                key.origin
            ),
            "generate a key in the device, and attest that one",
        ));
    }
    found
}

/// The kinds of signing keys known from evidence of a YubiHSM 2, or documented
/// for it with an encoding that this program reads.
fn generated(algorithm: KeyAlgorithm) -> bool {
    match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Ed25519 => true,
        KeyAlgorithm::Rsa(bits) => bits >= 2048,
        KeyAlgorithm::X25519 => false,
    }
}

fn place(oid: &Oid<'_>) -> Option<usize> {
    ORDER.iter().position(|known| known == oid)
}

fn firmware(value: &[u8]) -> Option<Firmware> {
    match value {
        [0x04, 3, version @ ..] => Some(Firmware::from(<[u8; 3]>::try_from(version).ok()?)),
        _ => None,
    }
}

fn label(value: &[u8]) -> Option<String> {
    let [0x0c, length, text @ ..] = value else {
        return None;
    };
    if usize::from(*length) != text.len() || text.len() > LABEL_LENGTH || text.contains(&0) {
        return None;
    }
    String::from_utf8(text.to_vec()).ok()
}

/// The object in the name of a key's attestation.
fn object_named(name: &str) -> Option<u16> {
    let digits = name.strip_prefix(KEY_NAME)?;
    let object = u16::from_str_radix(digits, 16).ok()?;
    // Lowercase, four digits, no sign.
    (format!("{object:04x}") == digits).then_some(object)
}

/// The serial number in the name of a device certificate.
fn serial_named(name: &str) -> Option<u32> {
    let [before, after] = DEVICE_NAME;
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    let serial: u32 = digits.parse().ok()?;
    // Digits without a sign. Leading zeros are accepted, because no
    // genuine unit with a short number has been seen.
    digits
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::{label, object_named, serial_named};

    #[test]
    fn a_key_is_named_by_four_lowercase_digits() {
        assert_eq!(object_named("YubiHSM Attestation id:0x0003"), Some(3));
        assert_eq!(object_named("YubiHSM Attestation id:0xab01"), Some(0xab01));
        for name in ["3", "0X03", "AB01", "+003", "00003", ""] {
            assert_eq!(
                object_named(&format!("YubiHSM Attestation id:0x{name}")),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn a_device_is_named_by_its_serial_number() {
        assert_eq!(
            serial_named("YubiHSM Attestation (13200460)"),
            Some(13_200_460)
        );
        for name in ["", "+1", "-1", " 1", "1 ", "4294967296", "0x1"] {
            assert_eq!(
                serial_named(&format!("YubiHSM Attestation ({name})")),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn a_label_is_short_text_without_its_padding() {
        assert_eq!(label(b"\x0c\x08tuf-root"), Some("tuf-root".to_owned()));
        assert_eq!(label(b"\x0c\x00"), Some(String::new()));
        let long = [&[0x0c, 41][..], &[b'a'; 41]].concat();
        for wrong in [
            &b""[..],
            b"\x0c",
            b"\x0c\x02a",
            b"\x0c\x01ab",
            b"\x13\x01a",
            b"\x0c\x01\x00",
            b"\x0c\x01\xff",
            &long,
        ] {
            assert_eq!(label(wrong), None, "{wrong:?}");
        }
    }
}
