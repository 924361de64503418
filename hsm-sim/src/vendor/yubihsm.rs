//! YubiHSMs' certificates, field by field as the real ones have them.
//!
//! Measured on Yubico's YubiHSM root and its issuer, and on devices and keys of 2020 (firmware
//! 2.1.2) and 2024 (firmware 2.4.1). What differs is only what says that this vendor is simulated.

use super::certificate::{
    Algorithm, Body, COMMON_NAME, authority_constraints, key_identifier, rsa_spki,
    subject_and_validity,
};
use super::der::{bits, extension, integer, name, octets, sequence, utf8_bytes};
use super::role::{Role, subject};
use crate::tlv::tlv;
use crate::yubihsm::plate::Plate;
use rsa::RsaPrivateKey;

/// Yubico's YubiHSM extensions: 1.3.6.1.4.1.41482.4.`last`.
const fn yubico(last: u32) -> [u32; 9] {
    [1, 3, 6, 1, 4, 1, 41482, 4, last]
}

fn validity() -> Vec<u8> {
    sequence(&[&tlv(0x17, b"170101000000Z"), &tlv(0x18, b"20711005000000Z")])
}

fn subject_key(key: &RsaPrivateKey) -> Vec<u8> {
    let identifier = key_identifier(key.as_public_key());
    extension(&[2, 5, 29, 14], false, &octets(&identifier))
}

fn authority_key(key: &RsaPrivateKey) -> Vec<u8> {
    let identifier = tlv(0x80, &key_identifier(key.as_public_key()));
    extension(&[2, 5, 29, 35], false, &tlv(0x30, &identifier))
}

fn constraints(path_length: u8) -> Vec<u8> {
    extension(&[2, 5, 29, 19], true, &authority_constraints(path_length))
}

/// The certificate of the root of YubiHSMs or of their issuer.
pub(super) fn authority(
    role: Role,
    key: &RsaPrivateKey,
    signer: &RsaPrivateKey,
) -> Option<Vec<u8>> {
    // Certificate and CRL signing.
    let usage = extension(&[2, 5, 29, 15], true, &[0x03, 0x02, 0x01, 0x06]);
    let (serial, extensions): (&[u8], _) = if role == Role::YubihsmRoot {
        (&[1, 0, 0, 0], vec![subject_key(key), constraints(2), usage])
    } else {
        let chained = authority_key(signer);
        (
            &[1, 0, 1],
            vec![subject_key(key), chained, constraints(1), usage],
        )
    };
    let body = Body {
        serial,
        issuer: subject(Role::YubihsmRoot),
        validity: validity(),
        subject: subject(role),
        spki: rsa_spki(key.as_public_key()),
        extensions,
    };
    body.signed(&Algorithm::Sha256, signer)
}

/// A device's own certificate. Devices of 2020 do not say their firmware in it.
pub(super) fn device_certificate(
    plate: &Plate,
    random: &[u8; 32],
    key: &RsaPrivateKey,
    issuer: &RsaPrivateKey,
) -> Option<Vec<u8>> {
    let mut extensions = Vec::new();
    if plate.firmware.since(3, 0) {
        extensions.push(firmware_extension(plate.firmware.bytes()));
    }
    extensions.extend([
        serial_extension(plate.serial),
        subject_key(key),
        authority_key(issuer),
        constraints(0),
    ]);
    let mut serial = *random.first_chunk::<8>()?;
    serial[0] |= 0x80;
    let body = Body {
        serial: &serial,
        issuer: subject(Role::YubihsmIssuer),
        validity: validity(),
        subject: name(&[(
            COMMON_NAME,
            &format!("YubiHSM Attestation ({})", plate.serial),
        )]),
        spki: rsa_spki(key.as_public_key()),
        extensions,
    };
    body.signed(&Algorithm::Sha256, issuer)
}

fn firmware_extension(firmware: [u8; 3]) -> Vec<u8> {
    extension(&yubico(1), false, &octets(&firmware))
}

fn serial_extension(serial: u32) -> Vec<u8> {
    extension(&yubico(2), false, &integer(&serial.to_be_bytes()))
}

/// What a device says about one of its keys.
pub struct Statement<'a> {
    /// The device's firmware.
    pub firmware: [u8; 3],
    /// The device's serial number.
    pub device: u32,
    /// Where the key came from.
    pub origin: u8,
    /// The domains it is in.
    pub domains: u16,
    /// What it may be used for.
    pub capabilities: u64,
    /// Its identifier.
    pub id: u16,
    /// Its label.
    pub label: &'a [u8],
    /// The key, as SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// The certificate's serial number.
    pub serial: [u8; 16],
}

/// The attestation of a key. Issuer and validity come from the certificate of the key that signs,
/// `algorithm` and `sign` from that key. `None` when the certificate cannot be read or the key
/// cannot sign.
#[must_use]
pub fn key_certificate(
    statement: &Statement,
    attester: &[u8],
    algorithm: &[u8],
    sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let (issuer, validity) = subject_and_validity(attester)?;
    let body = Body {
        serial: &statement.serial,
        issuer,
        validity,
        subject: name(&[(
            COMMON_NAME,
            &format!("YubiHSM Attestation id:0x{:04x}", statement.id),
        )]),
        spki: statement.spki.clone(),
        extensions: vec![
            firmware_extension(statement.firmware),
            serial_extension(statement.device),
            extension(&yubico(3), false, &bits(&[statement.origin])),
            extension(&yubico(4), false, &bits(&statement.domains.to_be_bytes())),
            extension(
                &yubico(5),
                false,
                &bits(&statement.capabilities.to_be_bytes()),
            ),
            extension(&yubico(6), false, &integer(&statement.id.to_be_bytes())),
            extension(&yubico(9), false, &utf8_bytes(statement.label)),
        ],
    };
    let tbs = body.tbs(algorithm);
    Some(sequence(&[&tbs, algorithm, &bits(&sign(&tbs)?)]))
}
