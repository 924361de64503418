//! Handing the sealed file to its holder, in the turn in which it was sealed.

use std::path::Path;

use super::{Driver, HandOver, Stop, Takes};
use crate::store::escrow;
use keymoot_core::text::escape_path;
use keymoot_record::{
    rules::roster::Handle,
    transcript::{Event, Handed},
};

impl Driver<'_, '_> {
    /// Hands the file of this turn to the holder, if there is one.
    pub(super) fn hand_over(&mut self, holder: &Handle) -> Result<(), Stop> {
        let Some(turn) = self.state.turn.as_ref().filter(|turn| !turn.handed) else {
            return Ok(());
        };
        let (Some(sealed), Some(device)) = (turn.escrow, &turn.device) else {
            return Ok(());
        };
        if self.state.format() < 2 {
            return Ok(());
        }
        let (serial, family) = (device.serial, device.family);
        let name = format!("{holder}-{serial}.age");
        let inside = Path::new("escrow").join(&name);
        let file = match self.state.apart {
            None => inside,
            // Nobody at home knows where the folder of the turn is.
            Some(_) => self.world.folder.path().join(inside),
        };
        let bytes = self.world.folder.kept(&sealed)?;
        let mut offered = HandOver {
            holder: holder.clone(),
            serial,
            family,
            file: escape_path(&file),
            sealed: bytes.as_slice().into(),
            refused: None,
        };
        let how = loop {
            match self.operator.hand_over(&offered)? {
                Takes::Copy => break Handed::Taken,
                Takes::Into(folder) => {
                    let ceremony = self.world.folder.path();
                    match escrow::write_to(&folder, ceremony, &name, &bytes) {
                        Ok(()) => break Handed::Stick,
                        Err(error) => {
                            offered.refused = Some(format!("{}: {}", error.what, error.next));
                        }
                    }
                }
            }
        };
        self.record(Event::EscrowHanded {
            holder: holder.clone(),
            serial,
            how,
        })
    }
}
