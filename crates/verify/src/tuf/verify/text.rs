//! The report for people.

use std::fmt::Write as _;

use keymoot_core::text::{escape, escape_path};
use keymoot_tuf::{Quorum, ValidSignature, VerifiedRoot};

use super::report::{Accepted, Report};

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    for chain in report.history.chains() {
        for verified in chain {
            root(&mut text, verified);
        }
    }
    for document in &report.documents {
        role(&mut text, document, report);
    }
    for warning in &report.warnings {
        line(
            &mut text,
            format!("warning {}: {}", warning.name, warning.shown()),
        );
    }
    line(&mut text, String::new());
    summary(&mut text, report);
    text
}

fn root(text: &mut String, verified: &VerifiedRoot) {
    let mut sentence = format!(
        "root version {}: {}",
        verified.root().version,
        signers(verified.by_itself())
    );
    if let Some(previous) = verified.by_previous() {
        // Writing to a String cannot fail.
        let _ = write!(
            sentence,
            "; by the previous root's keys {}",
            tally(previous)
        );
    }
    line(text, sentence);
    for warning in verified.warnings() {
        line(text, format!("  warning {}: {warning}", warning.name()));
    }
}

fn role(text: &mut String, document: &Accepted, report: &Report) {
    let Accepted { path, sha256, role } = document;
    line(
        text,
        format!(
            "{} version {} ({}), by the keys of {}: {}; {}",
            escape(&role.role),
            role.version,
            escape_path(path),
            role.delegator,
            signers(&role.quorum),
            report.judging.sentence(role.expires)
        ),
    );
    line(text, format!("  SHA-256 of its signed bytes: {sha256}"));
    for warning in &role.warnings {
        line(text, format!("  warning {}: {warning}", warning.name()));
    }
}

fn summary(text: &mut String, report: &Report) {
    for chain in report.history.chains() {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            continue;
        };
        let root = last.root();
        line(
            text,
            format!(
                "verified from version {} to version {}, which expires {} ({})",
                first.root().version,
                root.version,
                escape(&root.expires_text),
                report.judging.sentence(root.expires)
            ),
        );
        let digest = last.document().digest();
        line(text, format!("  SHA-256 of its signed bytes: {digest}"));
        line(text, format!("  {}", trust(report, chain)));
    }
    match report.errors.len() {
        0 if report.history.chains().len() > 1 => line(
            text,
            "these chains hold each for itself; nothing ties them to each other".to_owned(),
        ),
        0 => {}
        1 => line(text, "NOT VERIFIED: there is 1 error".to_owned()),
        errors => line(text, format!("NOT VERIFIED: there are {errors} errors")),
    }
}

fn trust(report: &Report, chain: &[VerifiedRoot]) -> &'static str {
    if report.is_trusted(chain) {
        "trusted: it begins with the root of --trusted-root"
    } else if report.anchored {
        "not trusted: it does not follow from the root of --trusted-root"
    } else {
        "these roots belong together; whether to believe the first one, only --trusted-root FILE \
         can tell"
    }
}

fn signers(quorum: &Quorum) -> String {
    let names: Vec<_> = quorum.valid.iter().map(ValidSignature::signer).collect();
    format!("signed by {}, {}", names.join(", "), tally(quorum))
}

fn tally(quorum: &Quorum) -> String {
    format!("{} of {} needed", quorum.valid.len(), quorum.threshold)
}

fn line(text: &mut String, line: String) {
    text.push_str(&line);
    text.push('\n');
}
