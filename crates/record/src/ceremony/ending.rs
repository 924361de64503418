//! A ceremony that ends without its purpose: the people do not agree, or the quorum is out of
//! reach.

use super::{
    advance::Step,
    ended::Ended,
    script::{Document, Kind},
    state::{Progress, State},
};
use crate::{rules::roster::Handle, transcript::Cause};

impl State {
    /// Whether the ceremony may end without its purpose now: the machine passed, no holder is at
    /// the table, and the bundle is not written. Transcripts of format 1 have no such event.
    #[must_use]
    pub fn may_end_without(&self) -> bool {
        let format = self.opening.as_ref().map_or(1, |opening| opening.format);
        let mut before = (0..self.step).filter_map(|at| self.plan.script.step(at));
        format >= 2
            && before.any(|step| step.kind == Kind::Preflight)
            && self.turn.is_none()
            && self.apart.is_none()
            && self.ended.is_none()
            && !self.exported
    }

    /// The ceremony ends without its purpose. It can still close and export. A seal and closing
    /// signatures from before are made again, with this event.
    pub(super) fn end_without(&mut self, cause: Cause, reason: &str) -> Step {
        if !self.may_end_without() {
            return Err("the ceremony cannot end without its purpose here".to_owned());
        }
        let mut steps = self.plan.script.steps();
        let closing = steps.position(|(_, step)| step.kind == Kind::Close);
        self.step = closing.ok_or("the script does not close")?;
        self.begun = false;
        self.progress = Progress::default();
        self.sealed = None;
        self.manifest = None;
        for asked in &mut self.requests {
            asked.withdrawn = true;
        }
        for seat in &mut self.seats {
            seat.closing = None;
            // A key without its proof of possession does not count.
            let unproven = seat
                .enrolment
                .as_ref()
                .is_some_and(|e| e.statement.is_none());
            seat.enrolment = seat.enrolment.take().filter(|_| !unproven);
            seat.spares.retain(|spare| spare.statement.is_some());
        }
        self.ended = Some(Ended {
            cause,
            reason: reason.to_owned(),
            able: self.able_to_close(),
        });
        Ok(())
    }

    /// How many of those present have a key, with which they can sign the manifest.
    #[must_use]
    pub fn able_to_close(&self) -> usize {
        let able = |seat: &&super::seat::Seat| seat.present && seat.enrolled().is_some();
        self.seats.iter().filter(able).count()
    }

    /// What a ceremony that ended without its purpose lacks, in sentences.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let makes = |seat: &&super::seat::Seat| {
            seat.standing != super::seating::Standing::Leaves && seat.enrolled().is_none()
        };
        let without: Vec<_> = self.seats.iter().filter(makes).collect();
        let mut missing = Vec::new();
        if !without.is_empty() {
            let handles = Handle::list(without.into_iter().map(|seat| &seat.handle));
            missing.push(format!("the keys of {handles}"));
        }
        for document in self.scenario().documents() {
            missing.extend(self.missing_of(*document));
        }
        if self.scenario().documents().is_empty() {
            let shown = self
                .seats
                .iter()
                .filter(|seat| seat.proof.is_some())
                .count();
            missing.push(match shown {
                1 => "1 holder has shown that the key is there".to_owned(),
                _ => format!("{shown} holders have shown that their key is there"),
            });
        }
        missing
    }

    fn missing_of(&self, document: Document) -> Vec<String> {
        let name = document.name();
        let Some(proposal) = self.documents.get(&document) else {
            return vec![format!("{name}: it was never proposed")];
        };
        if !proposal.reviewed {
            return vec![format!(
                "{name}: the people in the room did not agree to it"
            )];
        }
        let unmet = self.tallies_of(document).into_iter();
        unmet
            .filter(|tally| tally.have < tally.need)
            .map(|tally| {
                let of = match tally.of_previous {
                    Some(version) => format!(" by the keys of version {version}"),
                    None => String::new(),
                };
                format!("{name}: {} of {} signatures{of}", tally.have, tally.need)
            })
            .collect()
    }

    /// The holders whose keys were made here and can be attested again from this bundle.
    #[must_use]
    pub fn made_here(&self) -> Vec<Handle> {
        let places = self.plan.places();
        let is_new = |seat: &&super::seat::Seat| {
            let place = places.iter().find(|place| place.handle == seat.handle);
            let before = place.and_then(|place| place.current.as_ref());
            seat.enrolled()
                .is_some_and(|enrolled| before != Some(enrolled))
        };
        let made = self.seats.iter().filter(is_new);
        made.map(|seat| seat.handle.clone()).collect()
    }
}
