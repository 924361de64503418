//! The report for people.

use std::fmt::Write as _;
use std::rc::Rc;

use keymoot_core::text::{escape, escape_path};

use super::rehearsal;
use super::report::{Accepted, Report};
use super::roots::{ChainReport, RootReport};
use super::signers::{Signer, Signers};

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    for verified in &report.roots.roots {
        root(&mut text, verified);
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

fn root(text: &mut String, root: &RootReport) {
    let mut sentence = format!("root version {}: {}", root.version, signers(&root.signed));
    if let Some(previous) = &root.signed_by_previous {
        // Writing to a String cannot fail.
        let _ = write!(
            sentence,
            "; by the previous root's keys {}",
            tally(previous)
        );
    }
    line(text, sentence);
    for warning in &root.warnings {
        line(
            text,
            format!("  warning {}: {}", warning.name, warning.message),
        );
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
            signers(&Signers::of(&role.quorum, |valid| Rc::new(Signer::of(
                valid
            )))),
            report.judging.sentence(role.expires)
        ),
    );
    line(text, format!("  SHA-256 of its signed bytes: {sha256}"));
    for warning in &role.warnings {
        line(text, format!("  warning {}: {warning}", warning.name()));
    }
}

fn summary(text: &mut String, report: &Report) {
    for chain in &report.roots.chains {
        line(
            text,
            format!(
                "verified from version {} to version {}, which expires {} ({})",
                chain.first,
                chain.last,
                escape(&chain.expires_text),
                report.judging.sentence(chain.expires)
            ),
        );
        let digest = chain.sha256;
        line(text, format!("  SHA-256 of its signed bytes: {digest}"));
        line(text, format!("  {}", trust(report, chain)));
    }
    if report.of_rehearsal() {
        line(text, format!("A REHEARSAL: {}", rehearsal::MESSAGE));
    }
    match report.errors.len() {
        0 if report.roots.chains.len() > 1 => line(
            text,
            "each chain verifies alone; no signature connects them".to_owned(),
        ),
        0 => {}
        1 => line(text, "NOT VERIFIED: there is 1 error".to_owned()),
        errors => line(text, format!("NOT VERIFIED: there are {errors} errors")),
    }
}

fn trust(report: &Report, chain: &ChainReport) -> &'static str {
    if chain.trusted {
        "trusted: it begins with the root of --trusted-root"
    } else if report.anchored {
        "not trusted: it does not follow from the root of --trusted-root"
    } else {
        "these roots belong together; to check the first one, give --trusted-root FILE"
    }
}

fn signers(signers: &Signers) -> String {
    let names: Vec<_> = signers.keys.iter().map(|key| key.name.as_str()).collect();
    format!("signed by {}, {}", names.join(", "), tally(signers))
}

fn tally(signers: &Signers) -> String {
    format!("{} of {} needed", signers.keys.len(), signers.threshold)
}

fn line(text: &mut String, line: String) {
    text.push_str(&line);
    text.push('\n');
}
