//! The expected result of a plan: every document of its ceremony, with stand-ins for the keys that
//! are not made yet.

use std::sync::Arc;

use super::{
    State,
    bags::Bags,
    draft::Draft,
    enrolment::Enrolment,
    opening::Opening,
    plan::Plan,
    propose,
    script::{Document, Kind},
    seating::Standing,
};
use crate::transcript::{self, Mode, Time};
use keymoot_core::{Verdict, digest::Digest};

/// Drafts every document that the script proposes, with `made` as the time of the ceremony.
/// `stand_in` gives the SubjectPublicKeyInfo (DER) of a key for the seat of this number.
///
/// # Errors
/// Every violation that the proposal of a document would find.
pub fn drafts(
    plan: &Arc<Plan>,
    mode: Mode,
    made: Time,
    stand_in: &dyn Fn(usize) -> Vec<u8>,
) -> Result<Vec<Draft>, Vec<Verdict>> {
    let state = enrolled(plan, mode, made, stand_in);
    let mut proposed: Vec<Document> = Vec::new();
    for (_, step) in plan.script.steps().filter(|(_, s)| s.kind == Kind::Propose) {
        proposed.extend(&step.documents);
    }
    let (mut drafts, mut violated) = (Vec::new(), Vec::new());
    for document in proposed {
        let written = match propose::document(&state, document, made) {
            Ok(written) => written,
            Err(violation) => {
                violated.push(violation.into());
                continue;
            }
        };
        let verdicts = propose::check(&state, document, &written, made);
        violated.extend(verdicts.into_iter().filter(Verdict::is_violated));
        let changes = propose::changes(&state, document, &written).unwrap_or_else(|why| vec![why]);
        drafts.push(Draft {
            document,
            written,
            changes,
        });
    }
    match violated.is_empty() {
        true => Ok(drafts),
        false => Err(violated),
    }
}

/// The state in which every seat has its key. A new one is in the first device that the roster
/// lists for the holder, where it lists one.
fn enrolled(
    plan: &Arc<Plan>,
    mode: Mode,
    made: Time,
    stand_in: &dyn Fn(usize) -> Vec<u8>,
) -> State {
    let mut state = State::new(Arc::clone(plan));
    state.opening = Some(Opening {
        ceremony: "0".repeat(32),
        mode,
        time: made,
        format: transcript::FORMAT,
        settings: None,
        bags: Bags::new(),
    });
    let nothing = Digest::of(b"");
    for (number, seat) in state.seats.iter_mut().enumerate() {
        if seat.standing == Standing::Leaves || seat.enrolment.is_some() {
            continue;
        }
        if let Some(renamed) = &seat.renamed {
            seat.enrolment = Some(renamed.key.clone());
            continue;
        }
        let listed = plan.roster.holder(&seat.handle);
        let devices = listed.map(|holder| holder.devices.as_slice());
        let mut devices = devices.unwrap_or_default().iter();
        let is_new = |serial: &&u32| seat.proven().all(|old| old.serial != **serial);
        seat.enrolment = Some(Enrolment {
            serial: devices.find(is_new).copied().unwrap_or_default(),
            family: listed.map(|holder| holder.family).unwrap_or_default(),
            firmware: String::new(),
            spki: stand_in(number),
            attestation: nothing,
            device: nothing,
            statement: Some(nothing),
            escrow: None,
        });
    }
    state
}
