//! What the report says of an answer that did not go as planned.

use std::collections::BTreeMap;

use keymoot_core::digest::Digest;
use keymoot_record::{
    report::Account,
    transcript::{Branch, Chain, Entry, Event, Time},
};
use testkit::stage::below;

use super::{five_apart, vendor};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The sealed record of five holders apart, in which something happened otherwise.
fn changed(mut change: impl FnMut(&Chain, &Entry) -> Event) -> String {
    let stage = five_apart();
    let state = stage.state();
    let sealed = state.sealed.as_ref().unwrap().seq;
    let mut chain = Chain::default();
    for entry in &stage.chain().entries()[..=usize::try_from(sealed).unwrap()] {
        let event = change(&chain, entry);
        chain.push(chain.next(event, entry.time).unwrap()).unwrap();
    }
    let objects = below(&stage.dir().join("objects")).into_values();
    let objects: BTreeMap<_, _> = objects.map(|bytes| (Digest::of(&bytes), bytes)).collect();
    let object = |digest: &Digest| {
        let kept = objects.get(digest).cloned();
        kept.or_else(|| state.plan.object(digest))
    };
    let account = Account::of(&state, &chain, &object, &vendor(stage)).unwrap();
    let report = account.markdown();
    let (_, remarks) = report
        .split_once("## What did not go as the script says")
        .unwrap();
    remarks.split_once("\n## ").unwrap().0.to_owned()
}

/// The record in which the clock of each machine at home was off by so many seconds, at each line of
/// the answer by its place.
fn by_another_clock(offset: impl Fn(usize) -> i64) -> String {
    changed(|chain, entry| {
        let mut event = entry.event.clone();
        if let Event::Answered { branch, .. } = &mut event {
            let (_, seq) = branch.base();
            let mut turn = Chain::read(&chain.bytes_through(seq - 1)).unwrap();
            for (place, line) in branch.entries().iter().enumerate() {
                let time = Time::from_unix(line.time.unix() + offset(place)).unwrap();
                turn.push(turn.next(line.event.clone(), time).unwrap())
                    .unwrap();
            }
            *branch = Branch::of(turn.since(seq).to_vec()).unwrap();
        }
        event
    })
}

#[test]
fn a_clock_at_home_that_differs_from_the_tables_is_in_the_report() {
    assert!(!by_another_clock(|_| 0).contains("clock of this answer's machine"));
    let ahead = by_another_clock(|_| 3 * DAY);
    let told = "the clock of this answer's machine was about 3 days ahead of the table's";
    assert!(ahead.contains(told), "{ahead}");
    let behind = by_another_clock(|_| -3 * DAY);
    let told = "the clock of this answer's machine was about 3 days behind the table's";
    assert!(behind.contains(told), "{behind}");
}

#[test]
fn a_clock_that_was_set_back_during_an_answer_is_in_the_report() {
    let first = |place| if place == 0 { 2 * HOUR } else { 0 };
    let report = by_another_clock(first);
    assert!(report.contains("clock was set back by 7"), "{report}");
}

#[test]
fn a_refusal_and_a_note_in_an_answer_are_in_the_report() {
    let declined = changed(|_, entry| match &entry.event {
        Event::Answered {
            holder, request, ..
        } => Event::Declined {
            holder: holder.clone(),
            request: *request,
            why: "on holiday".to_owned(),
        },
        other => other.clone(),
    });
    assert!(
        declined.contains("declines, by a file that nobody signed: on holiday"),
        "{declined}"
    );
    let noted = changed(|chain, entry| {
        let mut event = entry.event.clone();
        if let Event::Answered { branch, .. } = &mut event {
            let (_, seq) = branch.base();
            let mut turn = Chain::read(&chain.bytes_through(seq - 1)).unwrap();
            let note = Event::Note {
                text: "the cat was here".to_owned(),
            };
            turn.push(turn.next(note, entry.time).unwrap()).unwrap();
            *branch = Branch::of(turn.since(seq).to_vec()).unwrap();
        }
        event
    });
    assert!(noted.contains("the cat was here"), "{noted}");
}
