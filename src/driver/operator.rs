//! The interface of the driver to its operators: the terminal's screens, the
//! unattended plan and the tests.

use std::{path::PathBuf, sync::Arc};

use crate::{
    device::{Cancel, DeviceError, PinDemands},
    host::secret::Secret,
};
use keymoot_attestation::Family;
use keymoot_core::{Verdict, digest::Digest, json, text::escape_json};
use keymoot_record::{
    ceremony::{Answer, Question, Refusal, State, summary::Summary},
    rules::{
        machine::Medium,
        roster::{Handle, Recipient},
    },
    transcript::{Cause, Entry, Person, Time},
};

/// The view of the ceremony for an operator.
#[derive(Debug, Clone)]
pub struct View {
    /// The state of the ceremony.
    pub state: Arc<State>,
    /// The transcript's head.
    pub head: Digest,
    /// How many entries the transcript has.
    pub entries: u64,
    /// The last of them.
    pub last: Option<Entry>,
    /// The documents proposed so far, to be read. Shared: they may be long.
    pub readings: Arc<[Reading]>,
    /// The time at which this answer of a holder apart is due, if the request names one.
    pub due: Option<Time>,
}

/// A document for people to read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The name of the document's file. Safe to show.
    pub name: String,
    /// The version that it has once it is signed.
    pub version: u64,
    /// The digest of the bytes to be signed.
    pub signed: Digest,
    /// Why it changes, in the roster's words. Safe to show.
    pub reasons: Vec<String>,
    /// The changes, in sentences. Safe to show.
    pub changes: Vec<String>,
    /// The whole document, line by line. Safe to show.
    pub lines: Vec<String>,
}

impl Reading {
    /// The lines of a document.
    pub(super) fn lines(document: &keymoot_tuf::Document) -> Vec<String> {
        let text = json::pretty(document.signed(), 2);
        text.lines().map(escape_json).collect()
    }
}

/// A wish of a person instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupt {
    /// To record a note, and continue.
    Note(String),
    /// To record an exception, and continue.
    Exception {
        /// What was expected.
        expected: String,
        /// What happened.
        happened: String,
        /// What was decided.
        decided: String,
    },
    /// To end the holder's turn without its purpose, for this reason.
    EndTurn(String),
    /// To record that this person arrives, or departs.
    Attend(Person),
    /// To end the ceremony without its purpose.
    EndWithout(Cause, String),
    /// To ask the holders apart who are awaited.
    AskApart {
        /// The file of the request.
        out: PathBuf,
        /// When the answers are due.
        until: Option<Time>,
        /// The channel by which the request goes out.
        by: String,
    },
    /// To take in the answer in this file, or the answers in this folder.
    TakeIn(PathBuf),
    /// To withdraw the newest request of which answers are awaited, for this reason.
    Withdraw(String),
    /// To decline the request, for this reason.
    Decline(String),
    /// To leave the ceremony, to be resumed.
    Leave,
}

/// An answer, or an interruption of the question.
pub type Reply<T> = Result<T, Interrupt>;

/// The secret that a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The PIN or password that was set.
    Pin,
    /// A new one, typed twice.
    NewPin,
    /// The PUK, which unblocks the PIN.
    Puk,
}

/// The choice of people after a device error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again.
    Again,
    /// Unblock the PIN with the PUK, then try again.
    Unblock,
}

/// A prompt for a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinPrompt {
    /// The holder.
    pub holder: Handle,
    /// The device's serial number.
    pub serial: u32,
    /// The device's family: a YubiHSM 2 has a password instead of a PIN.
    pub family: Family,
    /// The secret to type.
    pub asked: Asked,
    /// The device's demands on a new PIN.
    pub demands: PinDemands,
    /// To whom the device's other secrets are sealed once a new PIN is chosen.
    pub sealed_to: Option<Recipient>,
    /// Why the last one was refused, and what to do.
    pub refused: Option<String>,
}

/// Something that takes time, or that a person has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The holder is to insert a device; what keymoot observes so far.
    Insert {
        /// The holder.
        holder: Handle,
        /// The device awaited, if a particular one.
        serial: Option<u32>,
        /// Its family.
        family: Family,
        /// The observation, if there is something plugged in.
        seen: Option<String>,
    },
    /// The holder is to remove the device.
    Remove {
        /// The holder.
        holder: Handle,
    },
    /// The holder is to touch the device now: it is about to do this.
    Touch {
        /// The holder.
        holder: Handle,
        /// The device.
        serial: u32,
        /// The effect of the touch.
        allows: Allows,
    },
    /// The program or the device is at work; nobody needs to do anything.
    Busy {
        /// The work.
        doing: String,
    },
}

/// The effect of a touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allows {
    /// The signature, in words.
    pub what: String,
    /// The name of what is signed.
    pub of: String,
    /// The digest that the holder compares.
    pub digest: Digest,
}

/// The end: the bundle, or the file of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// The path of the bundle, safe to show.
    pub bundle: String,
    /// On which medium, where it can be taken out of the machine.
    pub medium: Option<Medium>,
    /// The paths of its copies, safe to show.
    pub copies: Vec<String>,
    /// The digest of its MANIFEST.json, which the holders have signed.
    pub manifest: Option<Digest>,
    /// The file of an answer, where a holder apart has answered.
    pub answer: Option<Arc<[u8]>>,
    /// The folder of that holder's turn, safe to show.
    pub turn: Option<String>,
}

/// The result of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The result in one line.
    pub headline: String,
    /// More lines, safe to show.
    pub lines: Vec<String>,
    /// A digest whose words are read aloud.
    pub digest: Option<Digest>,
    /// Whether nothing came of the wish: people can correct what they typed.
    pub failed: bool,
}

/// The summary to which everybody agrees before the first step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOfDay {
    /// People and documents.
    pub summary: Summary,
    /// What people must know before they agree, safe to show.
    pub warnings: Vec<String>,
    /// Where the bundle and its copies go, safe to show.
    pub outputs: Vec<String>,
    /// When the ceremony is expected to end
    pub end: Option<Time>,
}

/// A device error, after which nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The holder at the table.
    pub holder: Handle,
    /// The error: what happened, to which device, and what to do next.
    pub error: DeviceError,
}

/// A sealed file that its holder must get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The holder at the table.
    pub holder: Handle,
    /// The device that the file is about.
    pub serial: u32,
    /// Its family: what is sealed differs.
    pub family: Family,
    /// Where it is in the folder of the ceremony; at home, its whole path. Safe to show.
    pub file: String,
    /// Its bytes, which only the holder can open.
    pub sealed: Arc<[u8]>,
    /// Why it could not be written where the holder said.
    pub refused: Option<String>,
}

/// How the holder takes a sealed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// The program writes it into this folder, on the holder's own medium.
    Into(PathBuf),
    /// The holder has a copy already.
    Copy,
}

/// How far a turn outside of a ceremony is: shown in the row of a ceremony's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The present work, in one line. Safe to show.
    pub line: String,
    /// The next work. Safe to show.
    pub next: String,
    /// The digests that people compare, each with its name.
    pub digests: Vec<(String, Digest)>,
    /// Whether what the turn was for is on the disk
    pub written: bool,
}

/// A page that is read in a turn outside of a ceremony.
#[derive(Debug, Clone)]
pub enum EventPage {
    /// A document, until its words are typed. The lines are above it.
    Document(Box<Reading>, Vec<String>),
    /// The device and what it is about to sign, until that is confirmed.
    Device(Box<AboutToSign>),
}

/// A device, and what it is about to sign.
#[derive(Debug, Clone)]
pub struct AboutToSign {
    /// Its holder
    pub holder: Handle,
    /// Its serial number
    pub serial: u32,
    /// The key in it
    pub key: Digest,
    /// The purpose of each touch, in order; safe to show
    pub touches: Vec<String>,
    /// The facts of its attestation
    pub attested: Vec<Verdict>,
}

/// Someone or something that operates the driver.
pub trait Operator {
    /// Something has happened.
    fn show(&mut self, view: &View);

    /// A question for a person; `refused` says why the last answer was none.
    ///
    /// # Errors
    /// A wish, instead of an answer.
    fn ask(&mut self, question: &Question, refused: Option<&Refusal>) -> Reply<Answer>;

    /// The holder types a PIN. A new one is to be typed twice and to be the same.
    ///
    /// # Errors
    /// A wish, instead of a PIN.
    fn pin(&mut self, prompt: &PinPrompt) -> Reply<Secret>;

    /// Displays the secrets once to a holder without a recipient,
    /// until the holder has confirmed by typing.
    ///
    /// # Errors
    /// A wish, instead of the confirmation.
    fn show_once(
        &mut self,
        holder: &Handle,
        serial: u32,
        puk: &Secret,
        management: &Secret,
    ) -> Reply<()>;

    /// Hands the sealed file to its holder, in the turn in which it was sealed.
    ///
    /// # Errors
    /// A wish, instead of the confirmation.
    fn hand_over(&mut self, file: &HandOver) -> Reply<Takes>;

    /// Something is under way; returns at once. With `cancel` it is a wait, which
    /// the operator may end; [`Operator::interrupted`] then says why.
    fn working(&mut self, work: &Work, cancel: Option<&Cancel>);

    /// Why a wait was ended.
    fn interrupted(&mut self) -> Interrupt;

    /// A wish from while the device was at work, if one waits: the driver acts on it before it
    /// announces another signature.
    fn waiting(&mut self) -> Option<Interrupt> {
        None
    }

    /// A device error: try again, or do something else.
    ///
    /// # Errors
    /// A wish, instead of trying again.
    fn trouble(&mut self, trouble: &Trouble) -> Reply<Remedy>;

    /// Shows how far a turn outside of a ceremony is.
    fn errand(&mut self, errand: &Errand);

    /// Has a page of such a turn read, until a person confirms it.
    ///
    /// # Errors
    /// A wish, instead of the confirmation.
    fn read(&mut self, page: &EventPage) -> Reply<()>;

    /// Shows the result of a wish, until a person has read it.
    ///
    /// # Errors
    /// A wish, instead of the confirmation.
    fn told(&mut self, _: &Told) -> Reply<()> {
        Ok(())
    }

    /// Shows everybody the summary of the ceremony, before the first step, until they agree.
    ///
    /// # Errors
    /// A wish, instead of the agreement.
    fn show_plan(&mut self, _: &PlanOfDay) -> Reply<()> {
        Ok(())
    }

    /// Every step is done: shows the bundle and its digest, until everybody has seen it.
    fn finished(&mut self, _: &Farewell) {}
}
