//! The witnesses who were in the room, by the roll call and by who arrived after it.

use std::collections::BTreeMap;

use super::{
    facts::{Facts, THIRD},
    page::{Block, Phrase},
};
use crate::{
    rules::roster::Witness,
    transcript::{Event, Person},
};
use keymoot_core::text::escape;

/// The witnesses of the roster: those who came, and those who never did. A transcript of format 1
/// does not say who came: all of them count.
pub(super) fn witnesses(facts: &Facts<'_>) -> (Vec<Phrase>, Vec<Phrase>) {
    let came = came(facts);
    let (mut present, mut absent) = (Vec::new(), Vec::new());
    for witness in &facts.state.plan.roster.witnesses {
        match came.as_ref().map(|came| came.get(&*witness.name)) {
            Some(None) => absent.push(named(witness)),
            Some(Some(&Some(line))) => {
                present.push(named(witness).and(format!(", who came at line {line}")));
            }
            None | Some(Some(None)) => present.push(named(witness)),
        }
    }
    (present, absent)
}

/// The witnesses of the roster who did not come, for a reader who asks who watched.
pub(super) fn absent(facts: &Facts<'_>) -> Option<Block> {
    if !is_counted(facts) {
        return None;
    }
    let (present, absent) = witnesses(facts);
    let told = match (present.is_empty(), absent.is_empty()) {
        (false, true) => return None,
        (true, true) => "By the transcript, no witness was present. The roster lists none.",
        (true, false) => "By the transcript, no witness was present. The roster lists:",
        (false, false) => "By the transcript, these witnesses of the roster were not present:",
    };
    let mut told = Phrase::strong(told);
    for (number, witness) in absent.into_iter().enumerate() {
        told = told.and(if number > 0 { "; " } else { " " });
        told.0.extend(witness.0);
    }
    Some(Block::Paragraph(told))
}

/// Whether the report says who came, and the transcript knows it.
fn is_counted(facts: &Facts<'_>) -> bool {
    facts.revision >= THIRD && facts.state.calls_witnesses()
}

/// The names of those who came, each with the line at which it came after the roll call; `None` where
/// the transcript does not count witnesses.
fn came<'f>(facts: &'f Facts<'_>) -> Option<BTreeMap<&'f str, Option<u64>>> {
    if !is_counted(facts) {
        return None;
    }
    let mut names = BTreeMap::new();
    for entry in facts.chain.entries() {
        match &entry.event {
            Event::RollCalled { witnesses, .. } => {
                names.extend(witnesses.iter().map(|name| (name.as_str(), None)));
            }
            Event::Arrived {
                person: Person::Witness(name),
            } => {
                names.entry(name.as_str()).or_insert(Some(entry.seq));
            }
            _ => {}
        }
    }
    Some(names)
}

fn named(witness: &Witness) -> Phrase {
    let name = Phrase::from(escape(&witness.name));
    match &witness.key {
        Some(key) => name.and(", with the key ").and_code(key.to_string()),
        None => name,
    }
}
