//! Recording events: checked, written and synced, and only then folded in.

use std::sync::Arc;

use super::{Driver, Stop};
use crate::{host::clock, store::Journal};
use keymoot_core::HostError;
use keymoot_record::{ceremony::State, transcript::Event};

/// Records an event and returns the state after it. Every event of every process goes through
/// here: the state has accepted it before it is written, and it is on the disk before anything
/// shows it.
///
/// # Errors
/// [`HostError`] when the event may not follow, or the disk fails.
pub fn record(journal: &mut Journal, state: &State, event: Event) -> Result<State, HostError> {
    let drafted = journal.draft(event, clock::now()?)?;
    let after = state.after(&drafted).map_err(|illegal| {
        HostError::new(
            format!("the program tried to record an illegal event: {illegal}"),
            "nothing was written; resume, and report this",
        )
    })?;
    journal.append(drafted)?;
    Ok(after)
}

impl Driver<'_, '_> {
    /// Records an event and shows the state after it.
    pub(super) fn record(&mut self, event: Event) -> Result<(), Stop> {
        let ends_turn = matches!(event, Event::TurnEnded { .. });
        if let Event::TurnEnded {
            unfinished: Some(_),
            ..
        } = &event
        {
            self.left_in = self.at_table().map(|holder| (holder, self.family()));
        }
        self.state = Arc::new(record(&mut self.world.journal, &self.state, event)?);
        if ends_turn {
            self.secrets = None;
            self.device = None;
        }
        self.show();
        Ok(())
    }
}
