//! What `keymoot verify` says in words.

use std::fmt::Write as _;

use keymoot_core::{Outcome, RuleId, Verdict, text::escape_path};
use keymoot_record::bundle::Expectations;

use super::{Judged, fork::Pair};

/// Each rule once, with all that it found; what is violated comes last.
pub(super) fn of_one(judged: &Judged, expected: &Expectations) -> String {
    let verdicts = &judged.verdicts;
    let mut text = String::new();
    for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
        for (rule, verdicts) in by_rule(verdicts, outcome) {
            rule_in_words(&mut text, rule, &verdicts);
        }
    }
    let rules = by_rule(verdicts, Outcome::Held).len();
    let violated: Vec<_> = by_rule(verdicts, Outcome::Violated)
        .into_iter()
        .map(|(rule, _)| rule.to_string())
        .collect();
    // Writing to a String cannot fail, here and below.
    let _ = match violated.as_slice() {
        [] if expected.rehearsal => writeln!(
            text,
            "\nVERIFIED: {} is a REHEARSAL that holds together: {rules} rules hold. Nothing in it may be trusted.",
            escape_path(&judged.path)
        ),
        [] => writeln!(
            text,
            "\nVERIFIED: {}: {rules} rules hold.",
            escape_path(&judged.path)
        ),
        violated => writeln!(
            text,
            "\nNOT VERIFIED: {} violates {}. Do not trust it.",
            escape_path(&judged.path),
            violated.join(", ")
        ),
    };
    let _ = match judged.too_old_for() {
        0 => Ok(()),
        1 => writeln!(
            text,
            "keymoot did not ask 1 rule: it needs a record that the older program did not write."
        ),
        many => writeln!(
            text,
            "keymoot did not ask {many} rules: they need records that the older program did not write."
        ),
    };
    text
}

/// Of each bundle by itself, and then how they belong together.
pub(super) fn of_several(bundles: &[Judged], pairs: &[Pair], expected: &Expectations) -> String {
    let mut text = String::new();
    for judged in bundles {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{}:\n", escape_path(&judged.path));
        text += &of_one(judged, expected);
        text.push('\n');
    }
    let verdicts: Vec<Verdict> = pairs.iter().map(|pair| pair.verdict.clone()).collect();
    for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
        for (rule, verdicts) in by_rule(&verdicts, outcome) {
            rule_in_words(&mut text, rule, &verdicts);
        }
    }
    let unheld = bundles.iter().filter(|judged| !judged.holds()).count();
    let _ = match (unheld, pairs.iter().any(Pair::is_fork)) {
        (_, true) => writeln!(
            text,
            "\nNOT VERIFIED: bundles of one ceremony contradict each other. Do not trust them."
        ),
        (0, false) => writeln!(
            text,
            "\nVERIFIED: {} bundles, each as said above; no two contradict each other.",
            bundles.len()
        ),
        (unheld, false) => writeln!(
            text,
            "\nNOT VERIFIED: {unheld} of {} bundles. Do not trust what is named above.",
            bundles.len()
        ),
    };
    text
}

fn rule_in_words(text: &mut String, rule: &RuleId, verdicts: &[&Verdict]) {
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
fn by_rule(verdicts: &[Verdict], outcome: Outcome) -> Vec<(&RuleId, Vec<&Verdict>)> {
    let mut rules: Vec<(&RuleId, Vec<&Verdict>)> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.outcome == outcome) {
        match rules.iter_mut().find(|(rule, _)| **rule == verdict.rule) {
            Some((_, found)) => found.push(verdict),
            None => rules.push((&verdict.rule, vec![verdict])),
        }
    }
    rules
}
