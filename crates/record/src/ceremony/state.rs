//! The state of a ceremony: the result of all its events.
//!
//! `state = fold(events)`. Only this module decides whether an event may follow:
//! the driver, a resumed run and the verification of a bundle all
//! fold the same way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    bags,
    ended::Ended,
    enrolment::{Enrolment, Signature},
    machine::MachineState,
    opening::Opening,
    plan::Plan,
    requests::{Apart, Asked, Given},
    script::{Document, Step},
    seating::{Place, Renaming, Standing},
    turn::Turn,
};
use crate::{
    rules::roster::Handle,
    transcript::{self, Entry, Event, PlanPart, Program, Time},
};
use keymoot_core::{Verdict, digest::Digest, text::excerpt};

/// The state of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Script, policy and roster, as amended last.
    pub plan: Arc<Plan>,
    /// The plan that the ceremony was opened with.
    pub(super) origin: Arc<Plan>,
    /// How often the plan was amended.
    pub(super) amendments: usize,
    /// How the ceremony was opened; `None` before the first event.
    pub opening: Option<Opening>,
    /// The programs that recorded the ceremony, each with the number of its first entry;
    /// the last one runs now.
    pub programs: Vec<(u64, Program)>,
    /// The place of the current step in the script; after the last one when all is done.
    pub step: usize,
    /// Whether the current step has begun.
    pub begun: bool,
    /// When the current step began.
    pub step_since: Option<Time>,
    /// The progress of the current step.
    pub progress: Progress,
    /// The holders' seats, in the roster's order.
    pub seats: Vec<Seat>,
    /// The names of the witnesses who are present.
    pub witnesses: BTreeSet<String>,
    /// Whether the holders present were counted.
    pub(super) is_roll_called: bool,
    /// The holder at the table, if any.
    pub turn: Option<Turn>,
    /// The requests to holders apart, in order.
    pub requests: Vec<Asked>,
    /// The recorded answers, in order.
    pub answers: Vec<Given>,
    /// The turn of a holder apart, on the holder's machine.
    pub apart: Option<Apart>,
    /// The documents proposed so far.
    pub documents: BTreeMap<Document, Proposal>,
    /// The manifest's digest, once made.
    pub manifest: Option<Digest>,
    /// The number of the entry that records it.
    pub(super) manifest_made: u64,
    /// The number of the entry that seals the bundle's transcript, and further files of the bundle.
    pub sealed: Option<Seal>,
    /// How the ceremony ended, where that was without its purpose.
    pub ended: Option<Ended>,
    /// Whether the bundle is written to its place.
    pub exported: bool,
    /// The parts of the plan whose digests people have read, before the first step.
    pub read_parts: BTreeSet<PlanPart>,
    /// Whether the machine that continues is the one that was checked.
    pub machine: MachineState,
    /// Notes, exceptions and other remarks, in order.
    pub remarks: Vec<Remark>,
    /// The time of the last event.
    pub time: Option<Time>,
}

/// The progress of the current step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Its question was answered or its effect done.
    pub done: bool,
    /// The previous state passed its rules; people have yet to compare it with
    /// the root that they know.
    pub judged: bool,
    /// The people in the room continue with what they have.
    pub enough: bool,
    /// The holders who had a turn in this step.
    pub called: BTreeSet<Handle>,
    /// The violated verdicts that block the step.
    pub violated: Vec<Verdict>,
}

/// One holder's seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The holder.
    pub handle: Handle,
    /// The holder's relation to the previous root.
    pub standing: Standing,
    /// Whether the roll call found the holder present.
    pub present: bool,
    /// Whether the holder takes part apart from the table.
    pub apart: bool,
    /// The key for the next root and the device it is in, and how far it is proven.
    pub enrolment: Option<Enrolment>,
    /// A key of the previous root that has no place in the next.
    pub outgoing: Option<Enrolment>,
    /// Spare keys, in devices for the day when the first is lost.
    pub spares: Vec<Enrolment>,
    /// The name and the key of the previous root, where the holder was renamed.
    pub renamed: Option<Renaming>,
    /// Signatures made, by document and device.
    pub signatures: BTreeMap<(Document, u32), Signature>,
    /// The statement that this holder's key signed in this ceremony, in a ceremony without
    /// documents.
    pub proof: Option<Digest>,
    /// The closing signature.
    pub closing: Option<Signature>,
}

/// A proposed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The document's file, without signatures.
    pub file: Digest,
    /// The bytes to be signed.
    pub signed: Digest,
    /// The moment from which its dates are counted.
    pub made: Time,
    /// Whether people have read it.
    pub reviewed: bool,
}

/// Where the bundle's transcript ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The number of the last entry in the bundle.
    pub seq: u64,
    /// The head of the bundle's transcript.
    pub head: Digest,
    /// Further files of the bundle.
    pub attachments: BTreeMap<String, Digest>,
}

/// A note or an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The time.
    pub time: Time,
    /// A note's text, or what was expected, happened and decided.
    pub text: Vec<(&'static str, String)>,
}

/// An event that may not follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} ({event}) may not follow: {why}")]
pub struct Illegal {
    /// The entry's number.
    pub seq: u64,
    /// The event's kind.
    pub event: String,
    /// The reason.
    pub why: String,
}

impl State {
    /// The state before anything happened.
    #[must_use]
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            seats: plan.places().iter().map(Seat::new).collect(),
            origin: Arc::clone(&plan),
            amendments: 0,
            plan,
            opening: None,
            programs: Vec::new(),
            step: 0,
            begun: false,
            step_since: None,
            progress: Progress::default(),
            witnesses: BTreeSet::new(),
            is_roll_called: false,
            turn: None,
            requests: Vec::new(),
            answers: Vec::new(),
            apart: None,
            documents: BTreeMap::new(),
            manifest: None,
            manifest_made: 0,
            sealed: None,
            ended: None,
            exported: false,
            read_parts: BTreeSet::new(),
            machine: MachineState::Unexamined,
            remarks: Vec::new(),
            time: None,
        }
    }

    /// Folds all entries of a transcript.
    ///
    /// # Errors
    /// [`Illegal`] at the first entry that may not follow those before it.
    pub fn fold(plan: Arc<Plan>, chain: &crate::transcript::Chain) -> Result<Self, Illegal> {
        let mut state = Self::new(plan);
        for entry in chain.entries() {
            // Not `after`: a copy of the whole state for every entry would let a
            // long transcript of notes keep a verifier busy for hours.
            state.take_in(entry)?;
        }
        Ok(state)
    }

    /// The plan that the ceremony was opened with.
    #[must_use]
    pub fn origin(&self) -> &Arc<Plan> {
        &self.origin
    }

    /// The plan that the ceremony was opened with, and its amendments.
    #[must_use]
    pub fn plans(&self) -> Vec<&Arc<Plan>> {
        let amended = self.origin.later().iter().take(self.amendments);
        std::iter::once(&self.origin).chain(amended).collect()
    }

    /// The current step, unless all are done.
    #[must_use]
    pub fn current(&self) -> Option<&Step> {
        self.plan.script.step(self.step)
    }

    /// Whether every step is done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        if let Some(apart) = &self.apart {
            return apart.done;
        }
        self.opening.is_some() && self.current().is_none()
    }

    /// Whether another program took over after the manifest was made. It may have other texts for
    /// the report, and then makes another manifest of the same transcript.
    #[must_use]
    pub fn may_make_manifest_again(&self) -> bool {
        let last = self.programs.last();
        self.manifest.is_some() && last.is_some_and(|(from, _)| *from > self.manifest_made)
    }

    /// Whether the first step has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun || self.step > 0
    }

    /// The number of the transcript's format; before it is opened, the one that it will have.
    #[must_use]
    pub fn format(&self) -> u32 {
        let opening = self.opening.as_ref();
        opening.map_or(transcript::FORMAT, |opening| opening.format)
    }

    /// The running program, once there is a transcript.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        let apart = self.apart.as_ref().and_then(|apart| apart.programs.last());
        apart.or_else(|| self.programs.last().map(|(_, program)| program))
    }

    /// Whether this is another program than the one that recorded the last entry.
    #[must_use]
    pub fn is_another(&self, program: &Program) -> bool {
        self.program().is_some_and(|before| before != program)
    }

    /// The seat of a holder.
    #[must_use]
    pub fn seat(&self, handle: &Handle) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.handle == *handle)
    }

    /// Whether this holder keeps a key under a new name.
    #[must_use]
    pub fn is_renamed(&self, handle: &Handle) -> bool {
        self.seat(handle).is_some_and(|seat| seat.renamed.is_some())
    }

    pub(super) fn seat_mut(&mut self, handle: &Handle) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.handle == *handle)
    }

    /// The state after one more entry.
    ///
    /// # Errors
    /// [`Illegal`] when the entry may not follow.
    pub fn after(&self, entry: &Entry) -> Result<Self, Illegal> {
        let mut after = self.clone();
        after.take_in(entry)?;
        Ok(after)
    }

    /// Folds one entry in; after an error, do not use the state.
    pub(crate) fn take_in(&mut self, entry: &Entry) -> Result<(), Illegal> {
        self.time = Some(entry.time);
        self.take(entry).map_err(|why| Illegal {
            seq: entry.seq,
            event: kind_of(&entry.event),
            why,
        })
    }

    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), String> {
        match &entry.event {
            Event::Opened {
                format,
                ceremony,
                mode,
                script,
                policy,
                roster,
                inputs,
                program,
                settings,
                bags,
                ..
            } => {
                let format = transcript::format_number(format).ok_or_else(|| {
                    format!(
                        "its format is {}, which this program does not read",
                        excerpt(format)
                    )
                })?;
                if self.plan.files.input_digests() != *inputs {
                    return Err("its inputs are not the ones it was opened with".to_owned());
                }
                if !bags::are_bags(bags) {
                    return Err("it does not name bags of machine and devices".to_owned());
                }
                let digests = [*script, *policy, *roster];
                self.open(
                    Opening {
                        ceremony: ceremony.clone(),
                        mode: *mode,
                        time: entry.time,
                        format,
                        settings: *settings,
                        bags: bags.clone(),
                    },
                    digests,
                )?;
                self.programs.push((entry.seq, Program::clone(program)));
                Ok(())
            }
            _ if self.opening.is_none() => Err("the ceremony was not opened".to_owned()),
            _ if self.apart.is_some() => self.advance_apart(entry),
            Event::AnswerBegun { .. } => self.begin_apart(&entry.event, entry),
            Event::Resumed {
                program,
                another,
                settings,
                ..
            } => {
                if *another != self.is_another(program) {
                    return Err("it names the wrong program".to_owned());
                }
                if *another {
                    self.programs.push((entry.seq, Program::clone(program)));
                }
                if let (Some(opening), Some(_)) = (&mut self.opening, settings) {
                    opening.settings = *settings;
                }
                if let Some(turn) = &mut self.turn {
                    turn.interrupt();
                }
                self.machine.resumed();
                Ok(())
            }
            Event::Amended { policy, roster, .. } => self.amend(*policy, *roster),
            Event::Left {} => Ok(()),
            Event::Mishap { holder, .. } => self.at_table(holder).map(|_| ()),
            Event::PinUnblocked { holder, serial } => self.at_table(holder)?.has(*serial),
            Event::Note { .. } | Event::Exception { .. } => self.remarked(entry),
            event => self.advance(event, entry),
        }
    }

    /// Folds in a note or an exception.
    pub(super) fn remarked(&mut self, entry: &Entry) -> Result<(), String> {
        let text = match &entry.event {
            Event::Note { text } => vec![("note", text)],
            Event::Exception {
                expected,
                happened,
                decided,
            } => vec![
                ("expected", expected),
                ("happened", happened),
                ("decided", decided),
            ],
            _ => return Err("it is no remark".to_owned()),
        };
        self.remark(entry.time, text);
        Ok(())
    }

    fn open(&mut self, opening: Opening, digests: [Digest; 3]) -> Result<(), String> {
        let ceremony = &opening.ceremony;
        if self.opening.is_some() {
            return Err("the ceremony is already open".to_owned());
        }
        if self.plan.files.digests() != digests {
            return Err("script, policy or roster are not the ones it was opened with".to_owned());
        }
        if ceremony.len() != 32
            || !ceremony
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err("the ceremony's name is not 32 hexadecimal digits".to_owned());
        }
        self.opening = Some(opening);
        Ok(())
    }

    fn remark(&mut self, time: Time, text: Vec<(&'static str, &String)>) {
        let text = text
            .into_iter()
            .map(|(label, text)| (label, text.clone()))
            .collect();
        self.remarks.push(Remark { time, text });
    }

    /// Checks that this holder is at the table.
    pub(super) fn at_table(&mut self, holder: &Handle) -> Result<&mut Turn, String> {
        match &mut self.turn {
            Some(turn) if turn.holder == *holder => Ok(turn),
            _ => Err("this holder is not at the table".to_owned()),
        }
    }
}

impl Seat {
    pub(super) fn new(place: &Place) -> Self {
        Self {
            handle: place.handle.clone(),
            standing: place.standing,
            present: false,
            apart: false,
            enrolment: place.current.clone(),
            outgoing: place.outgoing.clone(),
            spares: place.spares.clone(),
            renamed: place.renamed.clone(),
            signatures: BTreeMap::new(),
            proof: None,
            closing: None,
        }
    }

    /// The enrolment for the next root, once possession of its key is proven.
    #[must_use]
    pub fn enrolled(&self) -> Option<&Enrolment> {
        self.enrolment
            .as_ref()
            .filter(|enrolment| enrolment.statement.is_some())
    }

    /// The handle in the previous root, where the holder was renamed.
    #[must_use]
    pub fn formerly(&self) -> Option<&Handle> {
        self.renamed.as_ref().map(|renamed| &renamed.from)
    }

    /// Every enrolment whose possession is proven: for the next root, leaving it,
    /// and spare.
    pub fn proven(&self) -> impl Iterator<Item = &Enrolment> {
        let all = self
            .enrolment
            .iter()
            .chain(&self.outgoing)
            .chain(&self.spares);
        all.filter(|enrolment| enrolment.statement.is_some())
    }

    /// The proven enrolments that are published: for the next root, and spare. Those
    /// that leave the root were published when they came.
    pub fn published(&self) -> impl Iterator<Item = &Enrolment> {
        let all = self.enrolment.iter().chain(&self.spares);
        all.filter(|enrolment| enrolment.statement.is_some())
    }

    /// Whether a document is signed with the key that is in the next root.
    #[must_use]
    pub fn has_signed(&self, document: Document) -> bool {
        self.enrolled()
            .is_some_and(|e| self.signatures.contains_key(&(document, e.serial)))
    }

    /// The identity of the proven key in the device with this serial number.
    #[must_use]
    pub fn key_in(&self, serial: u32) -> Option<Digest> {
        let mut proven = self.proven();
        proven.find(|e| e.serial == serial).map(Enrolment::key)
    }
}

/// The event's kind as the transcript writes it.
fn kind_of(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value
        .get("kind")
        .and_then(|kind| kind.as_str())
        .unwrap_or("unknown")
        .to_owned()
}
