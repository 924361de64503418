//! The witnesses who were in the room, by the roll call and by who arrived after it.

use std::collections::BTreeSet;

use super::{
    facts::{Facts, WHO_CAME},
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
    let (present, absent): (Vec<_>, Vec<_>) =
        facts
            .state
            .plan
            .roster
            .witnesses
            .iter()
            .partition(|witness| {
                came.as_ref()
                    .is_none_or(|names| names.contains(&*witness.name))
            });
    let phrases = |all: Vec<&Witness>| all.into_iter().map(named).collect();
    (phrases(present), phrases(absent))
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
        (true, false) => "By the transcript, no witness was present. The roster lists: ",
        (false, false) => "By the transcript, these witnesses of the roster were not present: ",
    };
    let mut told = Phrase::strong(told);
    for (number, witness) in absent.into_iter().enumerate() {
        if number > 0 {
            told = told.and("; ");
        }
        told.0.extend(witness.0);
    }
    Some(Block::Paragraph(told))
}

/// Whether the report says who came, and the transcript knows it.
fn is_counted(facts: &Facts<'_>) -> bool {
    facts.revision >= WHO_CAME && facts.state.calls_witnesses()
}

/// The names of those who came; `None` where the transcript does not count witnesses.
fn came<'f>(facts: &'f Facts<'_>) -> Option<BTreeSet<&'f str>> {
    if !is_counted(facts) {
        return None;
    }
    let mut names = BTreeSet::new();
    for entry in facts.chain.entries() {
        match &entry.event {
            Event::RollCalled { witnesses, .. } => {
                names.extend(witnesses.iter().map(String::as_str));
            }
            Event::Arrived {
                person: Person::Witness(name),
            } => {
                names.insert(name.as_str());
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
