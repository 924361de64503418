//! Recording events: judged, written and synced, and only then folded in.

use super::{Driver, Stop};
use crate::host::clock;
use keymoot_core::HostError;
use keymoot_record::transcript::Event;

impl Driver<'_, '_> {
    /// Records an event. Before it is written the state has accepted it; before
    /// the state shows it, it is on the disk.
    pub(super) fn record(&mut self, event: Event) -> Result<(), Stop> {
        let ends_turn = matches!(event, Event::TurnEnded { .. });
        let drafted = self.world.journal.draft(event, clock::now()?)?;
        let mut after = self.state.clone();
        after.apply(&drafted.0).map_err(|illegal| {
            HostError::new(
                format!("the program would have recorded what may not follow: {illegal}"),
                "nothing was written; resume, and report this",
            )
        })?;
        self.world.journal.append(drafted)?;
        self.state = after;
        if ends_turn {
            self.secrets = None;
            self.unit = None;
        }
        self.show();
        Ok(())
    }
}
