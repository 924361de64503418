//! The driver: does what the engine asks of the world, and records it.
//!
//! The engine says what comes next; the driver asks the people or moves the
//! devices, writes the resulting events to the disk, and only then folds them in.
//! The terminal's screens, the unattended plan and the tests operate it alike.

mod answer;
mod apart;
mod device_log;
mod documents;
mod enrolment;
mod handing;
pub mod operator;
mod record;
mod signing;
pub mod signing_event;
mod table;
mod unblock;
mod waiting;
mod wish;

use std::{path::PathBuf, sync::Arc};

pub use operator::{
    AboutToSign, Allows, Asked, Errand, EventPage, Farewell, HandOver, Interrupt, Operator,
    PinPrompt, PlanOfDay, Reading, Remedy, Reply, Takes, Told, Trouble, View, Work,
};
pub use record::record;

use crate::{
    device::{Device, DeviceError, ErrorKind, Slots, yubihsm::Place},
    host::{clock, machine, secret::Secret},
    store::{Folder, Journal},
};
use keymoot_attestation::{Evidence, Family, TrustStore};
use keymoot_core::{HostError, Rule};
use keymoot_record::{
    bundle::Files,
    ceremony::{Effect, Next, Question, Refusal, Said, State},
    rules::{machine::Medium, roster::Handle},
    transcript::{Event, Time},
};

/// How a run of the driver ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every step is done.
    Finished,
    /// Somebody left; the ceremony can be resumed.
    Left,
    /// A holder apart declined: the refusal is written.
    Declined,
}

/// The surroundings of a ceremony.
pub struct World<'w> {
    /// The ceremony's folder.
    pub folder: Folder,
    /// The transcript in it.
    pub journal: Journal,
    /// The vendors whose attestations count.
    pub trust: TrustStore,
    /// Where the bundle is to be written.
    pub out: PathBuf,
    /// Where further copies of it are to be written.
    pub copies: Vec<PathBuf>,
    /// Where YubiHSM 2s are found.
    pub connector: Place,
    /// What people must know before they agree to begin, safe to show.
    pub warnings: Vec<String>,
    /// The time at which an answer of a holder apart is due, if its request names one.
    pub due: Option<Time>,
    /// Collects further files of the bundle when the transcript is sealed.
    pub attachments: Box<dyn Fn() -> Result<Files, HostError> + Send + 'w>,
}

/// Drives one ceremony.
pub struct Driver<'d, 'w> {
    world: World<'w>,
    state: Arc<State>,
    operator: &'d mut dyn Operator,
    secrets: Option<TurnSecrets>,
    /// The device at hand: a YubiHSM 2 with its open sessions.
    device: Option<Device>,
    readings: Arc<[Reading]>,
    /// The holder whose turn ended early and whose device may still be plugged in.
    left_in: Option<(Handle, Family)>,
    /// Whether everybody has seen what the ceremony does.
    is_plan_shown: bool,
}

/// Secrets of the present turn, and nothing longer.
struct TurnSecrets {
    serial: u32,
    /// The PIN, or the signer's password.
    typed: Secret,
    /// The management key, or the administrator's password, until the key is generated or
    /// attested.
    administration: Option<Secret>,
    /// The attestation: a YubiHSM 2 can make no other, once its administrator is deleted.
    evidence: Option<Evidence>,
}

/// Why an effect or a question had no result.
enum Stop {
    /// A device failed; nothing is lost.
    Device(DeviceError),
    /// A person wants something else.
    Interrupt(Interrupt),
    /// The machine failed.
    Host(HostError),
    /// Somebody left.
    Left,
    /// A holder apart declined.
    Declined,
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<Interrupt> for Stop {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupt(interrupt)
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl<'d, 'w> Driver<'d, 'w> {
    /// Takes over a ceremony whose transcript has been folded.
    pub fn new(world: World<'w>, state: State, operator: &'d mut dyn Operator) -> Self {
        Self {
            world,
            state: Arc::new(state),
            operator,
            secrets: None,
            device: None,
            readings: Arc::default(),
            left_in: None,
            is_plan_shown: false,
        }
    }

    /// Runs until every step is done or somebody leaves.
    ///
    /// # Errors
    /// [`HostError`] when the machine fails. What was acknowledged is on the disk,
    /// and the ceremony can be resumed.
    pub fn run(mut self) -> Result<Outcome, HostError> {
        self.read_proposals()?;
        self.make_manifest_again()?;
        self.show();
        loop {
            let next = self.state.next();
            if next == Next::Finished {
                let apart = self.state.apart.is_some();
                let answer = apart.then(|| self.write_answer()).transpose()?;
                self.operator.finished(&Farewell {
                    bundle: keymoot_core::text::escape_path(&self.world.out),
                    copies: self
                        .world
                        .copies
                        .iter()
                        .map(|copy| keymoot_core::text::escape_path(copy))
                        .collect(),
                    medium: machine::medium(&self.world.out).filter(Medium::can_be_taken_out),
                    manifest: self.state.manifest,
                    answer: answer.map(Arc::from),
                    turn: apart.then(|| keymoot_core::text::escape_path(self.world.folder.path())),
                });
                return Ok(Outcome::Finished);
            }
            match self.go_on(next) {
                Ok(()) => {}
                Err(stop) => match self.handle(stop) {
                    Ok(()) => {}
                    Err(Stop::Left) => return Ok(Outcome::Left),
                    Err(Stop::Declined) => return Ok(Outcome::Declined),
                    Err(Stop::Host(error)) => return Err(error),
                    // Handling a stop asks again at most; it raises neither of these.
                    Err(Stop::Device(_) | Stop::Interrupt(_)) => {}
                },
            }
        }
    }

    fn go_on(&mut self, next: Next) -> Result<(), Stop> {
        self.await_what_was_left_in()?;
        match next {
            Next::Finished => Ok(()),
            Next::Record(event) => {
                if let Event::StepBegun { .. } = event {
                    self.try_places()?;
                }
                self.record(event)
            }
            Next::Ask(question) => {
                self.show_plan(&question)?;
                self.ask(&question)
            }
            Next::Do(effect) => self.perform(effect),
        }
    }

    fn perform(&mut self, effect: Effect) -> Result<(), Stop> {
        match effect {
            Effect::ExamineMachine => self.examine_machine(),
            Effect::Load => self.load(),
            Effect::AwaitDevice(holder) => self.await_device(&holder),
            Effect::AwaitRemoval(holder) => self.await_removal(&holder),
            Effect::ReadLog(holder, serial) => self.read_log(&holder, serial),
            Effect::Attest(holder, serial) => self.attest(&holder, serial),
            Effect::Reset(holder, serial) => self.reset(&holder, serial),
            Effect::Provision(holder, serial) => self.provision(&holder, serial),
            Effect::Generate(holder, serial) => self.generate(&holder, serial),
            Effect::LookForKey(holder, serial) => self.look_for_key(&holder, serial),
            Effect::Prove(holder, serial) => self.prove(&holder, serial),
            Effect::Sign(holder, serial, document) => self.sign(&holder, serial, document),
            Effect::State(holder, serial) => self.state_proof(&holder, serial),
            Effect::AwaitExchange(holder, serial) => self.await_exchange(&holder, serial),
            Effect::Close(holder, serial) => self.close(&holder, serial),
            Effect::SignAnswer(holder, serial) => self.sign_answer(&holder, serial),
            Effect::Propose(document) => self.propose(document),
            Effect::Verify => self.verify(),
            Effect::Seal => self.seal(),
            Effect::MakeManifest => self.make_manifest(),
            Effect::Export(manifest) => self.export(manifest),
        }
    }

    /// Shows the summary of the ceremony before a digest of its plan is read: at the opening, and after
    /// each amendment.
    fn show_plan(&mut self, question: &Question) -> Result<(), Stop> {
        let is_read = matches!(question, Question::HaveYouReadPlan { .. });
        if is_read && !self.is_plan_shown {
            let out = std::iter::once(&self.world.out);
            let outputs = out.chain(&self.world.copies);
            let end = self.state.expected_end(clock::now()?);
            self.operator.show_plan(&PlanOfDay {
                end: end.map(|expected| expected.at),
                warnings: self.world.warnings.clone(),
                summary: self.state.plan.summary(),
                outputs: outputs
                    .map(|path| keymoot_core::text::escape_path(path))
                    .collect(),
            })?;
            self.is_plan_shown = true;
        }
        Ok(())
    }

    /// Asks until the answer is valid.
    fn ask(&mut self, question: &Question) -> Result<(), Stop> {
        let mut refusal = None;
        loop {
            let answer = self.operator.ask(question, refusal.as_ref())?;
            match self.state.answer(question, answer, clock::now()?) {
                Ok(Said::Event(event)) => {
                    if let Some(why) = self.state.refuses(&event) {
                        refusal = Some(Refusal(Self::not_now(&why)));
                        continue;
                    }
                    let set_aside = match &event {
                        // Afterwards, no device says where it is.
                        Event::DeviceSetAside { serial, .. } => Some((*serial, self.slots())),
                        _ => None,
                    };
                    self.record(event)?;
                    return match set_aside {
                        Some((serial, slots)) => self.await_set_aside(serial, &slots),
                        None => Ok(()),
                    };
                }
                Ok(Said::Again) => {
                    return match self.state.again() {
                        Some(effect) => self.perform(effect),
                        None => Ok(()),
                    };
                }
                Err(refused) => refusal = Some(refused),
            }
        }
    }

    /// Records what interrupted the ceremony, and decides how it continues.
    fn handle(&mut self, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::Device(error) if error.kind == ErrorKind::Cancelled => {
                let interrupt = self.operator.interrupted();
                self.interrupt(interrupt)
            }
            Stop::Device(error) => self.mishap(&error),
            Stop::Interrupt(interrupt) => self.interrupt(interrupt),
            stop => Err(stop),
        }
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<(), Stop> {
        match interrupt {
            Interrupt::Note(text) => {
                let text = self.without_pin(&text);
                self.record_wish(Event::Note { text })
            }
            Interrupt::Exception {
                expected,
                happened,
                decided,
            } => self.record_wish(Event::Exception {
                expected: self.without_pin(&expected),
                happened: self.without_pin(&happened),
                decided: self.without_pin(&decided),
            }),
            Interrupt::EndTurn(reason) => match &self.state.turn {
                // Once the purpose is reached, the turn is not unfinished.
                Some(turn) if !turn.is_at_end() => {
                    let holder = turn.holder.clone();
                    self.record_wish(Event::TurnEnded {
                        holder,
                        unfinished: Some(shown(&reason)),
                    })
                }
                _ => Ok(()),
            },
            Interrupt::Attend(person) => self.record_wish(self.state.comes_or_goes(person)),
            Interrupt::EndWithout(cause, reason) => self.record_wish(Event::EndedWithout {
                cause,
                reason: shown(&reason),
            }),
            wanted @ (Interrupt::AskApart { .. }
            | Interrupt::TakeIn(_)
            | Interrupt::Withdraw(_)) => match self.for_apart(&wanted) {
                Err(Stop::Interrupt(interrupt)) => self.interrupt(interrupt),
                done => done,
            },
            Interrupt::Decline(reason) => match self.decline(&reason) {
                Err(Stop::Interrupt(interrupt)) => self.interrupt(interrupt),
                done => done,
            },
            Interrupt::Leave => {
                self.record(Event::Left {})?;
                Err(Stop::Left)
            }
        }
    }

    /// A line fit for the transcript: the PIN of the holder at the table is taken out of it.
    fn without_pin(&self, line: &str) -> String {
        let pin = self.secrets.as_ref().map(|secrets| secrets.typed.expose());
        let pin = pin.and_then(|pin| std::str::from_utf8(pin).ok());
        match pin.filter(|pin| !pin.is_empty() && line.contains(pin)) {
            Some(pin) => shown(&line.replace(pin, "[the PIN was typed here, and taken out]")),
            None => shown(line),
        }
    }

    /// A device failed: record it, and ask whether to try again.
    fn mishap(&mut self, error: &DeviceError) -> Result<(), Stop> {
        let Some(holder) = self.at_table() else {
            return Err(Stop::Host(HostError::new(error.to_string(), error.help())));
        };
        self.record_mishap(&holder, error)?;
        let trouble = Trouble {
            holder,
            error: error.clone(),
        };
        match self.operator.trouble(&trouble) {
            Ok(Remedy::Again) => Ok(()),
            Ok(Remedy::Unblock) => match self.unblock(&trouble.holder, error) {
                Err(Stop::Interrupt(interrupt)) => self.interrupt(interrupt),
                done => done,
            },
            Err(interrupt) => self.interrupt(interrupt),
        }
    }

    fn record_mishap(&mut self, holder: &Handle, error: &DeviceError) -> Result<(), Stop> {
        self.record(Event::Mishap {
            holder: holder.clone(),
            what: shown(&error.to_string()),
            blocked: self.device_at_table().filter(|_| {
                error.kind == ErrorKind::PinBlocked
                    && self.state.format() >= Rule::DeviceTries.since()
            }),
        })
    }

    /// The serial number of the device at the table.
    fn device_at_table(&self) -> Option<u32> {
        let device = self.state.turn.as_ref()?.device.as_ref();
        device.map(|device| device.serial)
    }

    /// The family of the device at the table.
    fn family(&self) -> Family {
        let turn = self.state.turn.as_ref();
        turn.map(keymoot_record::ceremony::turn::Turn::family)
            .unwrap_or_default()
    }

    /// Where the device at the table is plugged in.
    fn slots(&self) -> Slots {
        Slots::of(self.family(), self.world.connector)
    }

    fn at_table(&self) -> Option<Handle> {
        self.state.turn.as_ref().map(|turn| turn.holder.clone())
    }

    fn show(&mut self) {
        let chain = self.world.journal.chain();
        self.operator.show(&View {
            state: Arc::clone(&self.state),
            head: chain.head(),
            entries: chain.entries().len() as u64,
            last: chain.entries().last().cloned(),
            readings: Arc::clone(&self.readings),
            due: self.world.due,
        });
    }
}

/// Text that people typed or devices reported, fit for one line of the transcript.
fn shown(text: &str) -> String {
    keymoot_core::text::escape(text)
}
