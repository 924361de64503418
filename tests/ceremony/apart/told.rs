//! What the report says of what did not go as planned, in the room and apart.

use std::collections::BTreeMap;

use keymoot_core::{Rule, Violation, digest::Digest};
use keymoot_record::{
    report::Account,
    transcript::{Branch, Chain, Entry, Event, Person, Time},
};
use testkit::stage::below;

use super::{five_apart, vendor};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The report of five holders apart, in which other events happened in place of some.
fn report(mut change: impl FnMut(&Chain, &Entry) -> Vec<Event>) -> String {
    let stage = five_apart();
    let state = stage.state();
    let sealed = state.sealed.as_ref().unwrap().seq;
    let mut chain = Chain::default();
    for entry in &stage.chain().entries()[..=usize::try_from(sealed).unwrap()] {
        for event in change(&chain, entry) {
            chain.push(chain.next(event, entry.time).unwrap()).unwrap();
        }
    }
    let objects = below(&stage.dir().join("objects")).into_values();
    let objects: BTreeMap<_, _> = objects.map(|bytes| (Digest::of(&bytes), bytes)).collect();
    let object = |digest: &Digest| {
        let kept = objects.get(digest).cloned();
        kept.or_else(|| state.plan.object(digest))
    };
    let account = Account::of(&state, &chain, &object, &vendor(stage)).unwrap();
    account.markdown()
}

/// What that report lists as not planned.
fn changed(mut change: impl FnMut(&Chain, &Entry) -> Event) -> String {
    let report = report(|chain, entry| vec![change(chain, entry)]);
    let title = "## What did not go as the script says";
    let (_, remarks) = report.split_once(title).unwrap();
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

#[test]
fn what_a_rule_refused_is_in_the_report() {
    let same = |_: &Chain, entry: &Entry| entry.event.clone();
    assert!(!changed(same).contains("violated"));
    let refused = changed(|_, entry| {
        let mut event = entry.event.clone();
        if let Event::MachineChecked { verdicts } = &mut event {
            let running = Violation::new(Rule::MachineNetwork, "it is online", "unplug it");
            *verdicts = vec![running.into()];
        }
        event
    });
    assert!(refused.contains("violated MACHINE-NETWORK"), "{refused}");
}

#[test]
fn a_witness_who_came_late_is_said_to_have_come_at_a_line() {
    let late = report(|_, entry| {
        let mut event = entry.event.clone();
        let Event::RollCalled { witnesses, .. } = &mut event else {
            return vec![event];
        };
        let names = std::mem::take(witnesses).into_iter();
        let arrive = names.map(|name| Event::Arrived {
            person: Person::Witness(name),
        });
        std::iter::once(event).chain(arrive).collect()
    });
    assert!(late.contains(", who came at line "), "{late}");
}
