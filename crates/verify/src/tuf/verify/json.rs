//! The object of `--json`; `docs/formats.md` tells what it means.

use keymoot_core::text::escape_path;
use keymoot_core::time::Time;
use keymoot_tuf::{Quorum, VerifiedRoot, Warning};
use serde::Serialize;

use super::report::{Accepted, Finding, Report};

pub(super) fn write(report: &Report) -> String {
    let chains = report.history.chains().iter().enumerate();
    let object = Object {
        format: "keymoot-tuf-verify/1",
        verified: report.errors.is_empty(),
        trusted: report.trusted(),
        at: report.judging.at.to_string(),
        roots: chains
            .flat_map(|(index, chain)| {
                let trusted = report.is_trusted(chain);
                chain
                    .iter()
                    .map(move |verified| root(report, index, trusted, verified))
            })
            .collect(),
        documents: report
            .documents
            .iter()
            .map(|accepted| document(report, accepted))
            .collect(),
        warnings: report.warnings.iter().map(finding).collect(),
        error: report.errors.first().map(Finding::shown),
        errors: report.errors.iter().map(finding).collect(),
    };
    // Strings, numbers and lists of them always serialise.
    serde_json::to_string_pretty(&object).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Object<'a> {
    format: &'static str,
    verified: bool,
    trusted: bool,
    at: String,
    roots: Vec<Root<'a>>,
    documents: Vec<Document<'a>>,
    warnings: Vec<Named>,
    error: Option<String>,
    errors: Vec<Named>,
}

#[derive(Serialize)]
struct Root<'a> {
    version: u64,
    file: Option<String>,
    chain: usize,
    trusted: bool,
    expires: &'a str,
    #[serde(flatten)]
    expiry: Expiry,
    sha256: String,
    signed: Signers<'a>,
    signed_by_previous: Option<Signers<'a>>,
    warnings: Vec<Named>,
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
    signed: Signers<'a>,
    warnings: Vec<Named>,
}

#[derive(Serialize)]
struct Expiry {
    expired: bool,
    expires_in_days: i64,
}

#[derive(Serialize)]
struct Signers<'a> {
    threshold: u32,
    keys: Vec<Key<'a>>,
}

#[derive(Serialize)]
struct Key<'a> {
    keyid: &'a str,
    spki_sha256: String,
    holder: Option<&'a str>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

fn root<'a>(report: &Report, chain: usize, trusted: bool, verified: &'a VerifiedRoot) -> Root<'a> {
    let root = verified.root();
    Root {
        version: root.version,
        file: report.file_of(root.version).map(escape_path),
        chain,
        trusted,
        expires: &root.expires_text,
        expiry: expiry(report, root.expires),
        sha256: verified.document().digest().to_string(),
        signed: signers(verified.by_itself()),
        signed_by_previous: verified.by_previous().map(signers),
        warnings: verified.warnings().map(warning).collect(),
    }
}

fn document<'a>(report: &Report, accepted: &'a Accepted) -> Document<'a> {
    let role = &accepted.role;
    Document {
        role: &role.role,
        version: role.version,
        file: escape_path(&accepted.path),
        trusted: report.documents_trusted(),
        delegator: role.delegator.to_string(),
        expires: role.expires.to_string(),
        expiry: expiry(report, role.expires),
        sha256: &accepted.sha256,
        signed: signers(&role.quorum),
        warnings: role.warnings.iter().map(warning).collect(),
    }
}

fn expiry(report: &Report, expires: Time) -> Expiry {
    Expiry {
        expired: report.judging.expired(expires),
        expires_in_days: report.judging.days(expires),
    }
}

fn signers(quorum: &Quorum) -> Signers<'_> {
    Signers {
        threshold: quorum.threshold,
        keys: quorum
            .valid
            .iter()
            .map(|valid| Key {
                keyid: valid.keyid.as_str(),
                spki_sha256: valid.fingerprint.to_string(),
                holder: valid.holder.as_deref(),
            })
            .collect(),
    }
}

fn warning(warning: &Warning) -> Named {
    Named {
        name: warning.name(),
        message: warning.to_string(),
        file: None,
    }
}

fn finding(finding: &Finding) -> Named {
    Named {
        name: finding.name,
        message: finding.message.clone(),
        file: finding.path.as_deref().map(escape_path),
    }
}
