//! The vendor's certificates, field by field as the real ones have them.
//!
//! Measured on Yubico's published roots, intermediates and devices. What differs is only what says
//! that this vendor is simulated: authorities carry SIMULATED in their common name, and F9's issuer
//! with them.

use super::der::{bits, explicit, extension, integer, name, null, oid, sequence};
use super::{Role, yubihsm};
use crate::tlv::{split, tlv};
use crate::yubikey::piv::key::Signer;
use crate::yubikey::plate::{Firmware, Model, Plate};
use base64::Engine;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256, Sha512};

pub(super) const COMMON_NAME: &[u32] = &[2, 5, 4, 3];
const SHA256_RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 11];
const SHA512_RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 13];
const RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 1];

/// Yubico's PIV extensions: 1.3.6.1.4.1.41482.3.`last`.
const fn yubico(last: u32) -> [u32; 9] {
    [1, 3, 6, 1, 4, 1, 41482, 3, last]
}

pub(super) fn subject(role: Role) -> Vec<u8> {
    let text = match role {
        Role::PivRoot => "SIMULATED PIV Root CA Serial 1",
        Role::AttestationRoot => "SIMULATED Attestation Root 1",
        Role::AttestationIntermediate => "SIMULATED Attestation Intermediate B 1",
        Role::PivIssuer => "SIMULATED PIV Attestation B2 1",
        Role::YubihsmRoot => "SIMULATED YubiHSM Root CA",
        Role::YubihsmIssuer => "SIMULATED YubiHSM 1 Sub-CA",
    };
    name(&[(COMMON_NAME, text)])
}

fn validity(old_shape: bool) -> Vec<u8> {
    let (from, until) = if old_shape {
        ("160314000000Z", "20520417000000Z")
    } else {
        ("241201000000Z", "99991231235959Z")
    };
    sequence(&[&tlv(0x17, from.as_bytes()), &tlv(0x18, until.as_bytes())])
}

/// How a certificate names its signature algorithm. Yubico's B2 issuer was signed with parameters
/// absent where all others have NULL; both are in the field, so both are made here.
pub(super) enum Algorithm {
    Sha256,
    Sha256WithoutParameters,
    Sha512,
}

impl Algorithm {
    fn identifier(&self) -> Vec<u8> {
        match self {
            Self::Sha256 => sequence(&[&oid(SHA256_RSA), &null()]),
            Self::Sha256WithoutParameters => sequence(&[&oid(SHA256_RSA)]),
            Self::Sha512 => sequence(&[&oid(SHA512_RSA), &null()]),
        }
    }

    fn sign(&self, key: &RsaPrivateKey, tbs: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Sha512 => key.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(tbs)),
            _ => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(tbs)),
        }
        .ok()
    }
}

/// The PKCS #1 form of a public key: what a key identifier is the digest of.
fn pkcs1(key: &RsaPublicKey) -> Vec<u8> {
    sequence(&[&integer(&key.n_bytes()), &integer(&key.e_bytes())])
}

/// The SubjectPublicKeyInfo of an RSA key.
pub fn rsa_spki(key: &RsaPublicKey) -> Vec<u8> {
    sequence(&[&sequence(&[&oid(RSA), &null()]), &bits(&pkcs1(key))])
}

/// RFC 7093 method 1: the leftmost 160 bits of SHA-256 over the key.
pub(super) fn key_identifier(key: &RsaPublicKey) -> Vec<u8> {
    Sha256::digest(pkcs1(key))
        .iter()
        .take(20)
        .copied()
        .collect()
}

/// What a certificate says.
pub(super) struct Body<'a> {
    pub serial: &'a [u8],
    pub issuer: Vec<u8>,
    pub validity: Vec<u8>,
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    pub extensions: Vec<Vec<u8>>,
}

impl Body<'_> {
    pub(super) fn tbs(&self, algorithm: &[u8]) -> Vec<u8> {
        sequence(&[
            &explicit(0, &integer(&[2])),
            &integer(self.serial),
            algorithm,
            &self.issuer,
            &self.validity,
            &self.subject,
            &self.spki,
            &explicit(3, &tlv(0x30, &self.extensions.concat())),
        ])
    }

    pub(super) fn signed(&self, algorithm: &Algorithm, key: &RsaPrivateKey) -> Option<Vec<u8>> {
        let identifier = algorithm.identifier();
        let tbs = self.tbs(&identifier);
        Some(sequence(&[
            &tbs,
            &identifier,
            &bits(&algorithm.sign(key, &tbs)?),
        ]))
    }
}

pub(super) fn authority_constraints(path_length: u8) -> Vec<u8> {
    sequence(&[&[0x01, 0x01, 0xff], &integer(&[path_length])])
}

/// The certificate of an authority, signed by its parent (itself, for a root).
pub(super) fn authority_certificate(
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
        Role::YubihsmRoot | Role::YubihsmIssuer => return yubihsm::authority(role, key, signer),
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

/// The `signatureAlgorithm` of what an RSA F9 key signs.
#[must_use]
pub fn sha256_with_rsa() -> Vec<u8> {
    Algorithm::Sha256.identifier()
}

pub(super) fn subject_and_validity(certificate: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (_, certificate, _) = split(certificate)?;
    let (_, tbs, _) = split(certificate)?;
    let fields = crate::tlv::list(tbs)?;
    match fields.as_slice() {
        [
            (0xa0, _),
            (0x02, _),
            (0x30, _),
            (0x30, _),
            (0x30, validity),
            (0x30, subject),
            ..,
        ] => Some((tlv(0x30, subject), tlv(0x30, validity))),
        _ => None,
    }
}

/// A certificate in PEM.
pub(super) fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (i, character) in text.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}
