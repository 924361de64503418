//! The events after the seal: the closing, and notes from the meantime. Nobody signed
//! them, and no later ceremony reads them.

use std::sync::Arc;

use super::{Files, evidence::Evidence, layout::AFTER_THE_SEAL};
use crate::{
    ceremony::State,
    transcript::{Chain, Event},
};
use keymoot_core::{Rule, Verdict, Violation, text::quoted};

/// The lines after the seal up to now; `None` where the transcript has an older format, whose
/// bundles have no such file.
#[must_use]
pub fn after_the_seal(state: &State, chain: &Chain) -> Option<Vec<u8>> {
    let seal = state.sealed.as_ref().filter(|_| state.format() >= 2)?;
    let last = chain.entries().last()?.seq;
    let sealed = chain.bytes_through(seal.seq).len();
    Some(chain.bytes_through(last).split_off(sealed))
}

/// Whether two bundles are the same except for the events after the seal.
#[must_use]
pub fn same_but_after_the_seal(one: &Files, other: &Files) -> bool {
    let before = |files: &Files| {
        let mut files = files.clone();
        files.remove(AFTER_THE_SEAL);
        files
    };
    before(one) == before(other)
}

/// BUNDLE-AFTER: the lines after the seal continue the sealed chain, and each may follow.
pub(super) fn judge(files: &Files, evidence: &Evidence<'_>) -> Option<Verdict> {
    let bytes = match files.get(AFTER_THE_SEAL) {
        Some(bytes) => bytes,
        None if evidence.state.format() < 2 => return None,
        None => return Some(fault(format!("{AFTER_THE_SEAL} is missing"))),
    };
    let sealed = files.get("transcript.jsonl").map(Vec::as_slice);
    let whole = [sealed.unwrap_or_default(), bytes].concat();
    let chain = match Chain::read(&whole) {
        Ok(chain) => chain,
        Err(error) => return Some(fault(format!("{AFTER_THE_SEAL}: {error}"))),
    };
    if let Err(illegal) = State::fold(Arc::clone(evidence.state.origin()), &chain) {
        return Some(fault(format!("{AFTER_THE_SEAL}: {illegal}")));
    }
    let lines = chain.entries().iter().skip(evidence.chain.entries().len());
    let told: Vec<_> = lines
        .clone()
        .filter_map(|entry| told(&entry.event))
        .collect();
    let detail = format!(
        "{} lines after the seal continue the chain and are not signed{}",
        lines.count(),
        match told.split_at_checked(MOST_TOLD) {
            _ if told.is_empty() => String::new(),
            Some((first, rest)) if !rest.is_empty() => {
                format!(": {}; and {} more", first.join("; "), rest.len())
            }
            _ => format!(": {}", told.join("; ")),
        }
    );
    Some(Verdict::held(Rule::BundleAfter, detail))
}

/// The remarks after the seal that a verdict shows: anybody can add lines there.
const MOST_TOLD: usize = 5;

/// A remark, with its texts in quotation marks.
fn told(event: &Event) -> Option<String> {
    match event {
        Event::Note { text } => Some(format!("note: {}", quoted(text))),
        Event::Exception {
            expected,
            happened,
            decided,
        } => {
            let [expected, happened, decided] = [expected, happened, decided].map(|t| quoted(t));
            Some(format!(
                "exception: expected {expected}; happened {happened}; decided {decided}"
            ))
        }
        Event::Mishap { holder, what, .. } => {
            Some(format!("device error in {holder}'s turn: {}", quoted(what)))
        }
        Event::EndedWithout { reason, .. } => {
            Some(format!("ended without its purpose: {}", quoted(reason)))
        }
        Event::MachineChecked { verdicts } => {
            let violated = verdicts.iter().filter(|verdict| verdict.is_violated());
            let rules: Vec<_> = violated.map(|verdict| verdict.rule.to_string()).collect();
            (!rules.is_empty()).then(|| format!("the machine violates {}", rules.join(", ")))
        }
        _ => None,
    }
}

fn fault(what: String) -> Verdict {
    Violation::new(
        Rule::BundleAfter,
        what,
        "get the bundle again from those who published it; the other rules check what is signed",
    )
    .into()
}
