//! What a person wants instead of an answer: recorded where it may follow, refused where not.

use super::{Driver, Stop, Told};
use keymoot_record::transcript::Event;

impl Driver<'_, '_> {
    /// Acts on a wish that waits, before another signature is announced: a holder who ends the
    /// turn, or leaves, signs nothing more.
    pub(super) fn heed_waiting(&mut self) -> Result<(), Stop> {
        self.operator
            .waiting()
            .map_or(Ok(()), |wish| Err(wish.into()))
    }

    /// Records what a person wants, or shows why that may not follow now: a wish may be older than
    /// the state that it meets.
    pub(super) fn record_wish(&mut self, event: Event) -> Result<(), Stop> {
        let Some(why) = self.state.refuses(&event) else {
            return self.record(event);
        };
        let refused = self.operator.told(&Told {
            headline: "It could not be done.".to_owned(),
            lines: vec![Self::not_now(&why)],
            digest: None,
            failed: true,
        });
        refused.or_else(|interrupt| self.interrupt(interrupt))
    }

    /// The refusal of an event that may not follow, for this reason of the state.
    pub(super) fn not_now(why: &str) -> String {
        format!("It cannot be recorded now: {why}.")
    }
}
