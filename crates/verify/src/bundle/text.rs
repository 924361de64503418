//! The output of `keymoot verify` in words.

use std::fmt::Write as _;

use keymoot_core::{
    Outcome, Rule, Verdict,
    text::{escape_path, quoted},
};
use keymoot_record::{
    apart::witness::{OTHER_NAME, Witnessed},
    bundle::{self, Expectations},
    ceremony::outside::NotBefore,
    expectation::ExpectationSet,
};

use super::{digests::Digests, fork::Pair, judged::Judged};
use crate::verdicts::{by_rule, rules_in_words};

/// The verdict on one screen: the violations, the outcome, the digests that people compare, and
/// whose root it is. With `rules`, every rule that was passed or not asked comes first, and the
/// digests are in words too.
pub(super) fn of_one(judged: &Judged, expected: &Expectations, rules: bool) -> String {
    let verdicts = &judged.verdicts;
    let mut text = String::new();
    for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
        if rules || outcome == Outcome::Violated {
            rules_in_words(&mut text, verdicts, outcome);
        }
    }
    let digests = judged.bundle.as_ref().and_then(Digests::of);
    let digests = digests.map_or_else(String::new, |digests| digests.in_text(rules));
    let passed = by_rule(verdicts, Outcome::Held).len();
    let violated: Vec<_> = by_rule(verdicts, Outcome::Violated)
        .into_iter()
        .map(|(rule, _)| rule.to_string())
        .collect();
    let path = escape_path(&judged.path);
    let set = expected
        .plan
        .as_ref()
        .map_or("nothing", ExpectationSet::name);
    if !violated.is_empty() {
        // Last comes what to do.
        text += &digests;
    }
    // Writing to a String cannot fail, here and below.
    let _ = match violated.as_slice() {
        [] if expected.ended => writeln!(
            text,
            "RECORD VERIFIED{}: {path}: {passed} rules passed. The ceremony ENDED WITHOUT its purpose: \
             nothing in it is to be published, and no ceremony starts from it.",
            match expected.rehearsal {
                true => ", a REHEARSAL",
                false => "",
            }
        ),
        [] if expected.rehearsal => writeln!(
            text,
            "VERIFIED, a REHEARSAL: {path}: {passed} rules passed, as strong as {set} expects. \
             Nothing in it may be trusted."
        ),
        [] => writeln!(
            text,
            "VERIFIED: {path}: {passed} rules passed, as strong as {set} expects."
        ),
        violated => writeln!(
            text,
            "NOT VERIFIED: {path} violates {}. Each rule says what to do.",
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
    let is_of_report = |verdict: &&Verdict| verdict.rule == Rule::BundleAccount && !rules;
    if let Some(verdict) = verdicts.iter().find(is_of_report) {
        let _ = writeln!(text, "Report: {}.", verdict.detail);
    }
    let of_closing = [(Rule::BundleClosed, "Closed by: "), (Rule::BundleAfter, "")];
    let of_closing: Vec<_> = of_closing
        .into_iter()
        .filter_map(|(rule, name)| {
            let mut held = verdicts.iter().filter(|one| one.outcome == Outcome::Held);
            let said = held.find(|verdict| verdict.rule == rule && !rules)?;
            Some(format!("{name}{}.", said.detail))
        })
        .collect();
    // Under NOT VERIFIED, it would read as good news.
    if violated.is_empty() && !of_closing.is_empty() {
        let _ = writeln!(text, "{}", of_closing.join(" "));
    }
    for NotBefore { typed, value } in judged.not_before() {
        let _ = writeln!(
            text,
            "Not before: the value that was typed at {typed}: {}; compare it with its source, or it shows nothing.",
            quoted(&value)
        );
    }
    for heard in &judged.heard {
        let _ = match &heard.said {
            Ok(one) if one.named.is_some() => {
                writeln!(text, "Witnessed from elsewhere: {}.", one.sentence())
            }
            Ok(one) => writeln!(text, "Not counted: {}. {}.", one.sentence(), uncounted(one)),
            Err(refused) => writeln!(
                text,
                "Refused: {}: {} {}; the verdict on the bundle does not depend on it. help: {}",
                heard.path, refused.rule, refused.what, refused.next
            ),
        };
    }
    if violated.is_empty() {
        text += &digests;
    }
    if violated.is_empty() && !expected.ended {
        let previous = judged.bundle.as_ref().map(bundle::previous_state);
        if let Some(verdict) = previous.filter(Verdict::is_violated) {
            let _ = writeln!(text, "No ceremony starts from it: {}.", verdict.detail);
        }
        text += match &expected.trusted_root {
            Some(_) => "Its root is the one that you trust, or follows from it.\n",
            None => {
                "Nobody compared whose root it is. To compare it with a root that you trust, add \
                 --trusted-root FILE.\n"
            }
        };
    }
    if expected.published.is_some() && judged.holds() {
        text += "Not after: the head of its transcript is the one that was published.\n";
    }
    text
}

/// Why a statement does not count, and what to do.
fn uncounted(one: &Witnessed) -> String {
    match &one.named_as {
        None => {
            "Nobody named this key: ask the witness for it, and add --witness-key \"NAME=SHA256:…\""
                .to_owned()
        }
        Some(given) => format!(
            "You named this key for {}, and the statement is of {}: {OTHER_NAME}",
            quoted(given),
            quoted(&one.statement.name)
        ),
    }
}

/// The verdict on each bundle alone, and then their relation.
pub(super) fn of_several(
    bundles: &[Judged],
    pairs: &[Pair],
    expected: &Expectations,
    rules: bool,
) -> String {
    let mut text = String::new();
    for judged in bundles {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{}:\n", escape_path(&judged.path));
        text += &of_one(judged, expected, rules);
        text.push('\n');
    }
    let verdicts: Vec<Verdict> = pairs.iter().map(|pair| pair.verdict.clone()).collect();
    for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
        rules_in_words(&mut text, &verdicts, outcome);
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
            "\nNOT VERIFIED: {unheld} of {} bundles. Each rule above says what to do.",
            bundles.len()
        ),
    };
    text
}
