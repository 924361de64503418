//! A holder signs an event of another tool's repository: the same screens, device, PIN and touches
//! as in a ceremony, and no transcript. Nothing is written before everything is signed.

mod signer;
mod touches;

use super::{Allows, Errand, Interrupt, Operator, Reading, Work, table};
use crate::{
    device::{DeviceError, PinDemands, Slots},
    host::{clock, secret::Secret},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Verdict, digest::Digest, json, text::escape};
use keymoot_record::{
    bundle::Files,
    expectation::ExpectationSet,
    rules::roster::Handle,
    signing_event::{
        Owed, SigningEvent,
        receipt::{Made, Receipt},
    },
    transcript::Mode,
};
use signer::Signer;

/// What follows when every document is signed.
const LAST_TOUCH: &str = "the last touch is for your receipt";

/// The task of a holder, and its surroundings.
pub struct EventTurn<'t> {
    /// The event, by every rule
    pub event: &'t SigningEvent,
    /// Who signs
    pub holder: Handle,
    /// Live or rehearsal
    pub mode: Mode,
    /// The branch that the checkout is on
    pub branch: Option<&'t str>,
    /// The vendor whose attestations count
    pub trust: &'t TrustStore,
    /// The minimum strength of the device
    pub set: &'t ExpectationSet,
    /// Whether the holder named that set: then nothing weaker signs
    pub demanded: bool,
    /// The verdicts of the MACHINE rules
    pub machine: &'t [Verdict],
    /// SHA-256 of the program
    pub program: Digest,
    /// Reads the files of the checkout again
    pub files: &'t (dyn Fn() -> Result<Files, HostError> + Sync),
    /// Writes the files with the signatures, and the receipt
    pub write: &'t Write<'t>,
}

/// Writes the files of a checkout, and the receipt.
pub type Write<'w> = dyn Fn(&Files, &[u8]) -> Result<(), HostError> + Sync + 'w;

/// How such a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// These files were written, with signatures by the key of this device.
    Signed {
        /// Their paths in the checkout
        paths: Vec<String>,
        /// The serial number
        serial: u32,
        /// The holder's other keys, whose signatures are still awaited
        left: Vec<Digest>,
    },
    /// The holder left; nothing was written.
    Left,
    /// A file changed during the turn; nothing was written.
    Violated(Verdict),
}

/// A page that is read in such a turn.
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

/// Why such a turn ends early.
enum Stop {
    Device(DeviceError),
    Left,
    Host(HostError),
    Violated(Verdict),
}

impl From<DeviceError> for Stop {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<Interrupt> for Stop {
    // There is no transcript for a note, and no step to end.
    fn from(_: Interrupt) -> Self {
        Self::Left
    }
}

impl EventTurn<'_> {
    /// Has the holder read and sign.
    ///
    /// # Errors
    /// [`HostError`] when the machine fails.
    pub fn conduct(&self, operator: &mut dyn Operator) -> Result<Ended, HostError> {
        let mut table = Table {
            turn: self,
            operator,
            mine: self.event.documents_of(self.holder.as_str()),
            pin: None,
            demands: PinDemands::default(),
            written: false,
        };
        match table.conduct() {
            Ok(ended) => Ok(ended),
            Err(Stop::Left) => Ok(Ended::Left),
            Err(Stop::Violated(verdict)) => Ok(Ended::Violated(verdict)),
            Err(Stop::Host(error)) => Err(error),
            Err(Stop::Device(error)) => Err(HostError::new(error.to_string(), error.help())),
        }
    }
}

/// The turn while it lasts.
struct Table<'t, 'o> {
    turn: &'t EventTurn<'t>,
    operator: &'o mut dyn Operator,
    /// The documents that the holder signs, by their places.
    mine: Vec<usize>,
    pin: Option<Secret>,
    /// The device's demands on a new PIN.
    demands: PinDemands,
    /// Whether signatures and receipt are on the disk.
    written: bool,
}

impl Table<'_, '_> {
    fn conduct(&mut self) -> Result<Ended, Stop> {
        self.review()?;
        self.errand("your device is read; PIN and touches");
        let (signer, owed) = self.signer()?;
        self.errand("PIN and touches");
        self.confirm(&signer, &owed)?;
        // The last touch is for the receipt.
        let touches = owed.len() + 1;
        let event = self.turn.event;
        let names = owed.iter().map(|one| event.documents.get(one.document));
        let owed_names: Vec<_> = names.flatten().map(|one| one.name()).collect();
        let mut made = Vec::new();
        for (at, one) in owed.into_iter().enumerate() {
            let next = owed_names.get(at + 1);
            let signature = self.sign_document(&signer, &one, (at, touches), next)?;
            made.push((one, signature));
        }
        let unfit = |why: String| HostError::new(why, "nothing was written; report it");
        let placed = self.turn.event.placed(&made).map_err(unfit)?;
        let receipt = self.receipt(&signer, &placed, touches)?;
        self.unchanged()?;
        (self.turn.write)(&placed, &receipt)?;
        self.written = true;
        self.errand("nothing more; the git commands are printed");
        let holder = self.turn.holder.clone();
        let removed =
            table::wait_until_empty(self.operator, &Slots::YubiKeys, &Work::Remove { holder });
        // The files are written: a holder who leaves the device in has signed anyway.
        drop(removed);
        let mut left = self.turn.event.keys_of(self.turn.holder.as_str());
        left.retain(|key| *key != signer.key.fingerprint());
        Ok(Ended::Signed {
            paths: placed.into_keys().collect(),
            serial: signer.device.serial().0,
            left,
        })
    }

    /// Shows how far the turn is.
    fn errand(&mut self, next: &str) {
        let event = self.turn.event;
        let mine = self.mine.iter();
        let names: Vec<_> = mine.filter_map(|at| event.documents.get(*at)).collect();
        self.operator.errand(&Errand {
            line: format!(
                "signing event in {}{}: {}",
                event.dialect,
                self.turn
                    .branch
                    .map_or_else(String::new, |branch| format!(", branch {}", escape(branch))),
                names
                    .iter()
                    .map(|one| one.name())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            next: next.to_owned(),
            digests: names.iter().map(|one| (one.name(), one.signed())).collect(),
            written: self.written,
        });
    }

    /// The holder reads every document that the event changes: first those to be signed.
    fn review(&mut self) -> Result<(), Stop> {
        let event = self.turn.event;
        let mine = self.mine.clone();
        for (nth, at) in mine.iter().enumerate() {
            let Some(one) = event.documents.get(*at) else {
                continue;
            };
            let mut above = vec![format!(
                "Document {} of {} for {} to sign. Every rule on the event passed.",
                nth + 1,
                mine.len(),
                self.turn.holder
            )];
            above.extend(one.progress());
            if nth == 0 {
                let others = event
                    .documents
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| !mine.contains(at));
                above.extend(others.map(|(_, one)| {
                    format!(
                        "{}, which others sign: {}",
                        one.name(),
                        one.changes.join(" ")
                    )
                }));
                above.extend(event.unsigned_names().map(str::to_owned));
            }
            self.errand(
                &match mine.get(nth + 1).and_then(|at| event.documents.get(*at)) {
                    Some(next) => format!("{} is read", next.name()),
                    None => "your device, PIN and touches".to_owned(),
                },
            );
            let reading = Reading {
                name: one.name(),
                signed: one.signed(),
                reasons: Vec::new(),
                changes: one.changes.clone(),
                lines: json::pretty(one.document.signed(), 2)
                    .lines()
                    .map(escape)
                    .collect(),
            };
            self.operator
                .read(&EventPage::Document(Box::new(reading), above))?;
        }
        Ok(())
    }

    /// Shows the device's key and what it is about to sign.
    fn confirm(&mut self, signer: &Signer, owed: &[Owed]) -> Result<(), Stop> {
        let documents = owed
            .iter()
            .filter_map(|owed| self.turn.event.documents.get(owed.document));
        let mut touches: Vec<_> = documents
            .map(|one| {
                format!(
                    "{}, version {}: {}",
                    one.name(),
                    one.document.version(),
                    one.signed().short_words()
                )
            })
            .collect();
        touches.push("your receipt: a statement over all of these, for you to keep".to_owned());
        let about = AboutToSign {
            holder: self.turn.holder.clone(),
            serial: signer.device.serial().0,
            key: signer.key.fingerprint(),
            touches,
            attested: signer.attested.clone(),
        };
        Ok(self.operator.read(&EventPage::Device(Box::new(about)))?)
    }

    fn sign_document(
        &mut self,
        signer: &Signer,
        owed: &Owed,
        (at, of): (usize, usize),
        next: Option<&String>,
    ) -> Result<Vec<u8>, Stop> {
        let event = self.turn.event;
        let Some(one) = event.documents.get(owed.document) else {
            return Err(HostError::new("the event has no such document", "report it").into());
        };
        self.errand(&format!("touch {} of {of} is for {}", at + 1, one.name()));
        let allows = Allows {
            what: format!(
                "the signature on {}, version {}; touch {} of {of}",
                one.name(),
                one.document.version(),
                at + 1
            ),
            of: one.name(),
            digest: one.signed(),
        };
        let then = match next {
            Some(next) => format!("touch {} of {of} is for {next}", at + 2),
            None => LAST_TOUCH.to_owned(),
        };
        self.signature(signer, one.document.signed_bytes(), &allows, &then)
    }

    fn receipt(&mut self, signer: &Signer, placed: &Files, of: usize) -> Result<Vec<u8>, Stop> {
        let turn = self.turn;
        let unfit = |why: String| {
            HostError::new(format!("the receipt cannot be written: {why}"), "report it")
        };
        let receipt = Receipt::of(
            turn.event,
            &Made {
                handle: turn.holder.clone(),
                branch: turn.branch,
                mode: turn.mode,
                serial: signer.device.serial().0,
                spki: &signer.spki,
                evidence: &signer.evidence,
                machine: turn.machine,
                program: turn.program,
                time: clock::now()?,
                placed,
            },
        );
        let message = receipt.signed_bytes().map_err(unfit)?;
        self.errand(LAST_TOUCH);
        let allows = Allows {
            what: format!("the statement over what you signed; touch {of} of {of}, the last"),
            of: "your receipt".to_owned(),
            digest: Digest::of(&message),
        };
        let then = "your signatures and your receipt are written";
        let signature = self.signature(signer, &message, &allows, then)?;
        Ok(receipt.file(signature).map_err(unfit)?)
    }

    /// EVENT-UNCHANGED, asked before every touch and before anything is written.
    fn unchanged(&self) -> Result<(), Stop> {
        let verdict = self.turn.event.unchanged(&(self.turn.files)()?);
        match verdict.is_violated() {
            true => Err(Stop::Violated(verdict)),
            false => Ok(()),
        }
    }
}
