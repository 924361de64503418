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
    let values = typed(script, chain, Accepts::ValueOfTheDay).map(|(typed, value)| NotBefore {
        typed,
        value: value.to_owned(),
    });
    values.collect()
}

/// What people typed into the fields of one kind, in order, each with the time of its event.
pub(crate) fn typed<'c>(
    script: &'c CheckedScript,
    chain: &'c Chain,
    accepts: Accepts,
) -> impl Iterator<Item = (Time, &'c str)> {
    let confirmed = chain.entries().iter().filter_map(move |entry| {
        let Event::Confirmed { step, fields } = &entry.event else {
            return None;
        };
        let (_, step) = script.steps().find(|(_, known)| known.id == *step)?;
        Some((entry.time, step.typed(accepts, fields)))
    });
    confirmed.flat_map(|(time, values)| values.map(move |value| (time, value)))
}
