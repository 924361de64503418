//! `vendor.toml`: which certificates are trusted, for what, and their digests.
//!
//! Pure: a manifest is parsed from text and says which files it needs; the
//! caller reads them.

use std::path::{Component, Path};

use serde::Deserialize;

use super::certificate::Certificate;
use super::encoding::certificate_der;
use super::hierarchy::FirmwareRange;
use super::trust::{Role, TrustStore};
use keymoot_core::digest::Digest;
use keymoot_core::text::excerpt;
use keymoot_core::{Rule, Violation};

/// A parsed `vendor.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(skip)]
    text: String,
    vendor: String,
    /// Packages that embed the same bytes: provenance, for people.
    #[serde(default, rename = "sources")]
    _sources: Vec<String>,
    #[serde(rename = "certificate")]
    certificates: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    role: Role,
    sha256: String,
    spki_sha256: String,
    /// Of a root of YubiKeys: their firmware. Without it any is accepted.
    firmware: Option<FirmwareRange>,
    /// Provenance, for people.
    #[serde(default, rename = "hierarchy")]
    _hierarchy: String,
    /// Provenance, for people.
    #[serde(default, rename = "documented")]
    _documented: String,
}

impl Manifest {
    /// Parses the text of a `vendor.toml`.
    ///
    /// # Errors
    /// DEVICE-TRUST where the text is not such a manifest, or names a file
    /// outside its own folder.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let mut manifest: Self = toml::from_str(text).map_err(|error| {
            Violation::new(
                Rule::DeviceTrust,
                format!("vendor.toml cannot be read: {}", excerpt(error.message())),
                "compare it with attestations/vendor.toml, which documents its fields",
            )
        })?;
        manifest.text = text.to_owned();
        for entry in &manifest.certificates {
            let inside = Path::new(&entry.file)
                .components()
                .all(|component| matches!(component, Component::Normal(_)));
            if entry.file.is_empty() || !inside {
                return Err(Violation::new(
                    Rule::DeviceTrust,
                    format!(
                        "vendor.toml names the file \"{}\", which is not in its folder",
                        excerpt(&entry.file)
                    ),
                    "name files by their path from vendor.toml down",
                ));
            }
        }
        for entry in &manifest.certificates {
            let Some(range) = entry.firmware else {
                continue;
            };
            if range.is_empty() || !entry.role.has_yubikeys() {
                return Err(Violation::new(
                    Rule::DeviceTrust,
                    format!(
                        "vendor.toml gives \"{}\" ({}) YubiKeys of firmware {range}",
                        excerpt(&entry.file),
                        entry.role
                    ),
                    "give a firmware range to piv-root and attestation-root alone, with `before` above `from`",
                ));
            }
        }
        Ok(manifest)
    }

    /// The files it names, relative to its folder.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.certificates.iter().map(|entry| entry.file.as_str())
    }

    /// Makes a store of the certificates, given each file's bytes in the order
    /// of [`Manifest::files`].
    ///
    /// # Errors
    /// Every DEVICE-TRUST violation: a digest that differs from the recorded
    /// one, and all that [`TrustStore::from_parts`] refuses.
    pub fn store<B: AsRef<[u8]>>(&self, contents: &[B]) -> Result<TrustStore, Vec<Violation>> {
        let mut violations = Vec::new();
        if contents.len() != self.certificates.len() {
            violations.push(Violation::new(
                Rule::DeviceTrust,
                format!(
                    "vendor.toml names {} files, {} were given",
                    self.certificates.len(),
                    contents.len()
                ),
                "give every file that vendor.toml names",
            ));
        }
        let mut parts = Vec::new();
        for (entry, bytes) in self.certificates.iter().zip(contents) {
            match entry.der(bytes.as_ref()) {
                Ok(der) => parts.push((entry.role, der)),
                Err(what) => violations.push(Violation::new(
                    Rule::DeviceTrust,
                    format!("{} {what}", excerpt(&entry.file)),
                    "restore the file from the vendor's publication and compare its SHA-256",
                )),
            }
        }
        if violations.is_empty() {
            let ranges = self.certificates.iter().map(|entry| entry.firmware);
            let files = self.files().zip(contents).map(|(path, bytes)| {
                let bytes = bytes.as_ref().to_vec();
                (path.to_owned(), bytes)
            });
            let text = ("vendor.toml".to_owned(), self.text.clone().into_bytes());
            let store = TrustStore::from_parts(self.vendor.clone(), parts)?.bounded(ranges);
            Ok(store.of_files(std::iter::once(text).chain(files).collect()))
        } else {
            Err(violations)
        }
    }
}

impl Entry {
    fn der(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let der = certificate_der(bytes)?;
        let certificate = Certificate::parse(&der)?;
        let recorded = |text: &str, found: Digest, of: &str| match Digest::from_hex(text) {
            Some(digest) if digest == found => Ok(()),
            _ => Err(format!(
                "has {of} SHA-256 {found}, vendor.toml records {}",
                excerpt(text)
            )),
        };
        recorded(&self.sha256, certificate.digest(), "the")?;
        recorded(
            &self.spki_sha256,
            Digest::of(certificate.public_key().raw),
            "the public key",
        )?;
        Ok(der)
    }
}
