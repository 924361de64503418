//! A holder signs an event of another tool's repository: the same screens, device, PIN and touches
//! as in a ceremony, and no transcript. Nothing is written before everything is signed.

use super::{
    Allows, Asked, Errand, Interrupt, Operator, PinPrompt, Reading, Remedy, Reply, Trouble, Work,
    table,
};
use crate::{
    device::{Device, DeviceError, DeviceInfo, ErrorKind, PinDemands, Slots, Who, piv},
    host::{clock, secret::Secret},
};
use keymoot_attestation::{Evidence, Family, TrustStore};
use keymoot_core::{HostError, Rule, Verdict, Violation, digest::Digest, json, text::escape};
use keymoot_record::{
    bundle::Files,
    ceremony::{Answer, Question},
    expectation::ExpectationSet,
    rules::roster::Handle,
    signing_event::{
        Owed, SigningEvent,
        receipt::{self, Made, Receipt},
    },
    transcript::Mode,
};
use keymoot_tuf::PublicKey;

/// What a holder signs, and what is known around it.
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
    /// What the device must be as strong as
    pub set: &'t ExpectationSet,
    /// Whether the holder named that set: then nothing weaker signs
    pub demanded: bool,
    /// What the MACHINE rules said
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
    /// Something changed under the holder's hands; nothing was written.
    Violated(Verdict),
}

/// A page that is read in such a turn.
#[derive(Debug, Clone)]
pub enum EventPage {
    /// A document, until its words are typed. The lines stand above it.
    Document(Box<Reading>, Vec<String>),
    /// The device and what it is about to sign, until that is confirmed.
    Device(Box<AboutToSign>),
}

/// What a device is about to sign.
#[derive(Debug, Clone)]
pub struct AboutToSign {
    /// Whose it is
    pub holder: Handle,
    /// Its serial number
    pub serial: u32,
    /// The key in it
    pub key: Digest,
    /// What its touches are for, in order; safe to show
    pub touches: Vec<String>,
    /// What its attestation says
    pub attested: Vec<Verdict>,
}

/// What ends such a turn before its end.
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

/// Rules on the strength of a device, of which the holder decides without a set of expectations.
const OF_STRENGTH: [Rule; 3] = [Rule::DevicePin, Rule::DeviceTouch, Rule::DeviceFirmware];

impl EventTurn<'_> {
    /// Has the holder read and sign.
    ///
    /// # Errors
    /// [`HostError`] when the machine fails.
    pub fn conduct(&self, operator: &mut dyn Operator) -> Result<Ended, HostError> {
        let mut table = Table {
            turn: self,
            operator,
            pin: None,
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
    pin: Option<Secret>,
}

/// The device that signs.
struct Signer {
    device: Device,
    serial: u32,
    spki: Vec<u8>,
    key: PublicKey,
    evidence: Evidence,
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
        let mut made = Vec::new();
        for (at, one) in owed.into_iter().enumerate() {
            let signature = self.sign_document(&signer, &one, at, touches)?;
            made.push((one, signature));
        }
        let unfit = |why: String| HostError::new(why, "nothing was written; report it");
        let placed = self.turn.event.placed(&made).map_err(unfit)?;
        let receipt = self.receipt(&signer, &placed, touches)?;
        self.unchanged()?;
        (self.turn.write)(&placed, &receipt)?;
        self.errand("nothing more; the git commands are printed");
        let holder = self.turn.holder.clone();
        let removed =
            table::wait_until_empty(self.operator, &Slots::YubiKeys, &Work::Remove { holder });
        // It is written: whoever does not wait for the device to be out has signed all the same.
        drop(removed);
        let mut left = self.turn.event.keys_of(self.turn.holder.as_str());
        left.retain(|key| *key != signer.key.fingerprint());
        Ok(Ended::Signed {
            paths: placed.into_keys().collect(),
            serial: signer.serial,
            left,
        })
    }

    /// Shows how far the turn is.
    fn errand(&mut self, next: &str) {
        let event = self.turn.event;
        let mine = self.mine();
        let names: Vec<_> = mine
            .iter()
            .filter_map(|at| event.documents.get(*at))
            .collect();
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
        });
    }

    /// The documents that the holder signs, by their places.
    fn mine(&self) -> Vec<usize> {
        let documents = self.turn.event.documents.iter().enumerate();
        let holder = self.turn.holder.as_str();
        documents
            .filter(|(_, one)| one.awaits(holder))
            .map(|(at, _)| at)
            .collect()
    }

    /// The holder reads every document that the event changes: first those to be signed.
    fn review(&mut self) -> Result<(), Stop> {
        let event = self.turn.event;
        let mine = self.mine();
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

    /// Waits for the device whose key the event awaits, and has it attest the key.
    fn signer(&mut self) -> Result<(Signer, Vec<Owed>), Stop> {
        let slots = Slots::YubiKeys;
        loop {
            let holder = self.turn.holder.clone();
            let found = self.retried(|table| {
                let holder = &table.turn.holder;
                Ok(table::wait_for_one(
                    table.operator,
                    &slots,
                    holder,
                    Family::YubiKey,
                    None,
                )?)
            })?;
            let read = self.retried(|table| table.read(&found))?;
            let serial = found.serial.0;
            let violated = match read {
                Ok(signer) => {
                    let owed = self.turn.event.owed_by(&signer.key.fingerprint());
                    return Ok((signer, owed));
                }
                Err(violated) => violated,
            };
            let refused = Question::DeviceRefused {
                holder: holder.clone(),
                serial,
                violated,
                another: true,
            };
            while self.operator.ask(&refused, None)? != Answer::Another {}
            self.retried(|table| {
                let work = Work::Remove {
                    holder: holder.clone(),
                };
                Ok(table::wait_until_empty(table.operator, &slots, &work)?)
            })?;
        }
    }

    /// Reads the key in a device and what it says of it; the rules that keep it from signing.
    fn read(&mut self, found: &DeviceInfo) -> Result<Result<Signer, Vec<Verdict>>, Stop> {
        self.busy("reading the key in the device, and its attestation");
        let turn = self.turn;
        let spki = piv::slot_key(found.serial)?;
        let key = spki
            .as_deref()
            .and_then(|spki| PublicKey::from_spki_der(spki).ok());
        let awaited = turn.event.awaits(
            turn.holder.as_str(),
            key.as_ref().map(PublicKey::fingerprint).as_ref(),
        );
        let (Some(spki), Some(key), false) = (spki, key, awaited.is_violated()) else {
            return Ok(Err(vec![awaited]));
        };
        let evidence = match piv::attest(found.serial) {
            Ok(evidence) => evidence,
            Err(error) if error.kind == ErrorKind::NoKey => {
                let what = "the device cannot attest its key: it was not made there";
                let next = "sign with a key that was made in the device";
                return Ok(Err(vec![
                    Violation::new(Rule::DeviceEvidence, what, next).into(),
                ]));
            }
            Err(error) => return Err(error.into()),
        };
        let signer = Signer {
            device: Device::YubiKey(found.serial),
            serial: found.serial.0,
            spki,
            key,
            evidence,
        };
        let mut attested = self.attested(&signer)?;
        attested
            .retain(|verdict| verdict.is_violated() && (turn.demanded || !is_of_strength(verdict)));
        Ok(match attested.is_empty() {
            true => Ok(signer),
            false => Err(attested),
        })
    }

    /// What the DEVICE rules say of the key.
    fn attested(&self, signer: &Signer) -> Result<Vec<Verdict>, HostError> {
        let turn = self.turn;
        let now = clock::now()?;
        Ok(receipt::of_key(
            &signer.evidence,
            &signer.spki,
            signer.serial,
            now,
            turn.trust,
            turn.set,
        ))
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
            serial: signer.serial,
            key: signer.key.fingerprint(),
            touches,
            attested: self.attested(signer)?,
        };
        Ok(self.operator.read(&EventPage::Device(Box::new(about)))?)
    }

    fn sign_document(
        &mut self,
        signer: &Signer,
        owed: &Owed,
        at: usize,
        of: usize,
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
        self.signature(signer, one.document.signed_bytes(), &allows)
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
                serial: signer.serial,
                spki: &signer.spki,
                evidence: &signer.evidence,
                machine: turn.machine,
                program: turn.program,
                time: clock::now()?,
                placed,
            },
        );
        let message = receipt.signed_bytes().map_err(unfit)?;
        self.errand("the last touch is for your receipt");
        let allows = Allows {
            what: format!("the statement over what you signed; touch {of} of {of}, the last"),
            of: "your receipt".to_owned(),
            digest: Digest::of(&message),
        };
        let signature = self.signature(signer, &message, &allows)?;
        Ok(receipt.file(signature).map_err(unfit)?)
    }

    /// A signature by the device: PIN and touch, as often as it takes.
    fn signature(
        &mut self,
        signer: &Signer,
        message: &[u8],
        allows: &Allows,
    ) -> Result<Vec<u8>, Stop> {
        let mut refused = None;
        self.retried(|table| {
            loop {
                let pin = table.pin(signer, refused.take())?;
                // Whatever took the time until now: the files are those that were read.
                table.unchanged()?;
                let holder = table.turn.holder.clone();
                let signed = table::sign_once(
                    table.operator,
                    &holder,
                    &signer.device,
                    &pin,
                    message,
                    allows,
                );
                match signed.and_then(|signature| {
                    table::checked(&signer.key, &signer.device, message, signature)
                }) {
                    Ok(signature) => return Ok(signature),
                    Err(error) if error.is_wrong_secret() => {
                        table.pin = None;
                        refused = Some(format!("{error}. {}", error.help()));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }

    /// The PIN, which is asked for once.
    fn pin(&mut self, signer: &Signer, refused: Option<String>) -> Reply<Secret> {
        if let Some(pin) = &self.pin {
            return Ok(pin.duplicate());
        }
        let pin = self.ask(signer.serial, Asked::Pin, refused)?;
        self.pin = Some(pin.duplicate());
        Ok(pin)
    }

    fn ask(&mut self, serial: u32, asked: Asked, refused: Option<String>) -> Reply<Secret> {
        self.operator.pin(&PinPrompt {
            holder: self.turn.holder.clone(),
            serial,
            family: Family::YubiKey,
            asked,
            demands: PinDemands::default(),
            refused,
        })
    }

    /// Does something with a device until it works, or the holder leaves.
    fn retried<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        loop {
            match work(self) {
                Err(Stop::Device(error)) if error.kind == ErrorKind::Cancelled => {
                    return Err(self.operator.interrupted().into());
                }
                Err(Stop::Device(error)) => {
                    let trouble = Trouble {
                        holder: self.turn.holder.clone(),
                        error: error.clone(),
                    };
                    if self.operator.trouble(&trouble)? == Remedy::Unblock {
                        self.unblock(&error)?;
                    }
                }
                done => return done,
            }
        }
    }

    /// Unblocks a PIN with the PUK; a wrong one is asked for again.
    fn unblock(&mut self, error: &DeviceError) -> Result<(), Stop> {
        let Who::YubiKey(device) = error.who else {
            return Ok(());
        };
        let mut refused = None;
        loop {
            let puk = self.ask(device.0, Asked::Puk, refused.take())?;
            let pin = self.ask(device.0, Asked::NewPin, None)?;
            self.busy("unblocking the PIN");
            match piv::unblock_pin(device, &puk, &pin) {
                Ok(()) => {
                    self.pin = Some(pin);
                    return Ok(());
                }
                Err(error) if matches!(error.kind, ErrorKind::WrongPuk(_)) => {
                    refused = Some(format!("{error}. {}", error.help()));
                }
                // What keeps it from being unblocked keeps it from signing, and is shown then.
                Err(_) => return Ok(()),
            }
        }
    }

    fn busy(&mut self, doing: &str) {
        let doing = doing.to_owned();
        self.operator.working(&Work::Busy { doing }, None);
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

fn is_of_strength(verdict: &Verdict) -> bool {
    OF_STRENGTH.iter().any(|rule| verdict.rule == *rule)
}
