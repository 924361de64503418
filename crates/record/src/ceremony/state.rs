//! The state of a ceremony: the result of all its events.
//!
//! `state = fold(events)`: `fold` and `advance` decide whether an event may follow, and what it
//! changes here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    ended::Ended,
    machine::MachineState,
    opening::Opening,
    plan::Plan,
    requests::{Apart, Asked, Given},
    script::{Document, Step},
    seat::Seat,
    turn::Turn,
};
use crate::{
    rules::roster::Handle,
    transcript::{self, PlanPart, Program, Time},
};
use keymoot_core::{Verdict, digest::Digest};

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
    /// The numbers of the bags that were opened, as they were typed.
    pub(super) opened_bags: BTreeSet<String>,
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
            opened_bags: BTreeSet::new(),
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
}
