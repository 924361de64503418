//! The answers of people, and the event that each answer becomes.

use std::collections::BTreeMap;

use super::{
    question::{
        ADOPT, CONFIRM, ENOUGH, ERASE, PRESENT, Question, REPLACE, are_reading_words, last_four,
        reading_words, say_it_was_read,
    },
    script::Accepts,
    state::State,
    turn::Stage,
};
use crate::{
    rules::{
        LONGEST_LINE,
        machine::{APART, minutes_apart},
        roster::Handle,
    },
    transcript::{Event, Mode, Time},
};
use keymoot_core::{digest::Digest, text::shortened};

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The word typed to confirm, and the fields.
    Confirm {
        /// The word.
        word: String,
        /// Field ids and the typed text.
        fields: BTreeMap<String, String>,
    },
    /// The holders present, and the word typed to confirm.
    Present {
        /// The handles of those present.
        holders: Vec<Handle>,
        /// The names of the witnesses present.
        witnesses: Vec<String>,
        /// The handles of those who take part apart from the table.
        apart: Vec<Handle>,
        /// The word.
        word: String,
    },
    /// The turn of this holder begins.
    Begin(Handle),
    /// A word was typed.
    Typed(String),
    /// The device is not the right one: another will be inserted.
    Another,
    /// The turn ends without its purpose, for this reason.
    EndTurn(String),
    /// The cause was fixed: check again.
    Again,
}

/// An answer that does not fit the question: the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// The effect of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
// Short-lived: made for an answer of a person and consumed at once.
#[allow(clippy::large_enum_variant)]
pub enum Said {
    /// An event.
    Event(Event),
    /// The cause of a violation was fixed: repeat the step's effect.
    Again,
}

impl State {
    /// The effect of an answer to a question, given at this moment.
    ///
    /// # Errors
    /// [`Refusal`] when it does not fit the question.
    pub fn answer(&self, question: &Question, answer: Answer, now: Time) -> Result<Said, Refusal> {
        let step = || {
            self.current()
                .map(|step| step.id.clone())
                .unwrap_or_default()
        };
        let event = match (question, answer) {
            (Question::Confirm, Answer::Confirm { word, fields }) => {
                self.fields(&fields)?;
                self.clocks_agree(&fields, now)?;
                typed(&word, CONFIRM)?;
                Event::Confirmed {
                    step: step(),
                    fields,
                }
            }
            (Question::NewestRoot { version, root }, Answer::Typed(words)) => {
                if !are_reading_words(&words, root) {
                    return Err(Refusal(format!(
                        "Those are not the first two words of version {version}, typed whole. If they are the words of the newest published root, the previous state is not the newest. Leave, and find out where the files came from."
                    )));
                }
                Event::NewestRootCompared {
                    version: *version,
                    root: *root,
                    words: reading_words(root),
                }
            }
            (
                Question::RollCall,
                Answer::Present {
                    holders,
                    apart,
                    witnesses,
                    word,
                },
            ) => self.roll_called(&holders, &apart, &witnesses, &word)?,
            (Question::WhoseTurn { waiting, .. }, Answer::Begin(holder)) => {
                if !waiting.contains(&holder) {
                    return Err(Refusal(format!("{holder} has no turn in this step.")));
                }
                Event::TurnBegun {
                    holder: holder.clone(),
                }
            }
            (Question::WhoseTurn { can_stop: true, .. }, Answer::Typed(word)) => {
                typed(&word, ENOUGH)?;
                Event::Enough { step: step() }
            }
            (Question::IsThisYours { holder, device }, Answer::Typed(digits)) => {
                let whole = device.serial.to_string();
                if ![last_four(device.serial), whole].contains(&digits.trim().to_owned()) {
                    return Err(Refusal(
                        "Those are not the last four digits of the inserted device. Read them from its case again. If they are right, this is another device: take it out."
                            .to_owned(),
                    ));
                }
                Event::DeviceConfirmed {
                    holder: holder.clone(),
                    serial: device.serial,
                }
            }
            (Question::IsThisYours { holder, device }, Answer::Another) => Event::DeviceSetAside {
                holder: holder.clone(),
                serial: device.serial,
            },
            (Question::MayErase { holder, device }, Answer::Typed(word)) => {
                typed(&word, ERASE)?;
                Event::ResetAnnounced {
                    holder: holder.clone(),
                    serial: device.serial,
                }
            }
            (Question::AdoptOrReplace { holder, serial, .. }, Answer::Typed(word)) => {
                self.adopt_or_replace(holder, *serial, word.trim())?
            }
            (
                Question::DeviceRefused {
                    holder,
                    serial,
                    another: true,
                    ..
                },
                Answer::Another,
            ) => Event::DeviceSetAside {
                holder: holder.clone(),
                serial: *serial,
            },
            (
                Question::IsThisYours { holder, .. }
                | Question::MayErase { holder, .. }
                | Question::AdoptOrReplace { holder, .. }
                | Question::DeviceRefused { holder, .. },
                Answer::EndTurn(reason),
            ) => Event::TurnEnded {
                holder: holder.clone(),
                unfinished: Some(reason),
            },
            (Question::HaveYouReadPlan { part, digest }, Answer::Typed(words)) => {
                are_read(&words, digest)?;
                Event::PlanRead {
                    part: *part,
                    digest: *digest,
                }
            }
            (Question::HaveYouRead { document, signed }, Answer::Typed(words)) => {
                are_read(&words, signed)?;
                Event::Reviewed {
                    document: *document,
                    signed: *signed,
                }
            }
            (Question::ReadRequest { holder, request }, Answer::Typed(typed)) => {
                let spoken: Vec<_> = typed.split_whitespace().collect();
                let (words, channel) = spoken.split_at(spoken.len().min(2));
                if words.join(" ").to_lowercase() != reading_words(request).to_lowercase() {
                    return Err(Refusal(
                        "Type the first two words of the request's digest whole; after them, how you compared \
                         the words with the others, such as \"phone\"."
                            .to_owned(),
                    ));
                }
                Event::RequestRead {
                    holder: holder.clone(),
                    request: *request,
                    compared: shortened(&channel.join(" "), LONGEST_LINE),
                }
            }
            (Question::Violations { .. }, Answer::Again) => return Ok(Said::Again),
            _ => return Err(Refusal("That does not answer the question.".to_owned())),
        };
        Ok(Said::Event(event))
    }

    fn roll_called(
        &self,
        present: &[Handle],
        apart: &[Handle],
        witnesses: &[String],
        word: &str,
    ) -> Result<Event, Refusal> {
        let all: Vec<_> = present.iter().chain(apart).cloned().collect();
        if let Some(lacking) = self.lacking(&all) {
            let everybody: Vec<_> = self.seats.iter().map(|seat| seat.handle.clone()).collect();
            let next = match self.lacking(&everybody) {
                None => "Wait for them, or leave and resume another day.",
                Some(_) => "All holders together are too few: leave, and correct the roster.",
            };
            return Err(Refusal(format!("{lacking}. {next}")));
        }
        if !self.has_holders_apart() && !apart.is_empty() {
            return Err(Refusal(
                "The older program that opened this ceremony has no holders apart.".to_owned(),
            ));
        }
        if let Some(holder) = apart.iter().find(|holder| !self.can_answer_apart(holder)) {
            return Err(Refusal(format!(
                "{holder} has a YubiHSM 2: its log is read at the table, so {holder} cannot answer apart."
            )));
        }
        typed(word, PRESENT)?;
        // In the order of the seats, and nobody twice.
        let named = |named: &[Handle]| {
            let seats = self
                .seats
                .iter()
                .filter(|seat| named.contains(&seat.handle));
            seats.map(|seat| seat.handle.clone()).collect()
        };
        let listed = self.plan.roster.witnesses.iter();
        let watching = listed.filter(|witness| witnesses.contains(&witness.name));
        Ok(Event::RollCalled {
            present: named(present),
            apart: named(apart),
            witnesses: watching.map(|witness| witness.name.clone()).collect(),
        })
    }

    fn fields(&self, fields: &BTreeMap<String, String>) -> Result<(), Refusal> {
        for field in self.asked_fields() {
            let typed = fields
                .get(&field.id)
                .map(String::as_str)
                .unwrap_or_default();
            field
                .accept(typed)
                .map_err(|expected| Refusal(format!("{}: {expected}.", field.label)))?;
        }
        Ok(())
    }

    /// MACHINE-WATCH, while people can still set the clock.
    fn clocks_agree(&self, fields: &BTreeMap<String, String>, now: Time) -> Result<(), Refusal> {
        let live = self
            .opening
            .as_ref()
            .is_some_and(|opening| opening.mode == Mode::Live);
        for wall in self
            .current()
            .map(|step| step.typed(Accepts::Time, fields))
            .into_iter()
            .flatten()
        {
            if live && minutes_apart(wall, now).is_none_or(|apart| apart > APART) {
                return Err(Refusal(format!(
                    "MACHINE-WATCH: the machine's clock shows {now}, and the wall's {wall}. If the wall is right, set \
                     the machine's clock to UTC from another terminal and log out there; then type the time again."
                )));
            }
        }
        Ok(())
    }

    fn adopt_or_replace(&self, holder: &Handle, serial: u32, word: &str) -> Result<Event, Refusal> {
        match word {
            ADOPT => {
                let found = self.turn.as_ref().and_then(|turn| match &turn.stage {
                    Stage::Found(spki) => Some(spki.clone()),
                    _ => None,
                });
                let spki = found.ok_or(Refusal("No key was found on the device.".to_owned()))?;
                Ok(Event::KeyGenerated {
                    holder: holder.clone(),
                    serial,
                    spki,
                    adopted: true,
                })
            }
            REPLACE => Ok(Event::ResetAnnounced {
                holder: holder.clone(),
                serial,
            }),
            _ => Err(Refusal(format!("Type \"{ADOPT}\" or \"{REPLACE}\"."))),
        }
    }
}

/// Checks that the typed words are the first two of this digest.
fn are_read(words: &str, digest: &Digest) -> Result<(), Refusal> {
    if say_it_was_read(words, digest) {
        return Ok(());
    }
    Err(Refusal(
        "Type the first two words of the digest on the screen, or three letters of each."
            .to_owned(),
    ))
}

fn typed(word: &str, expected: &str) -> Result<(), Refusal> {
    // Capitals make no difference.
    if word.trim().eq_ignore_ascii_case(expected) {
        Ok(())
    } else {
        Err(Refusal(format!(
            "Type the word \"{expected}\" and press Enter."
        )))
    }
}
