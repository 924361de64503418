//! YubiKeys' certificates, field by field as the real ones have them.
//!
//! Measured on Yubico's published roots, intermediates and devices. What differs is only what says
//! that this vendor is simulated: authorities carry SIMULATED in their common name, and F9's issuer
//! with them.

use super::certificate::{
    Algorithm, Body, COMMON_NAME, Signer, authority_constraints, key_identifier, rsa_spki,
    subject_and_validity,
};
use super::der::{bits, extension, integer, name, sequence};
use super::role::{Role, subject};
use crate::tlv::tlv;
use crate::yubikey::plate::{Firmware, Model, Plate};
use rsa::RsaPrivateKey;

/// Yubico's PIV extensions: 1.3.6.1.4.1.41482.3.`last`.
const fn yubico(last: u32) -> [u32; 9] {
    [1, 3, 6, 1, 4, 1, 41482, 3, last]
}

fn validity(old_shape: bool) -> Vec<u8> {
    let (from, until) = if old_shape {
        ("160314000000Z", "20520417000000Z")
    } else {
        ("241201000000Z", "99991231235959Z")
    };
    sequence(&[&tlv(0x17, from.as_bytes()), &tlv(0x18, until.as_bytes())])
}

/// The certificate of an authority of YubiKeys, signed by its parent (itself, for a root).
pub(super) fn authority(
    role: Role,
    key: &RsaPrivateKey,
    parent: Role,
    signer: &RsaPrivateKey,
) -> Option<Vec<u8>> {
    let old_shape = role == Role::PivRoot;
    let own = key_identifier(key.as_public_key());
    let path_length = match role {
        Role::PivRoot | Role::PivIssuer => 1,
        Role::AttestationIntermediate => 2,
        Role::AttestationRoot => 3,
        Role::YubihsmRoot | Role::YubihsmIssuer => return None,
    };
    let mut extensions = vec![extension(&[2, 5, 29, 14], false, &tlv(0x04, &own))];
    if !old_shape {
        let authority = tlv(0x80, &key_identifier(signer.as_public_key()));
        extensions.push(extension(&[2, 5, 29, 35], false, &tlv(0x30, &authority)));
    }
    extensions.push(extension(
        &[2, 5, 29, 19],
        !old_shape,
        &authority_constraints(path_length),
    ));
    // Key usage: certificate and CRL signing, and in the new shape digital signatures too.
    let usage = if old_shape {
        [0x03, 0x02, 0x01, 0x06]
    } else {
        [0x03, 0x02, 0x01, 0x86]
    };
    extensions.push(extension(&[2, 5, 29, 15], true, &usage));
    let serial: &[u8] = if old_shape { &[0x01] } else { &own };
    let body = Body {
        serial,
        issuer: subject(parent),
        validity: validity(old_shape),
        subject: subject(role),
        spki: rsa_spki(key.as_public_key()),
        extensions,
    };
    let algorithm = match role {
        Role::AttestationRoot => Algorithm::Sha512,
        Role::PivIssuer => Algorithm::Sha256WithoutParameters,
        _ => Algorithm::Sha256,
    };
    body.signed(&algorithm, signer)
}

/// F9's certificate, as the factory puts it into every device of a batch.
pub(super) fn batch_certificate(
    model: Model,
    random: &[u8; 32],
    key: &RsaPrivateKey,
    issuer: Role,
    signer: &RsaPrivateKey,
) -> Option<Vec<u8>> {
    let old_shape = issuer == Role::PivRoot;
    let common_name = if old_shape {
        "Yubico PIV Attestation"
    } else {
        "YubiKey PIV Attestation"
    };
    let mut extensions = vec![extension(&yubico(3), false, &model.firmware.bytes())];
    if model.fips {
        extensions.push(extension(&yubico(10), false, &integer(&[3])));
    }
    // A YubiKey 4's F9 says nothing about being an authority.
    if model.firmware >= Firmware::new(5, 0, 0) {
        extensions.push(extension(&[2, 5, 29, 19], true, &authority_constraints(0)));
    }
    let mut serial = *random.first_chunk::<8>()?;
    serial[0] |= 0x80;
    let body = Body {
        serial: &serial,
        issuer: subject(issuer),
        validity: validity(old_shape),
        subject: name(&[(COMMON_NAME, common_name)]),
        spki: rsa_spki(key.as_public_key()),
        extensions,
    };
    body.signed(&Algorithm::Sha256, signer)
}

/// What a device says about one of its keys.
pub struct Statement<'a> {
    /// Who says it.
    pub plate: &'a Plate,
    /// Where the key is.
    pub slot: u8,
    /// The key, as SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// PIN policy and touch policy.
    pub policy: [u8; 2],
    /// The certificate's serial number.
    pub serial: [u8; 16],
}

/// The attestation of a key, signed with the key in F9. Issuer and validity come from the
/// certificate in F9. `None` when that certificate cannot be read or the key cannot sign.
#[must_use]
pub fn device_certificate(
    statement: &Statement,
    f9_certificate: &[u8],
    f9: &dyn Signer,
) -> Option<Vec<u8>> {
    let plate = statement.plate;
    let (issuer, validity) = subject_and_validity(f9_certificate)?;
    let mut serial = statement.serial;
    let mut extensions = vec![
        extension(&yubico(3), false, &plate.model.firmware.bytes()),
        extension(&yubico(7), false, &integer(&plate.serial.to_be_bytes())),
        extension(&yubico(8), false, &statement.policy),
    ];
    if plate.model.firmware >= Firmware::new(5, 0, 0) {
        extensions.push(extension(&yubico(9), false, &[plate.form_factor()]));
        // The serial numbers of every YubiKey 5 sample seen begin with this byte; those of a 4 do
        // not.
        serial[0] = 0x01;
    }
    let body = Body {
        serial: &serial,
        issuer,
        validity,
        subject: name(&[(
            COMMON_NAME,
            &format!("YubiKey PIV Attestation {:02x}", statement.slot),
        )]),
        spki: statement.spki.clone(),
        extensions,
    };
    let identifier = f9.algorithm_identifier()?;
    let tbs = body.tbs(&identifier);
    Some(sequence(&[
        &tbs,
        &identifier,
        &bits(&f9.sign_certificate(&tbs)?),
    ]))
}
