//! `keymoot tuf verify`.

use std::fmt::Write as _;
use std::path::PathBuf;

use keymoot::text::escape;
use keymoot::tuf::{Quorum, ValidSignature, VerifiedRoot, verify_chain};
use serde::Serialize;

use super::{Answer, Failure, read};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The roots, in any order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A root that is trusted already; the chain must contain it or follow it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn verify(args: &Args) -> Result<Answer, Failure> {
    let outcome = match chain(args) {
        Err(error @ Failure::Unreadable { .. }) => return Err(error),
        Err(error) if !args.json => return Err(error),
        outcome => outcome,
    };
    let accepted = outcome.is_ok();
    let text = match (outcome, args.json) {
        (Ok(chain), false) => text(args, &chain),
        (outcome, _) => json(args, &outcome),
    };
    Ok(Answer { text, accepted })
}

fn chain(args: &Args) -> Result<Vec<VerifiedRoot>, Failure> {
    let trusted = args.trusted_root.as_deref().map(read).transpose()?;
    let documents = args
        .files
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    verify_chain(trusted, documents).map_err(|error| Failure::NotVerified(error.to_string()))
}

fn text(args: &Args, chain: &[VerifiedRoot]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for verified in chain {
        let _ = write!(
            text,
            "root version {}: {}",
            verified.root().version,
            signers(verified.by_itself())
        );
        if let Some(previous) = verified.by_previous() {
            let _ = write!(text, "; by the previous root's keys {}", tally(previous));
        }
        let _ = writeln!(text);
        for warning in verified.warnings() {
            let _ = writeln!(text, "  warning {}: {warning}", warning.name());
        }
    }
    if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
        let _ = writeln!(
            text,
            "\nverified from version {} to version {}, which expires {}",
            first.root().version,
            last.root().version,
            escape(&last.root().expires_text)
        );
        let _ = writeln!(
            text,
            "SHA-256 of its signed bytes: {}",
            last.document().digest()
        );
    }
    let _ = match &args.trusted_root {
        Some(path) => writeln!(
            text,
            "trusted because of {}",
            keymoot::text::escape_path(path)
        ),
        None => writeln!(
            text,
            "these roots belong together; whether to believe the first one, only --trusted-root FILE can tell"
        ),
    };
    text
}

fn signers(quorum: &Quorum) -> String {
    let names: Vec<_> = quorum.valid.iter().map(ValidSignature::signer).collect();
    format!("signed by {}, {}", names.join(", "), tally(quorum))
}

fn tally(quorum: &Quorum) -> String {
    format!("{} of {} needed", quorum.valid.len(), quorum.threshold)
}

/// The object of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    verified: bool,
    /// Whether a trusted root was given; without one the chain only agrees
    /// with itself
    trusted: bool,
    roots: Vec<ReportRoot<'a>>,
    error: Option<String>,
}

#[derive(Serialize)]
struct ReportRoot<'a> {
    version: u64,
    expires: &'a str,
    sha256: String,
    signed: ReportQuorum<'a>,
    signed_by_previous: Option<ReportQuorum<'a>>,
    warnings: Vec<ReportWarning>,
}

#[derive(Serialize)]
struct ReportQuorum<'a> {
    threshold: u32,
    keys: Vec<ReportKey<'a>>,
}

#[derive(Serialize)]
struct ReportKey<'a> {
    keyid: &'a str,
    spki_sha256: String,
    holder: Option<&'a str>,
}

#[derive(Serialize)]
struct ReportWarning {
    name: &'static str,
    message: String,
}

fn json(args: &Args, outcome: &Result<Vec<VerifiedRoot>, Failure>) -> String {
    let chain = outcome.as_deref().unwrap_or_default();
    let report = Report {
        format: "keymoot-tuf-verify/1",
        verified: outcome.is_ok(),
        trusted: outcome.is_ok() && args.trusted_root.is_some(),
        roots: chain.iter().map(report_root).collect(),
        error: outcome.as_ref().err().map(ToString::to_string),
    };
    // Strings, numbers and lists of them always serialise.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn report_root(verified: &VerifiedRoot) -> ReportRoot<'_> {
    ReportRoot {
        version: verified.root().version,
        expires: &verified.root().expires_text,
        sha256: verified.document().digest().to_string(),
        signed: report_quorum(verified.by_itself()),
        signed_by_previous: verified.by_previous().map(report_quorum),
        warnings: verified
            .warnings()
            .map(|warning| ReportWarning {
                name: warning.name(),
                message: warning.to_string(),
            })
            .collect(),
    }
}

fn report_quorum(quorum: &Quorum) -> ReportQuorum<'_> {
    ReportQuorum {
        threshold: quorum.threshold,
        keys: quorum
            .valid
            .iter()
            .map(|valid| ReportKey {
                keyid: valid.keyid.as_str(),
                spki_sha256: valid.fingerprint.to_string(),
                holder: valid.holder.as_deref(),
            })
            .collect(),
    }
}
