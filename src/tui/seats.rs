//! How far each seat has come, and the quorum, in letters and in words.

use keymoot_record::{
    ceremony::{
        State, Tally,
        script::Scenario,
        seat::Seat,
        seating::Standing,
        turn::{Purpose, Stage, Turn},
    },
    rules::roster::Handle,
};

/// The six letters of a seat: present, key made, attested, enrolled, signed, closed.
pub(super) fn letters(state: &State, seat: &Seat, turn: Option<&Turn>) -> [(char, bool); 6] {
    let made = turn.is_some_and(|turn| matches!(turn.stage, Stage::Attest(_) | Stage::Found(_)));
    [
        (
            if seat.apart { 'a' } else { 'P' },
            seat.present || seat.apart,
        ),
        ('K', made || seat.enrolment.is_some()),
        ('A', seat.enrolment.is_some()),
        ('E', seat.enrolled().is_some()),
        ('S', state.has_shown(seat)),
        ('C', seat.closing.is_some()),
    ]
}

/// The change of a person in a ceremony that starts from another, as one sign: + joins,
/// - leaves, * changes the device.
pub(super) fn standing(state: Option<&State>, handle: &Handle) -> char {
    let state = state.filter(|state| state.plan.previous().is_some());
    let places = state.map(|state| state.plan.places()).unwrap_or_default();
    let place = places.iter().find(|place| place.handle == *handle);
    match place.map(|place| (place.standing, place.changes_device)) {
        Some((Standing::Joins, _)) => '+',
        Some((Standing::Leaves, _)) => '-',
        Some((Standing::Stays, true)) => '*',
        _ => ' ',
    }
}

/// The last of them as a word.
pub(super) fn word(letters: &[(char, bool); 6]) -> &'static str {
    let last = letters.iter().rev().find(|(_, reached)| *reached);
    match last.map(|(letter, _)| letter) {
        Some('P') => "present",
        Some('a') => "apart",
        Some('K') => "key made",
        Some('A') => "attested",
        Some('E') => "enrolled",
        Some('S') => "signed",
        Some('C') => "closed",
        _ => "",
    }
}

/// How far the holders have come, in words.
pub(super) fn in_words(state: &State) -> String {
    let closed = state.seats.iter().filter(|s| s.closing.is_some()).count();
    let signed: Vec<_> = quorums(state)
        .into_iter()
        .map(|(whose, have, need)| match whose {
            "" => format!("signed {have}, at least {need} must"),
            whose => format!("signed by {whose} {have} of {need}"),
        })
        .collect();
    format!(
        "enrolled {} of {}; {}; closed {closed}",
        state.done(Purpose::Enroll),
        state.plan.policy.quorum.holders,
        signed.join(", ")
    )
}

/// How far the signatures have come: whose keys, how many have signed, and how many must. If
/// people or devices change, the old keys must sign and the new ones.
pub(super) fn quorums(state: &State) -> Vec<(&'static str, usize, usize)> {
    let comes_and_goes = |seat: &Seat| standing(Some(state), &seat.handle) != ' ';
    if state.seats.iter().any(comes_and_goes) {
        let (new, old): (Vec<Tally>, Vec<Tally>) = state
            .tallies()
            .into_iter()
            .partition(|tally| tally.of_previous.is_none());
        // Of several documents, the one with the most missing signatures.
        let least = |tallies: Vec<Tally>| tallies.into_iter().min_by_key(|tally| tally.have);
        if let (Some(old), Some(new)) = (least(old), least(new)) {
            return vec![
                ("old keys", old.have, old.need),
                ("new keys", new.have, new.need),
            ];
        }
    }
    let need = match state.scenario() {
        // No document is signed, and no threshold is needed.
        Scenario::QuorumLost => state.needed(Purpose::Prove),
        _ => state.plan.policy.quorum.threshold as usize,
    };
    vec![("", signed_all(state), need)]
}

/// Each seat in words.
pub(super) fn each_in_words(state: &State) -> Vec<String> {
    let seats = state.seats.iter().enumerate();
    let told = seats.map(|(at, seat)| {
        let word = match word(&letters(state, seat, None)) {
            "" => "not here yet".to_owned(),
            word @ ("present" | "apart") => word.to_owned(),
            word => format!("{word}, {}", presence(seat)),
        };
        let comes = match standing(Some(state), &seat.handle) {
            '+' => ", joins",
            '-' => ", leaves",
            '*' => ", changes the device",
            _ => "",
        };
        format!("seat {} {}{comes}: {word}", at + 1, seat.handle)
    });
    told.collect()
}

/// Where a holder is, as the first letter of the seat says it.
fn presence(seat: &Seat) -> &'static str {
    match (seat.apart, seat.present) {
        (true, _) => "apart",
        (false, true) => "present",
        (false, false) => "absent",
    }
}

fn signed_all(state: &State) -> usize {
    let all = |seat: &&Seat| state.has_shown(seat);
    state.seats.iter().filter(all).count()
}
