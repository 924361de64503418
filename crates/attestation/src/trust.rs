//! The pinned keys of vendors, and what each may sign.
//!
//! A store pins keys, not certificates: two certificates exist for Yubico's PIV root 263751 with
//! one key, and either represents it. Each key is pinned in one role. Yubico's Attestation Root 1
//! also leads to FIDO, OpenPGP and Secure Domain issuers, so a chain to that root alone proves
//! nothing. A YubiKey counts only through a key pinned as an issuer of PIV devices. A YubiHSM 2
//! counts only through a key pinned as an issuer of YubiHSM 2s.
//!
//! A store that exists is sound. Every certificate in it is a certificate authority fit for its
//! role, and every root has signed itself. Every other certificate is signed by a root in it,
//! directly or through the right roles. Path lengths are checked on intermediates only. On roots
//! they say nothing reliable: 263751's older certificate and the U2F root have path length 0.
//! Genuine devices under them are one step deeper.

use std::fmt;

use serde::Deserialize;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::certificate::{BASIC_CONSTRAINTS, Certificate, KEY_USAGE, SignatureAlgorithm};
use super::facts::Link;
use super::family::Family;
use super::hierarchy::FirmwareRange;
use super::rsa;
use keymoot_core::digest::Digest;
use keymoot_core::{Rule, Violation};

/// What a vendor's key may sign: its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Device certificates of YubiKeys, directly.
    PivRoot,
    /// Certificates of [`Role::AttestationIntermediate`].
    AttestationRoot,
    /// Certificates of [`Role::PivIssuer`] and [`Role::YubihsmIssuer`].
    AttestationIntermediate,
    /// Device certificates of YubiKeys.
    PivIssuer,
    /// Certificates of [`Role::YubihsmIssuer`].
    YubihsmRoot,
    /// Device certificates of YubiHSM 2s.
    YubihsmIssuer,
}

impl Role {
    /// The role whose signature a certificate in this role needs; none for a root.
    ///
    /// Issuers of YubiHSM 2s are under their own root or, the newest, in
    /// the hierarchy of Attestation Root 1.
    const fn issuers(self) -> &'static [Self] {
        match self {
            Self::PivRoot | Self::AttestationRoot | Self::YubihsmRoot => &[],
            Self::AttestationIntermediate => &[Self::AttestationRoot],
            Self::PivIssuer => &[Self::AttestationIntermediate],
            Self::YubihsmIssuer => &[
                Self::YubihsmRoot,
                Self::AttestationIntermediate,
                Self::AttestationRoot,
            ],
        }
    }

    /// How many further authorities are between a key in this role and the
    /// key that a device attests.
    const fn authorities_below(self) -> u32 {
        match self {
            Self::AttestationRoot => 3,
            Self::AttestationIntermediate | Self::YubihsmRoot => 2,
            Self::PivRoot | Self::PivIssuer | Self::YubihsmIssuer => 1,
        }
    }

    /// Whether device certificates that keys in this role sign may lack basicConstraints: those
    /// that a root signs itself do, on every YubiKey 4 and on some YubiKey 5 (a 5Ci, 5.2.4).
    pub(super) const fn leaves_devices_unconstrained(self) -> bool {
        matches!(self, Self::PivRoot)
    }

    /// Whether keys in this role are roots of YubiKeys' chains.
    pub(super) const fn has_yubikeys(self) -> bool {
        matches!(self, Self::PivRoot | Self::AttestationRoot)
    }

    /// Whether keys in this role sign device certificates of the family.
    pub(super) const fn signs(self, family: Family) -> bool {
        match family {
            Family::YubiKey => matches!(self, Self::PivRoot | Self::PivIssuer),
            Family::YubiHsm => matches!(self, Self::YubihsmIssuer),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PivRoot => "piv-root",
            Self::AttestationRoot => "attestation-root",
            Self::AttestationIntermediate => "attestation-intermediate",
            Self::PivIssuer => "piv-issuer",
            Self::YubihsmRoot => "yubihsm-root",
            Self::YubihsmIssuer => "yubihsm-issuer",
        })
    }
}

/// A set of pinned vendor keys.
#[derive(Debug, Clone)]
pub struct TrustStore {
    name: String,
    pub(super) compiled_in: bool,
    anchors: Vec<Anchor>,
    files: Vec<(String, Vec<u8>)>,
}

/// One pinned key, with the certificate it came in.
#[derive(Debug, Clone)]
pub(super) struct Anchor {
    pub(super) role: Role,
    pub(super) subject_text: String,
    pub(super) digest: Digest,
    pub(super) subject: Vec<u8>,
    pub(super) validity: (i64, i64),
    /// Of a root: the firmware of the YubiKeys under it, where the store bounds it.
    pub(super) firmware: Option<FirmwareRange>,
    spki: Vec<u8>,
    /// Where in the store the key is that signed this one; none for a root.
    issuer: Option<usize>,
}

impl Anchor {
    /// This key as a link of a chain.
    pub(super) fn link(&self) -> Link {
        Link {
            subject: self.subject_text.clone(),
            sha256: self.digest,
            role: self.role.to_string(),
        }
    }

    /// Whether this key made the signature on a certificate that names it.
    pub(super) fn signed(&self, certificate: &Certificate<'_>) -> bool {
        certificate.issuer() == self.subject
            && SubjectPublicKeyInfo::from_der(&self.spki)
                .is_ok_and(|(_, spki)| certificate.signed_by(&spki))
    }
}

impl TrustStore {
    /// A store of these certificates (DER), in any order.
    ///
    /// # Errors
    /// DEVICE-TRUST for every certificate that is not fit for its role.
    pub fn from_parts(
        name: impl Into<String>,
        parts: impl IntoIterator<Item = (Role, Vec<u8>)>,
    ) -> Result<Self, Vec<Violation>> {
        let parts: Vec<(Role, Vec<u8>)> = parts.into_iter().collect();
        let mut violations = Vec::new();
        let mut certificates = Vec::new();
        for (n, (role, der)) in parts.iter().enumerate() {
            match Certificate::parse(der) {
                Ok(certificate) => certificates.push((*role, certificate)),
                Err(what) => {
                    violations.push(unfit(format!("certificate {} ({role}) {what}", n + 1)))
                }
            }
        }
        for (role, certificate) in &certificates {
            if let Err(what) = fit(*role, certificate) {
                violations.push(unfit(format!(
                    "\"{}\" ({role}) {what}",
                    certificate.subject_text()
                )));
            }
        }
        for (n, (role, certificate)) in certificates.iter().enumerate() {
            let key = certificate.public_key().raw;
            if certificates
                .iter()
                .skip(n + 1)
                .any(|(other, c)| other != role && c.public_key().raw == key)
            {
                violations.push(unfit(format!(
                    "the key of \"{}\" is pinned in two roles",
                    certificate.subject_text()
                )));
            }
        }
        let mut anchors = Vec::new();
        for (role, certificate) in &certificates {
            let issuer = (!role.issuers().is_empty()).then(|| {
                certificates.iter().position(|(above, issuer)| {
                    role.issuers().contains(above)
                        && certificate.issuer() == issuer.subject()
                        && certificate.signature_algorithm() == SignatureAlgorithm::Sha256WithRsa
                        && certificate.signed_by(issuer.public_key())
                })
            });
            if issuer == Some(None) {
                violations.push(unfit(format!(
                    "\"{}\" ({role}) is not signed by any certificate of the role above it",
                    certificate.subject_text()
                )));
            }
            anchors.push(Anchor {
                role: *role,
                subject_text: certificate.subject_text(),
                digest: certificate.digest(),
                subject: certificate.subject().to_vec(),
                validity: certificate.validity(),
                firmware: None,
                spki: certificate.public_key().raw.to_vec(),
                issuer: issuer.flatten(),
            });
        }
        if anchors.is_empty() && violations.is_empty() {
            violations.push(unfit(
                "there is no certificate in the trust store".to_owned(),
            ));
        }
        if violations.is_empty() {
            Ok(Self {
                name: name.into(),
                compiled_in: false,
                anchors,
                files: Vec::new(),
            })
        } else {
            Err(violations)
        }
    }

    /// Bounds the firmware of YubiKeys by their root, given for each certificate in order.
    pub(super) fn bounded(mut self, ranges: impl Iterator<Item = Option<FirmwareRange>>) -> Self {
        for (anchor, range) in self.anchors.iter_mut().zip(ranges) {
            anchor.firmware = range;
        }
        self
    }

    /// The vendor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same, with the files that it was read from: path and content.
    #[must_use]
    pub(super) fn of_files(self, files: Vec<(String, Vec<u8>)>) -> Self {
        Self { files, ..self }
    }

    /// The files that it was read from, `vendor.toml` among them: path and content. None where
    /// it was made of parts.
    #[must_use]
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// Whether this is the store of the real vendor that the program carries.
    #[must_use]
    pub fn is_compiled_in(&self) -> bool {
        self.compiled_in
    }

    /// How many certificates it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Never: a store holds at least one certificate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// A pinned key, the key above it, and so on up to its root.
    pub(super) fn path<'s>(&'s self, from: &'s Anchor) -> impl Iterator<Item = &'s Anchor> {
        std::iter::successors(Some(from), |anchor| self.anchors.get(anchor.issuer?))
    }
}

fn unfit(what: String) -> Violation {
    Violation::new(
        Rule::DeviceTrust,
        what,
        "use the vendor's published certificates in the roles that attestations/README.md gives",
    )
}

/// Whether a certificate is fit for its role.
fn fit(role: Role, certificate: &Certificate<'_>) -> Result<(), String> {
    if let Some(unknown) = certificate.extensions().iter().find(|extension| {
        extension.critical && ![BASIC_CONSTRAINTS, KEY_USAGE].contains(&extension.oid)
    }) {
        return Err(format!(
            "has the critical extension {}, which is not understood",
            unknown.oid
        ));
    }
    let constraints = certificate
        .basic_constraints()?
        .filter(|constraints| constraints.ca);
    let Some(constraints) = constraints else {
        return Err("is not a certificate authority".to_owned());
    };
    if !certificate
        .key_usage()?
        .is_some_and(|usage| usage.key_cert_sign())
    {
        return Err("is not allowed to sign certificates".to_owned());
    }
    if let Some(weakness) = rsa::weakness(certificate.public_key()) {
        return Err(format!("has a key that {weakness}"));
    }
    if role.issuers().is_empty() {
        if certificate.issuer() != certificate.subject()
            || !certificate.signed_by(certificate.public_key())
        {
            return Err("is not a root: it has not signed itself".to_owned());
        }
    } else if constraints
        .path_len_constraint
        .is_some_and(|length| length < role.authorities_below())
    {
        return Err("may not be above device certificates".to_owned());
    }
    // The issuers of the other applications are signed by the same
    // intermediates; only the name distinguishes them.
    let named = |part| {
        certificate
            .common_name()
            .is_some_and(|name| name.contains(part))
    };
    match role {
        Role::PivIssuer if !named("PIV Attestation") => {
            Err("is not an issuer of PIV devices by its name".to_owned())
        }
        Role::YubihsmIssuer if !named("YubiHSM") => {
            Err("is not an issuer of YubiHSM 2s by its name".to_owned())
        }
        _ => Ok(()),
    }
}
