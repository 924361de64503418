//! What comes next: a question for a person, an effect on the world, or an event
//! that needs neither.

use super::{
    machine::MachineState,
    question::Question,
    requests::Apart,
    script::{Document, Kind},
    state::State,
    turn::{Purpose, Stage, Turn},
};
use crate::{rules::roster::Handle, transcript::Event};
use keymoot_core::digest::Digest;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask people.
    Ask(Question),
    /// Do something in the world, and record the result.
    Do(Effect),
    /// Record this; it follows from what has happened.
    Record(Event),
    /// Every step is done.
    Finished,
}

/// Something to be done in the world. Holders' devices are named by serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Check the machine.
    ExamineMachine,
    /// Verify the previous state.
    Load,
    /// Wait for the holder's device and read it.
    AwaitDevice(Handle),
    /// Erase the PIV application.
    Reset(Handle, u32),
    /// Set PIN, PUK and management key, keeping the last two first.
    Provision(Handle, u32),
    /// Generate the key.
    Generate(Handle, u32),
    /// Read whether slot 9c holds a key.
    LookForKey(Handle, u32),
    /// Read the key's attestation and verify it.
    Attest(Handle, u32),
    /// Have the device sign the statement of enrolment.
    Prove(Handle, u32),
    /// Have the device sign a document.
    Sign(Handle, u32, Document),
    /// Have the device sign a presence proof.
    State(Handle, u32),
    /// Wait until the device that has signed is out, for another of the holder's.
    AwaitExchange(Handle, u32),
    /// Have the device sign the manifest.
    Close(Handle, u32),
    /// Read the device's audit log, and compare it with the commands sent.
    ReadLog(Handle, u32),
    /// Have the device sign the statement of the holder's answer.
    SignAnswer(Handle, u32),
    /// Wait until the device is out.
    AwaitRemoval(Handle),
    /// Build a document and check it.
    Propose(Document),
    /// Verify the signed documents.
    Verify,
    /// Seal the transcript, with further files of the bundle.
    Seal,
    /// Make the manifest.
    MakeManifest,
    /// Write the bundle.
    Export(Digest),
}

impl State {
    /// What comes next. A pure function of all events.
    #[must_use]
    pub fn next(&self) -> Next {
        let Some(step) = self.current() else {
            return Next::Finished;
        };
        if let Some(apart) = &self.apart {
            return self.next_apart(apart);
        }
        if let Some((part, digest)) = self
            .part_to_read()
            .and_then(|part| Some((part, self.digest_of(part)?)))
        {
            return Next::Ask(Question::HaveYouReadPlan { part, digest });
        }
        if self.awaits_examination() {
            return match &self.machine {
                MachineState::Violated(violated) => Next::Ask(Question::Violations {
                    violated: violated.clone(),
                }),
                _ => Next::Do(Effect::ExamineMachine),
            };
        }
        if !self.begun {
            return Next::Record(Event::StepBegun {
                step: step.id.clone(),
            });
        }
        if let Some(turn) = &self.turn {
            return self.next_in_turn(turn);
        }
        if self.step_is_complete() {
            return Next::Record(Event::StepDone {
                step: step.id.clone(),
            });
        }
        if !self.progress.violated.is_empty() {
            return Next::Ask(Question::Violations {
                violated: self.progress.violated.clone(),
            });
        }
        match step.kind {
            Kind::Close if self.sealed.is_none() => Next::Do(Effect::Seal),
            Kind::Close if self.manifest.is_none() => Next::Do(Effect::MakeManifest),
            Kind::Enroll | Kind::EnrollSpares | Kind::Sign | Kind::Prove | Kind::Close => {
                match self.purpose() {
                    Some(purpose) => self.whose_turn(purpose),
                    None => Next::Finished,
                }
            }
            Kind::Export => match self.manifest {
                Some(manifest) => Next::Do(Effect::Export(manifest)),
                None => Next::Finished,
            },
            kind => self.effect_of_step(kind).unwrap_or(Next::Finished),
        }
    }

    /// What comes next for a holder apart: the machine and the request before any device.
    fn next_apart(&self, apart: &Apart) -> Next {
        if apart.done {
            return Next::Finished;
        }
        if apart.machine.is_none() {
            return Next::Do(Effect::ExamineMachine);
        }
        let violated = apart.violated();
        if !violated.is_empty() {
            return Next::Ask(Question::Violations { violated });
        }
        match &self.turn {
            _ if apart.compared.is_none() => Next::Ask(Question::ReadRequest {
                holder: apart.holder.clone(),
                request: apart.request,
            }),
            Some(turn) => self.next_in_turn(turn),
            None => self.whose_turn(apart.purpose),
        }
    }

    /// The effect to repeat after people fixed the cause of a violation.
    #[must_use]
    pub fn again(&self) -> Option<Effect> {
        if self.apart.is_some() || self.awaits_examination() {
            return Some(Effect::ExamineMachine);
        }
        match self.effect_of_step(self.current()?.kind) {
            Some(Next::Do(effect)) => Some(effect),
            _ => None,
        }
    }

    fn effect_of_step(&self, kind: Kind) -> Option<Next> {
        let documents = self
            .current()
            .map(|step| step.documents.as_slice())
            .unwrap_or_default();
        Some(match kind {
            Kind::Confirm => Next::Ask(Question::Confirm),
            Kind::RollCall => Next::Ask(Question::RollCall),
            Kind::Preflight => Next::Do(Effect::ExamineMachine),
            Kind::Load if self.awaits_comparison() => Next::Ask(match self.compared_root() {
                Some(root) if self.format() >= 2 => Question::NewestRoot {
                    version: root.root().version,
                    root: root.document().digest(),
                },
                _ => Question::Confirm,
            }),
            Kind::Load => Next::Do(Effect::Load),
            Kind::Verify => Next::Do(Effect::Verify),
            Kind::Propose => {
                let left = documents
                    .iter()
                    .find(|document| !self.documents.contains_key(document));
                Next::Do(Effect::Propose(*left?))
            }
            Kind::Review => {
                let unread = documents.iter().find_map(|document| {
                    let proposal = self.documents.get(document).filter(|p| !p.reviewed)?;
                    Some(Question::HaveYouRead {
                        document: *document,
                        signed: proposal.signed,
                    })
                });
                Next::Ask(unread?)
            }
            Kind::Enroll
            | Kind::EnrollSpares
            | Kind::Sign
            | Kind::Prove
            | Kind::Close
            | Kind::Export => return None,
        })
    }

    fn whose_turn(&self, purpose: Purpose) -> Next {
        let can_stop = self.can_stop(purpose);
        Next::Ask(Question::WhoseTurn {
            purpose,
            waiting: self.waiting(purpose),
            can_stop,
        })
    }

    fn next_in_turn(&self, turn: &Turn) -> Next {
        let holder = turn.holder.clone();
        let Some(device) = turn.device.clone() else {
            return Next::Do(Effect::AwaitDevice(holder));
        };
        let serial = device.serial;
        match &turn.stage {
            Stage::Insert => Next::Do(Effect::AwaitDevice(holder)),
            Stage::Refused(violated) => Next::Ask(Question::DeviceRefused {
                another: self
                    .seat(&holder)
                    .is_none_or(|seat| seat.enrolment.is_none())
                    || turn.purpose != Purpose::Enroll,
                holder,
                serial,
                violated: violated.clone(),
            }),
            Stage::Identify => Next::Ask(Question::IsThisYours { holder, device }),
            Stage::Erase => Next::Ask(Question::MayErase { holder, device }),
            Stage::Reset => Next::Do(Effect::Reset(holder, serial)),
            Stage::HalfProvisioned => Next::Record(Event::ResetAnnounced { holder, serial }),
            Stage::Provision => Next::Do(Effect::Provision(holder, serial)),
            Stage::Generate => Next::Do(Effect::Generate(holder, serial)),
            Stage::HalfGenerated => Next::Do(Effect::LookForKey(holder, serial)),
            Stage::Found(spki) => Next::Ask(Question::AdoptOrReplace {
                holder,
                serial,
                key: Digest::of(spki),
                brought: turn.brings_key,
            }),
            Stage::Attest(_) => Next::Do(Effect::Attest(holder, serial)),
            Stage::Prove => Next::Do(Effect::Prove(holder, serial)),
            Stage::ReadLog => Next::Do(Effect::ReadLog(holder, serial)),
            Stage::Sign if turn.purpose == Purpose::Close => {
                Next::Do(Effect::Close(holder, serial))
            }
            Stage::Sign if turn.purpose == Purpose::Prove => {
                Next::Do(Effect::State(holder, serial))
            }
            Stage::Sign => {
                let seat = self.seat(&holder);
                match seat.and_then(|seat| self.next_signature(seat, Some(serial))) {
                    Some((document, _)) => Next::Do(Effect::Sign(holder, serial, document)),
                    None => Next::Do(Effect::AwaitRemoval(holder)),
                }
            }
            Stage::Exchange => Next::Do(Effect::AwaitExchange(holder, serial)),
            Stage::Answer => Next::Do(Effect::SignAnswer(holder, serial)),
            Stage::Remove => Next::Do(Effect::AwaitRemoval(holder)),
        }
    }
}
