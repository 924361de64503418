//! Outside time: what a transcript holds that nobody knew before a day.
//!
//! The machine's clock is the administrator's. A value that the world published, such as a pulse of
//! a randomness beacon or a headline, is in the transcript before every later line. So these lines
//! are not older than the value. The program knows no such source: only a verifier who compares the
//! value with its source learns anything from it.

use super::script::{Accepts, CheckedScript};
use crate::transcript::{Chain, Event, Time};
use serde::Serialize;

/// A public value that people typed: the lines after it were not written before it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBefore {
    /// When it was typed, by the machine's clock.
    pub typed: Time,
    /// The source and the value, as typed. Not safe to show.
    pub value: String,
}

/// The public values that people typed where the script asks for them, in order.
#[must_use]
pub fn not_before(script: &CheckedScript, chain: &Chain) -> Vec<NotBefore> {
    let confirmed = chain.entries().iter().filter_map(|entry| {
        let Event::Confirmed { step, fields } = &entry.event else {
            return None;
        };
        let (_, step) = script.steps().find(|(_, known)| known.id == *step)?;
        Some((entry.time, step, fields))
    });
    confirmed
        .flat_map(|(typed, step, fields)| {
            let asked = step.fields.iter();
            let asked = asked.filter(|field| field.accepts == Accepts::ValueOfTheDay);
            asked.filter_map(move |field| {
                let value = fields.get(&field.id)?.clone();
                Some(NotBefore { typed, value })
            })
        })
        .collect()
}
