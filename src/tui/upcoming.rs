//! What comes next, in words.

use keymoot_attestation::Family;
use keymoot_core::text::escape;
use keymoot_record::ceremony::{
    Question, State,
    script::{Document, Kind},
    turn::{Purpose, Stage, Turn},
};

/// What comes after the present work.
pub(super) fn upcoming(state: &State, asked: Option<&Question>) -> String {
    if let Some(turn) = &state.turn {
        return in_turn(state, turn);
    }
    if let Some(apart) = &state.apart {
        return match apart.done {
            true => "nothing more: the answer is sent back",
            false => "the holder's device, PIN, touches",
        }
        .to_owned();
    }
    if let Some(purpose) = state.purpose() {
        let left = state.needed(purpose).saturating_sub(state.done(purpose));
        if left > 0 {
            return format!("{}, {left} to go", turn_in_words(purpose));
        }
    }
    let read_now = match asked {
        Some(Question::HaveYouReadPlan { part, .. }) => Some(*part),
        _ => None,
    };
    if state.part_to_read().is_some() {
        let after = state.parts_to_read().find(|part| Some(*part) != read_now);
        return match (after, state.current()) {
            (Some(part), _) => format!("the digest of the {} is read", part.name()),
            (None, step) => step.map_or_else(String::new, |step| escape(&step.title)),
        };
    }
    match unread(state).get(1) {
        Some(document) => format!("{} is read", document.name()),
        None => following_step(state),
    }
}

/// The documents that are still to be read in this step.
pub(super) fn unread(state: &State) -> Vec<Document> {
    let step = state.current().filter(|step| step.kind == Kind::Review);
    let documents = step.map(|step| step.documents.as_slice());
    let is_unread = |document: &&Document| {
        let proposal = state.documents.get(*document);
        proposal.is_some_and(|proposal| !proposal.reviewed)
    };
    let unread = documents.unwrap_or_default().iter().filter(is_unread);
    unread.copied().collect()
}

/// The documents that the device at the table is still to sign, this one first.
pub(super) fn unsigned(state: &State) -> Vec<Document> {
    let turn = state.turn.as_ref().filter(|t| t.purpose == Purpose::Sign);
    let at_table = turn.and_then(|turn| Some((turn, turn.device.as_ref()?)));
    let left = at_table.and_then(|(turn, device)| {
        let seat = state.seat(&turn.holder)?;
        Some(state.unsigned_with(seat, device.serial))
    });
    left.unwrap_or_default()
}

/// The title of the step after this one.
fn following_step(state: &State) -> String {
    if state.apart.is_some() {
        return "the answer is written to its file".to_owned();
    }
    match state.plan.script.step(state.step + 1) {
        Some(step) => escape(&step.title),
        None if state.is_finished() => "nothing is left to do".to_owned(),
        None => "the ceremony is done".to_owned(),
    }
}

fn turn_in_words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Enroll | Purpose::Spare => "the holder's device, PIN, key, attestation, proof",
        Purpose::Sign => "the holder's device, PIN, touch, signature",
        Purpose::Prove => "the holder's device, PIN, touch, signed statement",
        Purpose::Close => "the holder's device, PIN, touch, closing signature",
    }
}

/// Whether the holder at the table keeps the key under a new name.
fn is_renamed(state: &State, turn: &Turn) -> bool {
    state.is_renamed(&turn.holder)
}

fn in_turn(state: &State, turn: &Turn) -> String {
    let unit = turn.family() == Family::YubiHsm;
    let text = match (&turn.stage, turn.purpose) {
        (Stage::Identify | Stage::Erase | Stage::Reset, _) if unit => {
            "a new password; the device must log all commands"
        }
        (Stage::Attest(_), _) if unit => "the new key signs that its holder has it",
        (Stage::Prove | Stage::Sign, _) if unit && unsigned(state).len() < 2 => {
            "the signature is verified twice; the audit log is read"
        }
        (Stage::Insert, Purpose::Enroll) if is_renamed(state, turn) => {
            "the device is read; the key signs that its holder has another name"
        }
        (Stage::Insert, Purpose::Enroll | Purpose::Spare) => {
            "the device is read; the number on its case is compared"
        }
        (Stage::Insert, _) => "the device is read; PIN and touch",
        (Stage::Refused(_), _) => "another device, or the end of this turn",
        (Stage::Identify, _) if turn.device.as_ref().is_some_and(|seen| seen.used) => {
            match state.plan.policy.device.adopt {
                Some(_) => "its key is adopted, or it is erased, as its holder says",
                None => "the device is erased, if its holder agrees",
            }
        }
        (Stage::Identify | Stage::Erase | Stage::Reset, _) => {
            "a new PIN; PUK and management key are set"
        }
        (Stage::Provision | Stage::HalfProvisioned, _) => "the device makes the key",
        (Stage::Generate | Stage::HalfGenerated | Stage::Found(_), _) => {
            "the device attests its key"
        }
        (Stage::Attest(_), _) => "the new key signs that its holder has it: a touch",
        (Stage::Prove | Stage::Sign, _) => match unsigned(state).get(1) {
            Some(document) => {
                return format!("the signature is verified twice; then {}", document.name());
            }
            None => "the signature is verified twice; the device is taken out",
        },
        (Stage::ReadLog, _) => "the device is taken out",
        (Stage::Answer, _) => "the answer is signed; the device is taken out",
        (Stage::Exchange, _) => "the holder's other device signs",
        (Stage::Remove, _) if state.apart.is_some() => "the answer is written to its file",
        (Stage::Remove, purpose) => {
            let left = state.needed(purpose).saturating_sub(state.done(purpose));
            return match left {
                0 if state.waiting(purpose).is_empty() => following_step(state),
                0 => "more holders, or enough".to_owned(),
                left => format!("the next holder, {left} to go"),
            };
        }
    };
    text.to_owned()
}
