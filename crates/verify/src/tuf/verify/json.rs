//! The object of `--json`; `docs/formats.md` explains it.

use std::io::{self, Write};
use std::rc::Rc;

use serde::Serialize;
use serde::ser::SerializeSeq as _;

use super::expiry::Expiry;
use super::finding::{Finding, Named};
use super::report::{Accepted, Report};
use super::roots::RootReport;
use super::signers::{Signer, Signers};

/// Writes the object. Of a long history it has many megabytes, which are never together
/// in memory.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(report: &Report, mut to: impl Write) -> io::Result<()> {
    let object = Object {
        format: "keymoot-tuf-verify/1",
        verified: report.errors.is_empty(),
        trusted: report.trusted(),
        at: report.judging.at.to_string(),
        roots: &report.roots.roots,
        documents: report
            .documents
            .iter()
            .map(|accepted| document(report, accepted))
            .collect(),
        warnings: report.warnings.iter().map(Named::finding).collect(),
        error: report.errors.first().map(Finding::shown),
        errors: report.errors.iter().map(Named::finding).collect(),
    };
    crate::json::write(&mut to, &object)?;
    to.write_all(b"\n")?;
    to.flush()
}

#[derive(Serialize)]
struct Object<'a> {
    format: &'static str,
    verified: bool,
    trusted: bool,
    at: String,
    #[serde(serialize_with = "roots")]
    roots: &'a [RootReport],
    documents: Vec<Document<'a>>,
    warnings: Vec<Named>,
    error: Option<String>,
    errors: Vec<Named>,
}

#[derive(Serialize)]
struct Root<'a> {
    version: u64,
    file: Option<&'a str>,
    chain: usize,
    trusted: bool,
    expires: &'a str,
    #[serde(flatten)]
    expiry: Expiry,
    sha256: String,
    signed: &'a Signers,
    signed_by_previous: Option<&'a Signers>,
    warnings: &'a [Named],
}

#[derive(Serialize)]
struct Document<'a> {
    role: &'a str,
    version: u64,
    file: String,
    trusted: bool,
    delegator: String,
    expires: String,
    #[serde(flatten)]
    expiry: Expiry,
    sha256: &'a str,
    signed: Signers,
    warnings: Vec<Named>,
}

fn roots<S: serde::Serializer>(roots: &&[RootReport], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(roots.len()))?;
    for root in *roots {
        list.serialize_element(&Root {
            version: root.version,
            file: root.file.as_deref(),
            chain: root.chain,
            trusted: root.trusted,
            expires: &root.expires,
            expiry: root.expiry,
            sha256: root.sha256.to_string(),
            signed: &root.signed,
            signed_by_previous: root.signed_by_previous.as_ref(),
            warnings: &root.warnings,
        })?;
    }
    list.end()
}

fn document<'a>(report: &Report, accepted: &'a Accepted) -> Document<'a> {
    let role = &accepted.role;
    Document {
        role: &role.role,
        version: role.version,
        file: keymoot_core::text::escape_path(&accepted.path),
        trusted: report.documents_trusted(),
        delegator: role.delegator.to_string(),
        expires: role.expires.to_string(),
        expiry: Expiry::of(report.judging, role.expires),
        sha256: &accepted.sha256,
        signed: Signers::of(&role.quorum, |valid| Rc::new(Signer::of(valid))),
        warnings: role.warnings.iter().map(Named::warning).collect(),
    }
}
