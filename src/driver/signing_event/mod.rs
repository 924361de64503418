//! A holder signs an event of another tool's repository: the same screens, device, PIN and touches
//! as in a ceremony, and no transcript. Nothing is written before everything is signed.

mod signer;
mod touches;
mod turn;

use super::{
    operator::{AboutToSign, Allows, EventPage, Operator, Reading, Work},
    table,
};
use crate::{
    device::{PinDemands, Slots},
    host::clock,
};
use keymoot_core::{HostError, Verdict, digest::Digest};
use keymoot_record::{
    bundle::Files,
    ceremony::previous::whose_root,
    signing_event::{
        Owed,
        receipt::{Made, Receipt},
    },
};
use signer::Signer;
pub use turn::{EventTurn, Write};
use turn::{Stop, Table};

/// What follows when every document is signed.
const LAST_TOUCH: &str = "the last touch is for your receipt";

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
            Err(Stop::Device(error)) => Err(error.into()),
        }
    }
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
        let removed = table::wait_until_gone(
            self.operator,
            &Slots::YubiKeys,
            None,
            &Work::Remove { holder },
        );
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
                let version = event.base.root().version;
                let given = self.turn.is_root_given;
                above.push(whose_root("This event", version, given));
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
                version: one.document.version(),
                signed: one.signed(),
                reasons: Vec::new(),
                changes: one.changes.clone(),
                lines: Reading::lines(&one.document),
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
}
