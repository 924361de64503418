//! How each event changes the state, and when it may come.

use super::{
    script::{Document, Kind},
    state::{Enrolment, Progress, Proposal, Seal, Signature, State},
    turn::{Purpose, Seen, Stage, Turn},
};
use crate::{
    rules::{Verdict, roster::Handle},
    transcript::{Entry, Event},
};

type Step = Result<(), String>;

impl State {
    /// Folds in an event of the ceremony's course.
    pub(super) fn advance(&mut self, event: &Event, entry: &Entry) -> Step {
        match event {
            Event::StepBegun { step } => {
                self.is_current(step, false)?;
                self.begun = true;
                self.progress = Progress::default();
                Ok(())
            }
            Event::StepDone { step } => {
                self.is_current(step, true)?;
                if !self.step_is_complete() {
                    return Err("the step has not got what it needs".to_owned());
                }
                self.begun = false;
                self.progress = Progress::default();
                self.step += 1;
                Ok(())
            }
            Event::Confirmed { step, fields } => {
                self.in_step(Kind::Confirm)?;
                self.is_current(step, true)?;
                let asked = self
                    .current()
                    .map(|step| step.fields.clone())
                    .unwrap_or_default();
                let same = asked.len() == fields.len()
                    && asked.iter().all(|field| {
                        fields
                            .get(&field.id)
                            .is_some_and(|typed| field.accepts.accept(typed).is_ok())
                    });
                self.finish(same, "what was typed is not what the step asks for")
            }
            Event::MachineChecked { verdicts } => {
                self.in_step(Kind::Preflight)?;
                self.judge(verdicts);
                Ok(())
            }
            Event::RollCalled { present } => self.roll_call(present),
            Event::Enough { step } => {
                self.is_current(step, true)?;
                let purpose = self
                    .purpose()
                    .filter(|&p| p != Purpose::Enroll && self.turn.is_none());
                let met = purpose.is_some_and(|p| self.done(p) >= self.needed(p));
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
                self.in_step(Kind::Propose)?;
                let document = self.document(document)?;
                self.judge(verdicts);
                if self.progress.violated.is_empty() {
                    let proposal = Proposal {
                        file: *file,
                        signed: *signed,
                        made: *made,
                        reviewed: false,
                    };
                    self.documents.insert(document, proposal);
                }
                self.progress.done =
                    self.all_documents(|state, d| state.documents.contains_key(&d));
                Ok(())
            }
            Event::Reviewed { document, signed } => {
                self.in_step(Kind::Review)?;
                let document = self.document(document)?;
                let proposal = self
                    .documents
                    .get_mut(&document)
                    .filter(|p| p.signed == *signed);
                proposal.ok_or("this is not what was proposed")?.reviewed = true;
                self.progress.done = self
                    .all_documents(|state, d| state.documents.get(&d).is_some_and(|p| p.reviewed));
                Ok(())
            }
            Event::Verified { verdicts } => {
                self.in_step(Kind::Verify)?;
                self.judge(verdicts);
                Ok(())
            }
            Event::Sealed { attachments } => {
                self.in_step(Kind::Close)?;
                if self.sealed.is_some() {
                    return Err("the transcript is already sealed".to_owned());
                }
                let head = entry.digest().map_err(|error| error.to_string())?;
                self.sealed = Some(Seal {
                    seq: entry.seq,
                    head,
                    attachments: attachments.clone(),
                });
                Ok(())
            }
            Event::ManifestMade { manifest } => {
                self.in_step(Kind::Close)?;
                if self.sealed.is_none() || self.manifest.is_some() {
                    return Err("a manifest is made once, after the seal".to_owned());
                }
                self.manifest = Some(*manifest);
                Ok(())
            }
            Event::Exported { manifest } => {
                self.in_step(Kind::Export)?;
                self.exported = true;
                self.finish(
                    self.manifest == Some(*manifest),
                    "another manifest was signed",
                )
            }
            event => self.advance_turn(event),
        }
    }

    fn roll_call(&mut self, present: &[String]) -> Step {
        self.in_step(Kind::RollCall)?;
        let known = present
            .iter()
            .all(|p| self.seats.iter().any(|seat| seat.handle.as_str() == p));
        if !known {
            return Err("somebody is not in the roster".to_owned());
        }
        for seat in &mut self.seats {
            seat.present = present.iter().any(|p| p == seat.handle.as_str());
        }
        let count = self.seats.iter().filter(|seat| seat.present).count();
        self.finish(
            count == present.len() && count >= self.plan.policy.quorum.holders as usize,
            "a first root needs every holder of the roster",
        )
    }

    /// Folds in an event of the holder's turn.
    fn advance_turn(&mut self, event: &Event) -> Step {
        match event {
            Event::TurnBegun { holder } => {
                let purpose = self.purpose().ok_or("this step has no turns")?;
                if self.turn.is_some() || !self.begun {
                    return Err("somebody else is at the table".to_owned());
                }
                if purpose == Purpose::Close && self.manifest.is_none() {
                    return Err("there is no manifest to sign".to_owned());
                }
                let waiting = self
                    .waiting(purpose)
                    .into_iter()
                    .find(|h| h.as_str() == holder);
                self.turn = Some(Turn::new(
                    waiting.ok_or("this holder is not awaited")?,
                    purpose,
                ));
                Ok(())
            }
            Event::TurnEnded { holder, unfinished } => {
                let at_end = self.at_table(holder)?.stage == Stage::Remove;
                if at_end == unfinished.is_some() {
                    return Err("the turn's purpose and its end do not agree".to_owned());
                }
                self.turn = None;
                Ok(())
            }
            Event::DeviceSeen {
                holder,
                serial,
                firmware,
                used,
                verdicts,
            } => {
                let turn = self.at_stage(holder, &[Stage::Insert])?;
                turn.device = Some(Seen {
                    serial: *serial,
                    firmware: firmware.clone(),
                    used: *used,
                });
                let violated = violated(verdicts);
                turn.stage = match turn.purpose {
                    _ if !violated.is_empty() => Stage::Refused(violated),
                    Purpose::Enroll => Stage::Identify,
                    Purpose::Sign | Purpose::Close => Stage::Sign,
                };
                Ok(())
            }
            Event::DeviceSetAside { holder, serial } => {
                let turn = self.with_device(holder, *serial)?;
                if !matches!(turn.stage, Stage::Refused(_) | Stage::Identify) {
                    return Err("the device is in use".to_owned());
                }
                turn.device = None;
                turn.stage = Stage::Insert;
                Ok(())
            }
            Event::DeviceConfirmed { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Identify])?;
                let used = turn.device.as_ref().is_some_and(|seen| seen.used);
                turn.stage = if used { Stage::Erase } else { Stage::Provision };
                Ok(())
            }
            Event::ResetAnnounced { holder, serial } => {
                let turn = self.with_device(holder, *serial)?;
                match turn.stage {
                    Stage::Erase | Stage::Reset | Stage::HalfProvisioned | Stage::Found(_) => {
                        turn.stage = Stage::Reset;
                        Ok(())
                    }
                    _ => Err("nobody agreed that the device is erased".to_owned()),
                }
            }
            Event::ResetDone { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::Reset])?
                    .stage = Stage::Provision;
                Ok(())
            }
            Event::EscrowKept {
                holder,
                serial,
                sealed,
            } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::Provision])?;
                turn.escrow = *sealed;
                turn.stage = Stage::HalfProvisioned;
                Ok(())
            }
            Event::Provisioned { holder, serial } => {
                let turn = self.device_at_stage(holder, *serial, &[Stage::HalfProvisioned])?;
                turn.stage = Stage::Generate;
                Ok(())
            }
            Event::GenerateAnnounced { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::Generate])?
                    .stage = Stage::HalfGenerated;
                Ok(())
            }
            Event::KeyGenerated {
                holder,
                serial,
                spki,
                adopted,
            } => {
                let spki = bytes(spki)?;
                let expected = if *adopted {
                    Stage::Found(spki.clone())
                } else {
                    Stage::HalfGenerated
                };
                self.device_at_stage(holder, *serial, &[expected])?.stage = Stage::Attest(spki);
                Ok(())
            }
            Event::KeyFound {
                holder,
                serial,
                spki,
            } => {
                let spki = bytes(spki)?;
                let turn = self.device_at_stage(holder, *serial, &[Stage::HalfGenerated])?;
                turn.stage = Stage::Found(spki);
                Ok(())
            }
            Event::KeyMissing { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::HalfGenerated])?
                    .stage = Stage::Reset;
                Ok(())
            }
            Event::Attested {
                holder,
                serial,
                attestation,
                device,
                verdicts,
            } => {
                let turn = self.with_device(holder, *serial)?;
                let Stage::Attest(spki) = turn.stage.clone() else {
                    return Err("there is no key to attest".to_owned());
                };
                let violated = violated(verdicts);
                let refused = !violated.is_empty();
                turn.stage = if refused {
                    Stage::Refused(violated)
                } else {
                    Stage::Prove
                };
                let enrolment = Enrolment {
                    serial: *serial,
                    firmware: turn
                        .device
                        .as_ref()
                        .map(|seen| seen.firmware.clone())
                        .unwrap_or_default(),
                    spki,
                    attestation: *attestation,
                    device: *device,
                    statement: None,
                    escrow: turn.escrow,
                };
                let seat = turn.holder.clone();
                if let Some(seat) = self.seat_mut(&seat).filter(|_| !refused) {
                    seat.enrolment = Some(enrolment);
                }
                Ok(())
            }
            Event::StatementAnnounced { holder, serial } => {
                self.device_at_stage(holder, *serial, &[Stage::Prove])?
                    .announced = true;
                Ok(())
            }
            Event::Enrolled {
                holder,
                serial,
                statement,
            } => {
                let turn = self.announced(holder, *serial, &[Stage::Prove])?;
                turn.stage = Stage::Remove;
                let seat = turn.holder.clone();
                let seat = self
                    .seat_mut(&seat)
                    .and_then(|seat| seat.enrolment.as_mut());
                seat.ok_or("there is no key to prove")?.statement = Some(*statement);
                Ok(())
            }
            Event::SignAnnounced {
                holder,
                serial,
                document,
                signed,
            } => {
                self.in_step(Kind::Sign)?;
                self.is_reviewed(document, signed)?;
                self.device_at_stage(holder, *serial, &[Stage::Sign])?
                    .announced = true;
                Ok(())
            }
            Event::Signed {
                holder,
                serial,
                document,
                signed,
                keyid,
                signature,
            } => {
                self.in_step(Kind::Sign)?;
                let document = self.is_reviewed(document, signed)?;
                let turn = self.announced(holder, *serial, &[Stage::Sign])?;
                let handle = turn.holder.clone();
                let signature = Signature {
                    keyid: keyid.clone(),
                    bytes: bytes(signature)?,
                };
                let seat = self.seat_mut(&handle).ok_or("this holder has no seat")?;
                if seat.signatures.insert(document, signature).is_some() {
                    return Err("this holder has signed this document".to_owned());
                }
                self.remove_when_done(&handle);
                Ok(())
            }
            Event::CloseAnnounced { holder, serial } => {
                self.in_step(Kind::Close)?;
                self.device_at_stage(holder, *serial, &[Stage::Sign])?
                    .announced = true;
                Ok(())
            }
            Event::Closed {
                holder,
                serial,
                keyid,
                signature,
            } => {
                self.in_step(Kind::Close)?;
                let turn = self.announced(holder, *serial, &[Stage::Sign])?;
                let handle = turn.holder.clone();
                let signature = Signature {
                    keyid: keyid.clone(),
                    bytes: bytes(signature)?,
                };
                let seat = self.seat_mut(&handle).ok_or("this holder has no seat")?;
                seat.closing = Some(signature);
                self.remove_when_done(&handle);
                Ok(())
            }
            _ => Err("it has no place here".to_owned()),
        }
    }

    fn remove_when_done(&mut self, handle: &Handle) {
        let done = |state: &Self| {
            let turn = state.turn.as_ref()?;
            Some(state.has_done(state.seat(handle)?, turn.purpose))
        };
        if done(self) == Some(true)
            && let Some(turn) = &mut self.turn
        {
            turn.stage = Stage::Remove;
        }
    }

    /// Whether the current step has got what it needs.
    pub(super) fn step_is_complete(&self) -> bool {
        match self.purpose() {
            Some(purpose) => {
                self.turn.is_none()
                    && self.done(purpose) >= self.needed(purpose)
                    && (self.progress.enough || self.waiting(purpose).is_empty())
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

    fn in_step(&self, kind: Kind) -> Step {
        let here = self.begun && self.current().is_some_and(|step| step.kind == kind);
        here.then_some(())
            .ok_or("it belongs to another kind of step".to_owned())
    }

    fn finish(&mut self, done: bool, otherwise: &str) -> Step {
        self.progress.done = done;
        done.then_some(()).ok_or(otherwise.to_owned())
    }

    fn judge(&mut self, verdicts: &[Verdict]) {
        self.progress.violated = violated(verdicts);
        self.progress.done = self.progress.violated.is_empty();
    }

    fn document(&self, name: &str) -> Result<Document, String> {
        let documents = self
            .current()
            .map(|step| step.documents.as_slice())
            .unwrap_or_default();
        let found = documents
            .iter()
            .copied()
            .find(|document| document.name() == name);
        found.ok_or("the step is not about this document".to_owned())
    }

    fn all_documents(&self, is_done: impl Fn(&Self, Document) -> bool) -> bool {
        let documents = self
            .current()
            .map(|step| step.documents.as_slice())
            .unwrap_or_default();
        self.progress.violated.is_empty()
            && documents.iter().all(|&document| is_done(self, document))
    }

    fn is_reviewed(&self, name: &str, signed: &crate::digest::Digest) -> Result<Document, String> {
        let document = self.document(name)?;
        let proposal = self.documents.get(&document);
        let same = proposal.is_some_and(|p| p.reviewed && p.signed == *signed);
        same.then_some(document)
            .ok_or("this is not what was reviewed".to_owned())
    }

    fn with_device(&mut self, holder: &str, serial: u32) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        turn.has(serial)?;
        Ok(turn)
    }

    fn at_stage(&mut self, holder: &str, stages: &[Stage]) -> Result<&mut Turn, String> {
        let turn = self.at_table(holder)?;
        if stages.contains(&turn.stage) {
            Ok(turn)
        } else {
            Err("it is out of turn".to_owned())
        }
    }

    fn device_at_stage(
        &mut self,
        holder: &str,
        serial: u32,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        self.at_table(holder)?.has(serial)?;
        self.at_stage(holder, stages)
    }

    fn announced(
        &mut self,
        holder: &str,
        serial: u32,
        stages: &[Stage],
    ) -> Result<&mut Turn, String> {
        let turn = self.device_at_stage(holder, serial, stages)?;
        if std::mem::take(&mut turn.announced) {
            Ok(turn)
        } else {
            Err("it was not announced".to_owned())
        }
    }
}

fn violated(verdicts: &[Verdict]) -> Vec<Verdict> {
    verdicts
        .iter()
        .filter(|verdict| verdict.is_violated())
        .cloned()
        .collect()
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|_| "it holds something that is not hexadecimal".to_owned())
}
