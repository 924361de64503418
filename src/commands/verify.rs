//! `keymoot verify`: a whole ceremony checked from its bundle alone.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use keymoot::{
    bundle::{self, Expectations},
    host::{HostError, folder},
    rules::{Outcome, Verdict},
};
use serde::Serialize;

use super::Failure;

/// The largest trusted root read, in bytes.
const LARGEST_ROOT: u64 = 1 << 20;

/// Check a whole ceremony from its bundle alone, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle
    bundle: PathBuf,
    /// A root that is trusted already: the bundle's must be it, or follow it
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The bundle is one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Exit codes: 0 every rule holds, 1 something cannot be read, 3 a rule is violated.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let trusted_root = args
        .trusted_root
        .as_deref()
        .map(|path| folder::read_bounded(path, LARGEST_ROOT))
        .transpose()?;
    let expected = Expectations {
        rehearsal: args.rehearsal,
        trusted_root,
    };
    let verdicts = match bundle::read(&args.bundle) {
        Ok(bundle) => bundle::verify(&bundle, &expected),
        Err(verdicts) => verdicts,
    };
    if let Some(unread) = verdicts
        .iter()
        .find(|verdict| verdict.rule == "BUNDLE-READ")
    {
        return Err(HostError::new(unread.detail.clone(), unread.next.clone()).into());
    }
    let verified = !verdicts.iter().any(Verdict::is_violated);
    let text = match args.json {
        true => json(&verdicts, verified, &expected),
        false => text(&args.bundle, &verdicts, &expected),
    };
    say!("{}", text.trim_end());
    Ok(if verified {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(3)
    })
}

/// Each rule once, with all that it found; what is violated comes last.
fn text(bundle: &Path, verdicts: &[Verdict], expected: &Expectations) -> String {
    let mut text = String::new();
    for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
        for (rule, verdicts) in by_rule(verdicts, outcome) {
            rule_in_words(&mut text, rule, &verdicts);
        }
    }
    let rules = by_rule(verdicts, Outcome::Held).len();
    let violated: Vec<_> = by_rule(verdicts, Outcome::Violated)
        .into_iter()
        .map(|(rule, _)| rule)
        .collect();
    // Writing to a String cannot fail, here and below.
    let _ = match violated.as_slice() {
        [] if expected.rehearsal => writeln!(
            text,
            "\nVERIFIED: {} is a REHEARSAL that holds together: {rules} rules hold. Nothing in it may be trusted.",
            keymoot::text::escape_path(bundle)
        ),
        [] => writeln!(
            text,
            "\nVERIFIED: {}: {rules} rules hold.",
            keymoot::text::escape_path(bundle)
        ),
        violated => writeln!(
            text,
            "\nNOT VERIFIED: {} violates {}. Do not trust it.",
            keymoot::text::escape_path(bundle),
            violated.join(", ")
        ),
    };
    text
}

fn rule_in_words(text: &mut String, rule: &str, verdicts: &[&Verdict]) {
    let word = match verdicts.first().map(|verdict| verdict.outcome) {
        Some(Outcome::Held) => "held",
        Some(Outcome::NotAsked) => "not asked",
        _ => "VIOLATED",
    };
    match verdicts {
        [only] => {
            let _ = writeln!(text, "{word:<9} {rule:<20} {}", only.detail);
        }
        many => {
            let _ = writeln!(text, "{word:<9} {rule}");
            for (whom, found) in by_finding(many) {
                let _ = match whom.join(", ") {
                    nobody if nobody.is_empty() => writeln!(text, "            {found}"),
                    whom => writeln!(text, "            {whom}: {found}"),
                };
            }
        }
    }
    let mut nexts: Vec<_> = verdicts.iter().map(|verdict| &verdict.next).collect();
    nexts.dedup();
    for next in nexts.into_iter().filter(|next| !next.is_empty()) {
        let _ = writeln!(text, "          next: {next}");
    }
}

/// What was found, each finding once with all for whom it is the same: the details
/// of a rule that is judged for each holder begin with the handle.
fn by_finding<'a>(verdicts: &[&'a Verdict]) -> Vec<(Vec<&'a str>, &'a str)> {
    let mut findings: Vec<(Vec<&str>, &str)> = Vec::new();
    for verdict in verdicts {
        let (whom, found) = verdict
            .detail
            .split_once(": ")
            .unwrap_or(("", &verdict.detail));
        match findings.iter_mut().find(|(_, other)| *other == found) {
            Some((all, _)) => all.push(whom),
            None => findings.push((vec![whom], found)),
        }
    }
    findings
}

/// The verdicts of an outcome by rule, in the order in which they were reached.
fn by_rule(verdicts: &[Verdict], outcome: Outcome) -> Vec<(&str, Vec<&Verdict>)> {
    let mut rules: Vec<(&str, Vec<&Verdict>)> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.outcome == outcome) {
        match rules.iter_mut().find(|(rule, _)| *rule == verdict.rule) {
            Some((_, found)) => found.push(verdict),
            None => rules.push((&verdict.rule, vec![verdict])),
        }
    }
    rules
}

/// The object of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    /// Whether no rule is violated
    holds: bool,
    /// Whether a rehearsal was asked for
    rehearsal: bool,
    /// Whether the root follows from one that was given
    trusted: bool,
    verdicts: &'a [Verdict],
}

fn json(verdicts: &[Verdict], verified: bool, expected: &Expectations) -> String {
    let report = Report {
        format: "keymoot-verify/1",
        holds: verified,
        rehearsal: expected.rehearsal,
        trusted: verified && expected.trusted_root.is_some(),
        verdicts,
    };
    // Strings and lists of them always serialise.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
