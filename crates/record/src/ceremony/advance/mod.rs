//! How each event changes the state, and when it may follow.

mod enrolment;
mod signing;
mod turn;

use std::collections::BTreeMap;

use super::{
    State,
    bags::is_none,
    question::are_reading_words,
    script::{Document, Kind},
    state::{Progress, Proposal, Seal},
    turn::Purpose,
};
use crate::transcript::{Entry, Event};
use keymoot_core::{Verdict, digest::Digest};
use keymoot_tuf::VerifiedRoot;

pub(super) type Step = Result<(), String>;

impl State {
    /// Folds in an event of the ceremony's course.
    pub(in crate::ceremony) fn advance(&mut self, event: &Event, entry: &Entry) -> Step {
        match event {
            Event::StepBegun { step } => self.step_begun(step),
            Event::StepDone { step } => self.step_done(step),
            Event::Confirmed { step, fields } => self.confirmed(step, fields),
            Event::EndedWithout { cause, reason } => self.end_without(*cause, reason),
            Event::MachineChecked { verdicts } => {
                if self.in_preflight() {
                    self.judge(verdicts);
                } else if !self.awaits_examination() {
                    return Err("the machine is examined in its step and after resuming".to_owned());
                }
                self.machine.examined(Verdict::violated(verdicts));
                Ok(())
            }
            Event::RollCalled {
                present,
                apart,
                witnesses,
            } => self.roll_call(present, apart, witnesses),
            Event::Arrived { person } => self.come_or_go(person, true),
            Event::Departed { person } => self.come_or_go(person, false),
            Event::PlanRead { part, digest } => self.read_part(*part, digest),
            Event::Loaded { verdicts } => {
                self.in_step(Kind::Load)?;
                self.judge(verdicts);
                // People compare a root before the ceremony uses it.
                self.progress.judged = std::mem::take(&mut self.progress.done);
                Ok(())
            }
            Event::NewestRootCompared {
                version,
                root,
                words,
            } => self.newest_root_compared(*version, root, words),
            Event::Enough { step } => {
                self.is_current(step, true)?;
                let met = self.purpose().is_some_and(|purpose| self.can_stop(purpose));
                self.progress.enough = met;
                met.then_some(())
                    .ok_or("the quorum is not met yet".to_owned())
            }
            Event::Proposed {
                document,
                file,
                signed,
                made,
                verdicts,
            } => {
                let proposal = Proposal {
                    file: *file,
                    signed: *signed,
                    made: *made,
                    reviewed: false,
                };
                self.proposed(*document, proposal, verdicts)
            }
            Event::Reviewed { document, signed } => self.reviewed(*document, signed),
            Event::Verified { verdicts } => {
                self.in_step(Kind::Verify)?;
                self.judge(verdicts);
                Ok(())
            }
            Event::Sealed { attachments } => self.seal(entry, attachments),
            Event::ManifestMade { manifest } => self.make_manifest(*manifest, entry.seq),
            Event::Exported { manifest } => {
                self.in_step(Kind::Export)?;
                self.exported = true;
                self.finish(
                    self.manifest == Some(*manifest),
                    "another manifest was signed",
                )
            }
            Event::Requested { .. }
            | Event::Withdrawn { .. }
            | Event::Declined { .. }
            | Event::Answered { .. } => self.advance_requests(event, entry),
            event => self.advance_turn(event),
        }
    }

    fn step_begun(&mut self, step: &str) -> Step {
        self.is_current(step, false)?;
        self.begun = true;
        self.step_since = self.time;
        self.progress = Progress::default();
        Ok(())
    }

    fn step_done(&mut self, step: &str) -> Step {
        self.is_current(step, true)?;
        if !self.step_is_complete() {
            return Err("the step is not complete".to_owned());
        }
        self.begun = false;
        self.progress = Progress::default();
        self.step += 1;
        Ok(())
    }

    fn confirmed(&mut self, step: &str, typed: &BTreeMap<String, String>) -> Step {
        if !self.awaits_comparison() || self.format() >= 2 {
            self.in_step(Kind::Confirm)?;
        }
        self.is_current(step, true)?;
        let asked = self.asked_fields();
        let same = asked.len() == typed.len()
            && asked.iter().all(|field| {
                typed
                    .get(&field.id)
                    .is_some_and(|typed| field.accepts.accept(typed).is_ok())
            });
        let opened = asked.iter().filter(|field| field.is_bag() && !field.is_new);
        let opened = opened.filter_map(|field| typed.get(&field.id));
        self.opened_bags
            .extend(opened.filter(|bag| !is_none(bag)).cloned());
        self.finish(same, "what was typed is not what the step asks for")
    }

    fn newest_root_compared(&mut self, version: u64, root: &Digest, words: &str) -> Step {
        if !self.awaits_comparison() {
            return Err("no root is to be compared now".to_owned());
        }
        let newest = self.compared_root().filter(|_| self.format() >= 2);
        let same = newest.is_some_and(|newest| {
            newest.root().version == version && newest.document().digest() == *root
        });
        self.finish(
            same && are_reading_words(words, root),
            "what was compared is not the newest root",
        )
    }

    fn proposed(&mut self, document: Document, proposal: Proposal, verdicts: &[Verdict]) -> Step {
        self.in_step(Kind::Propose)?;
        self.is_of_step(document)?;
        self.judge(verdicts);
        if self.progress.violated.is_empty() {
            self.documents.insert(document, proposal);
        }
        self.progress.done = self.all_documents(|state, d| state.documents.contains_key(&d));
        Ok(())
    }

    fn reviewed(&mut self, document: Document, signed: &Digest) -> Step {
        self.in_step(Kind::Review)?;
        self.is_of_step(document)?;
        let proposal = self.documents.get_mut(&document);
        proposal
            .filter(|proposal| proposal.signed == *signed)
            .ok_or("this is not what was proposed")?
            .reviewed = true;
        self.progress.done =
            self.all_documents(|state, d| state.documents.get(&d).is_some_and(|p| p.reviewed));
        Ok(())
    }

    fn seal(&mut self, entry: &Entry, attachments: &BTreeMap<String, Digest>) -> Step {
        self.in_step(Kind::Close)?;
        if self.sealed.is_some() {
            return Err("the transcript is already sealed".to_owned());
        }
        self.sealed = Some(Seal {
            seq: entry.seq,
            head: entry.digest(),
            attachments: attachments.clone(),
        });
        Ok(())
    }

    /// A program that took over may make the manifest again: the holders signed another one, and
    /// close again.
    fn make_manifest(&mut self, manifest: Digest, seq: u64) -> Step {
        if self.may_make_manifest_again() && !self.exported {
            let mut steps = self.plan.script.steps();
            let closing = steps.position(|(_, step)| step.kind == Kind::Close);
            self.step = closing.ok_or("the script does not close")?;
            self.begun = true;
            self.progress = Progress::default();
            self.turn = None;
            for seat in &mut self.seats {
                seat.closing = None;
            }
        } else {
            self.in_step(Kind::Close)?;
            if self.sealed.is_none() || self.manifest.is_some() {
                return Err("a program makes the manifest once, after the seal".to_owned());
            }
        }
        self.manifest = Some(manifest);
        self.manifest_made = seq;
        Ok(())
    }

    /// Whether the current step is complete.
    pub(in crate::ceremony) fn step_is_complete(&self) -> bool {
        match self.purpose() {
            Some(purpose) => {
                self.turn.is_none()
                    && (purpose != Purpose::Close || self.manifest.is_some())
                    && self.is_met(purpose)
                    && self.unanswered().next().is_none()
                    && (self.progress.enough
                        || self.waiting(purpose).is_empty()
                            && self.awaited_apart(purpose).is_empty())
            }
            None => self.progress.done && self.progress.violated.is_empty(),
        }
    }

    fn is_current(&self, step: &str, begun: bool) -> Step {
        let current = self.current().is_some_and(|current| current.id == step);
        (current && self.begun == begun)
            .then_some(())
            .ok_or("it is not this step's time".to_owned())
    }

    /// Whether the previous state is verified, and people have yet to compare
    /// [`State::compared_root`] with the one that they know.
    #[must_use]
    pub fn awaits_comparison(&self) -> bool {
        self.in_step(Kind::Load).is_ok() && self.progress.judged && !self.progress.done
    }

    /// The root that people compare: the newest. In format 1 they compared the first.
    #[must_use]
    pub fn compared_root(&self) -> Option<&VerifiedRoot> {
        let roots = self.plan.previous()?.roots();
        match self.format() {
            1 => roots.first(),
            _ => roots.last(),
        }
    }

    pub(in crate::ceremony) fn in_step(&self, kind: Kind) -> Step {
        let here = self.begun && self.current().is_some_and(|step| step.kind == kind);
        here.then_some(())
            .ok_or("it belongs to another kind of step".to_owned())
    }

    pub(super) fn finish(&mut self, done: bool, otherwise: &str) -> Step {
        self.progress.done = done;
        done.then_some(()).ok_or(otherwise.to_owned())
    }

    fn judge(&mut self, verdicts: &[Verdict]) {
        self.progress.violated = Verdict::violated(verdicts);
        self.progress.done = self.progress.violated.is_empty();
    }

    fn is_of_step(&self, document: Document) -> Step {
        let current = self.current();
        let has = current.is_some_and(|step| step.documents.contains(&document));
        has.then_some(())
            .ok_or("the step is not about this document".to_owned())
    }

    fn all_documents(&self, is_done: impl Fn(&Self, Document) -> bool) -> bool {
        let documents = self
            .current()
            .map(|step| step.documents.as_slice())
            .unwrap_or_default();
        self.progress.violated.is_empty()
            && documents.iter().all(|&document| is_done(self, document))
    }

    pub(super) fn is_reviewed(&self, document: Document, signed: &Digest) -> Step {
        self.is_of_step(document)?;
        let proposal = self.documents.get(&document);
        let same = proposal.is_some_and(|p| p.reviewed && p.signed == *signed);
        same.then_some(())
            .ok_or("this is not what was reviewed".to_owned())
    }
}
