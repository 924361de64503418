//! The fold: which event may follow, and the state after it.
//!
//! The driver, a resumed run and the verification of a bundle all fold the same way. `advance` has
//! the events of the ceremony's course.

use std::sync::Arc;

use super::{
    bags,
    opening::Opening,
    plan::Plan,
    state::{Remark, State},
    turn::Turn,
};
use crate::{
    rules::roster::Handle,
    transcript::{self, Chain, Entry, Event, Program, Time},
};
use keymoot_core::{digest::Digest, text::excerpt};

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
    /// Folds all entries of a transcript.
    ///
    /// # Errors
    /// [`Illegal`] at the first entry that may not follow those before it.
    pub fn fold(plan: Arc<Plan>, chain: &Chain) -> Result<Self, Illegal> {
        let mut state = Self::new(plan);
        for entry in chain.entries() {
            // Not `after`: a copy of the whole state for every entry would let a
            // long transcript of notes keep a verifier busy for hours.
            state.take_in(entry)?;
        }
        Ok(state)
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

    /// Why this event may not follow now; `None` where it may. A page asks before a person types a
    /// wish out, and the driver before it records what a person wants or answers.
    #[must_use]
    pub fn refuses(&self, event: &Event) -> Option<String> {
        let Some(time) = self.time else {
            return Some("the ceremony was not opened".to_owned());
        };
        // No event of a person depends on its number or on the line before it.
        match Chain::default().next(event.clone(), time) {
            Ok(entry) => self.clone().take(&entry).err(),
            Err(error) => Some(error.to_string()),
        }
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

/// The event's kind as the transcript writes it.
fn kind_of(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value
        .get("kind")
        .and_then(|kind| kind.as_str())
        .unwrap_or("unknown")
        .to_owned()
}
