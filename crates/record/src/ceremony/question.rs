//! The engine's questions to people, and how their answers become events.
//!
//! Every answer that confirms, erases or ends something is a word that somebody
//! typed; Enter alone answers nothing.

use std::collections::BTreeMap;

use super::{
    script::{Accepts, Document},
    state::State,
    turn::{Purpose, Seen},
};
use crate::{
    rules::{
        LONGEST_LINE,
        machine::{APART, minutes_apart},
        roster::Handle,
    },
    transcript::{Event, Mode, PlanPart, Time},
};
use keymoot_core::{Verdict, digest::Digest, text::shortened};

/// Something that a person must say before the ceremony continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Confirm the current step, filling in its fields.
    Confirm,
    /// Is this the newest root that was published?
    NewestRoot {
        /// Its version.
        version: u64,
        /// The digest of its signed bytes.
        root: Digest,
    },
    /// Who is present?
    RollCall,
    /// Whose turn is it? `can_stop` when the quorum is met without those waiting.
    WhoseTurn {
        /// The purpose of the turn.
        purpose: Purpose,
        /// The holders who can still come, in the order of their seats.
        waiting: Vec<Handle>,
        /// Whether the step may end now.
        can_stop: bool,
    },
    /// Is the device's serial number the one on its case?
    IsThisYours {
        /// The holder at the table.
        holder: Handle,
        /// The device as it was read.
        device: Seen,
    },
    /// May everything in the device's PIV application be erased?
    MayErase {
        /// The holder at the table.
        holder: Handle,
        /// The device as it was read.
        device: Seen,
    },
    /// The device holds a key, made before an interruption or before the ceremony: adopt it or
    /// replace it?
    AdoptOrReplace {
        /// The holder at the table.
        holder: Handle,
        /// The device's serial number.
        serial: u32,
        /// The digest of the key's SubjectPublicKeyInfo.
        key: Digest,
        /// Whether the holder brought it, made before the ceremony.
        brought: bool,
    },
    /// A rule refuses the device: insert another, or end the turn?
    DeviceRefused {
        /// The holder at the table.
        holder: Handle,
        /// The device's serial number.
        serial: u32,
        /// The rules violated.
        violated: Vec<Verdict>,
        /// Whether another device may be inserted in this turn.
        another: bool,
    },
    /// Has everybody read the digest of this part of the plan?
    HaveYouReadPlan {
        /// The part.
        part: PlanPart,
        /// Its digest.
        digest: Digest,
    },
    /// Has everybody read this document?
    HaveYouRead {
        /// The document.
        document: Document,
        /// The bytes to be signed.
        signed: Digest,
    },
    /// Has this holder apart read the request, and were its words compared?
    ReadRequest {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
    },
    /// Rules are violated: fix the cause and have it checked again.
    Violations {
        /// The rules violated.
        violated: Vec<Verdict>,
    },
}

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

/// The word that confirms a `confirm` step.
pub const CONFIRM: &str = "confirm";
/// The word that confirms a roll call.
pub const PRESENT: &str = "present";
/// The word that ends a step once its quorum is met.
pub const ENOUGH: &str = "enough";
/// The word that erases a device.
pub const ERASE: &str = "erase";
/// The word that adopts the key on the device.
pub const ADOPT: &str = "adopt";
/// The word that replaces the key on the device.
pub const REPLACE: &str = "replace";

/// The words typed to say that a document was read: the first two of its digest.
#[must_use]
pub fn reading_words(signed: &Digest) -> String {
    signed
        .words()
        .into_iter()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether these are the first two words of a digest, with any spaces.
#[must_use]
pub fn are_reading_words(typed: &str, signed: &Digest) -> bool {
    let typed: Vec<_> = typed.split_whitespace().collect();
    typed.join(" ").to_lowercase() == reading_words(signed).to_lowercase()
}

/// The letters of a word that are enough where people compare all words of a digest, and type to
/// say that they did.
const ENOUGH_LETTERS: usize = 3;

/// Whether this says that a digest on the screen was read: its first two words, or the first letters
/// of each.
#[must_use]
pub fn say_it_was_read(typed: &str, signed: &Digest) -> bool {
    let typed: Vec<_> = typed.split_whitespace().map(str::to_lowercase).collect();
    let words = signed.words();
    let begins = |(typed, word): (&String, &&str)| {
        typed.len() >= ENOUGH_LETTERS && word.to_lowercase().starts_with(typed)
    };
    typed.len() == 2 && typed.iter().zip(&words).all(begins)
}

/// The last four digits of a serial number, which the holder types from the case.
#[must_use]
pub fn last_four(serial: u32) -> String {
    format!("{:04}", serial % 10_000)
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
            return Err(Refusal(format!(
                "{lacking}. Wait for them, or leave and resume another day."
            )));
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
                    super::turn::Stage::Found(spki) => Some(spki.clone()),
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

#[cfg(test)]
mod tests {
    use keymoot_core::digest::Digest;

    use super::{reading_words, say_it_was_read};

    #[test]
    fn three_letters_of_each_of_the_first_two_words_say_that_a_digest_was_read() {
        let digest = Digest::of(b"document");
        let words = reading_words(&digest).to_lowercase();
        let (first, second) = words.split_once(' ').unwrap_or_default();
        let begin = |word: &str, letters: usize| word.get(..letters).unwrap_or(word).to_owned();
        for letters in 3..12 {
            let typed = format!(" {}  {} ", begin(first, letters), begin(second, letters));
            assert!(say_it_was_read(&typed, &digest), "{typed}");
        }
        for typed in [
            String::new(),
            first.to_owned(),
            format!("{} {second}", begin(first, 2)),
            format!("{second} {first}"),
            format!("{words} {first}"),
            format!("{first}x {second}"),
        ] {
            assert!(!say_it_was_read(&typed, &digest), "{typed}");
        }
    }
}
