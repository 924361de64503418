//! Verdicts in words.

use std::fmt::Write as _;

use keymoot_core::{Outcome, RuleId, Verdict};

/// The verdicts of an outcome, each rule once.
pub(crate) fn rules_in_words(text: &mut String, verdicts: &[Verdict], outcome: Outcome) {
    for (rule, verdicts) in by_rule(verdicts, outcome) {
        rule_in_words(text, rule, &verdicts);
    }
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
        let _ = writeln!(text, "          help: {next}");
    }
}

/// The findings, each once for all holders with the same one: the details
/// of a rule that is checked for each holder begin with the handle.
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
pub(crate) fn by_rule(verdicts: &[Verdict], outcome: Outcome) -> Vec<(&RuleId, Vec<&Verdict>)> {
    let mut rules: Vec<(&RuleId, Vec<&Verdict>)> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.outcome == outcome) {
        match rules.iter_mut().find(|(rule, _)| **rule == verdict.rule) {
            Some((_, found)) => found.push(verdict),
            None => rules.push((&verdict.rule, vec![verdict])),
        }
    }
    rules
}
