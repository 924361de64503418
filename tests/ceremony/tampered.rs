//! A transcript in which one event was removed, moved, altered or repeated,
//! and one that was cut off: keymoot detects it, and names the line.

use std::fmt::Debug;

use keymoot_record::{
    ceremony::State,
    transcript::{Chain, ChainError, Event, Time},
};

use testkit::stage::finished;

use crate::forged::{honest, list_anew, verdicts};

type Lines = Vec<Vec<u8>>;

fn lines() -> Lines {
    let transcript = &honest()["transcript.jsonl"];
    transcript
        .split_inclusive(|&b| b == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

/// The line at which a transcript is found to be broken, from 1.
fn broken_at(lines: &Lines) -> Option<u64> {
    match Chain::read(&lines.concat()) {
        Err(ChainError::Broken { line, .. }) => Some(line),
        _ => None,
    }
}

/// keymoot detects each line that was changed in one way at the line that `found` gives for it.
fn is_found_at(change: impl Fn(&mut Lines, usize), found: impl Fn(usize) -> u64, places: usize) {
    for place in 0..places {
        let mut changed = lines();
        change(&mut changed, place);
        assert_eq!(broken_at(&changed), Some(found(place)), "event {place}");
    }
}

#[test]
fn an_event_that_was_removed_is_found_where_it_was() {
    let remove = |lines: &mut Lines, place: usize| drop(lines.remove(place));
    // Without its last event a transcript has no seal, which the replay says.
    is_found_at(remove, |place| place as u64 + 1, lines().len() - 1);
}

#[test]
fn two_events_in_the_other_order_are_found_at_the_first_of_them() {
    let swap = |lines: &mut Lines, place: usize| lines.swap(place, place + 1);
    is_found_at(swap, |place| place as u64 + 1, lines().len() - 1);
}

#[test]
fn a_repeated_event_is_detected_at_its_second_place() {
    let repeat = |lines: &mut Lines, place: usize| lines.insert(place, lines[place].clone());
    is_found_at(repeat, |place| place as u64 + 2, lines().len());
}

#[test]
fn an_event_whose_time_was_altered_is_found_at_the_line_after_it() {
    let alter = |lines: &mut Lines, place: usize| {
        let line = &mut lines[place];
        // The last digit of the seconds, in `…:07Z"}` and the newline.
        let digit = line.len() - 5;
        line[digit] = if line[digit] == b'0' { b'1' } else { b'0' };
    };
    // The last line's digest is the head, which the manifest names.
    is_found_at(alter, |place| place as u64 + 2, lines().len() - 1);
}

#[test]
fn an_event_that_is_not_written_as_the_program_writes_is_found_at_its_line() {
    let space = |lines: &mut Lines, place: usize| lines[place].insert(1, b' ');
    is_found_at(space, |place| place as u64 + 1, lines().len());
}

#[test]
fn a_transcript_that_was_cut_off_within_a_line_is_torn_in_that_line() {
    let lines = lines();
    let mut before: Vec<u8> = Vec::new();
    let mut cuts = 0;
    for (place, line) in lines.iter().enumerate() {
        // After the first byte, about the middle, before the last brace, and without the newline.
        for end in [1, line.len() / 2, line.len() - 2, line.len() - 1] {
            let cut = [&before, &line[..end]].concat();
            let torn = ChainError::Torn {
                line: place as u64 + 1,
            };
            assert_eq!(Chain::read(&cut), Err(torn), "line {place} after {end}");
            cuts += 1;
        }
        before.extend(line);
    }
    println!("cut off at {cuts} places of {} lines", lines.len());
}

/// The first details of the rules for a bundle with another transcript, whose manifest was
/// written again for it.
fn first_violation(lines: &Lines) -> (String, String) {
    let honest = honest();
    let head = Chain::read(&honest["transcript.jsonl"]).unwrap().head();
    let mut files = honest.clone();
    files.insert("transcript.jsonl".to_owned(), lines.concat());
    // The new list of files passes BUNDLE-FILES.
    list_anew(&mut files, &honest, head);
    let violated = verdicts(files, true).into_iter().find(|v| v.is_violated());
    let violated = violated.expect("nothing is violated");
    (violated.rule.to_string(), violated.detail)
}

fn is_said(lines: &Lines, rule: &str, place: &str, changed: impl Debug) {
    let (violated, detail) = first_violation(lines);
    assert_eq!(violated, rule, "{changed:?}: {detail}");
    assert!(detail.contains(place), "{changed:?}: {detail}");
}

#[test]
fn the_verifier_says_which_line_of_the_transcript_does_not_follow() {
    for place in (0..lines().len() - 1).step_by(12) {
        let mut changed = lines();
        changed.remove(place);
        let line = format!("line {} ", place + 1);
        is_said(&changed, "TRANSCRIPT-CHAIN", &line, ("removed", place));
    }
}

#[test]
fn the_verifier_says_which_line_of_the_transcript_is_torn() {
    for place in (0..lines().len()).step_by(12) {
        let mut changed = lines();
        changed.truncate(place + 1);
        let half = changed[place].len() / 2;
        changed[place].truncate(half);
        let line = format!("line {}, is torn", place + 1);
        is_said(&changed, "TRANSCRIPT-CHAIN", &line, ("torn", place));
    }
}

#[test]
fn the_verifier_says_after_which_line_a_transcript_ends_without_its_seal() {
    for keep in (1..lines().len()).step_by(12) {
        let mut changed = lines();
        changed.truncate(keep);
        let end = format!("ends after line {keep}, without its seal");
        is_said(&changed, "BUNDLE-HEAD", &end, keep);
    }
}

/// The chain of other events, as somebody would make it who can compute digests.
fn chained(events: &[(Event, Time)]) -> Chain {
    let mut chain = Chain::default();
    for (event, time) in events {
        chain
            .push(chain.next(event.clone(), *time).unwrap())
            .unwrap();
    }
    chain
}

/// If the chain was made again, it does not show the change: the
/// replay detects it, or the holders' signatures on another head.
fn is_found_without_the_chain(change: impl Fn(&mut Vec<(Event, Time)>, usize)) {
    let plan = finished().state().plan;
    let honest = Chain::read(&lines().concat()).unwrap();
    let events: Vec<_> = honest
        .entries()
        .iter()
        .map(|entry| (entry.event.clone(), entry.time))
        .collect();
    let (mut replayed, mut signed) = (0, 0);
    for place in (0..events.len() - 1).step_by(3) {
        let mut changed = events.clone();
        change(&mut changed, place);
        if changed == events {
            continue;
        }
        let chain = chained(&changed);
        assert_ne!(chain.head(), honest.head(), "event {place}");
        match State::fold(plan.clone(), &chain) {
            Err(_) => replayed += 1,
            Ok(_) => signed += 1,
        }
    }
    println!("{replayed} found by the replay, {signed} by the head that was signed");
    assert!(replayed > signed);
}

#[test]
fn a_removed_event_with_the_chain_made_again_is_detected_by_replay_or_signature() {
    is_found_without_the_chain(|events, place| drop(events.remove(place)));
}

#[test]
fn a_repeated_event_with_the_chain_made_again_is_detected_by_replay_or_signature() {
    is_found_without_the_chain(|events, place| events.insert(place, events[place].clone()));
}

#[test]
fn two_exchanged_events_with_the_chain_made_again_are_detected_by_replay_or_signature() {
    is_found_without_the_chain(|events, place| events.swap(place, place + 1));
}
