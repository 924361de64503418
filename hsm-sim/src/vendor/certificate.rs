//! The parts of a certificate, and signing it.

use super::der::{bits, explicit, integer, null, oid, sequence};
use crate::tlv::{list, split, tlv};
use base64::Engine;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256, Sha512};

pub(super) const COMMON_NAME: &[u32] = &[2, 5, 4, 3];
const SHA256_RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 11];
const SHA512_RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 13];
const RSA: &[u32] = &[1, 2, 840, 113549, 1, 1, 1];

/// Something certificates can be signed with.
pub trait Signer {
    /// The `signatureAlgorithm` of its certificates; `None` when it signs none.
    fn algorithm_identifier(&self) -> Option<Vec<u8>>;
    /// The signature over a `tbsCertificate`.
    fn sign_certificate(&self, tbs: &[u8]) -> Option<Vec<u8>>;
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

/// The `signatureAlgorithm` of what an RSA F9 key signs.
#[must_use]
pub fn sha256_with_rsa() -> Vec<u8> {
    Algorithm::Sha256.identifier()
}

pub(super) fn subject_and_validity(certificate: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (_, certificate, _) = split(certificate)?;
    let (_, tbs, _) = split(certificate)?;
    let fields = list(tbs)?;
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
