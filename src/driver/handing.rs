//! Handing the sealed file to its holder, in the turn in which it was sealed.

use super::{Driver, HandOver, Stop, Takes};
use crate::store::escrow;
use keymoot_record::{
    rules::roster::Handle,
    transcript::{Event, event::Handed},
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
        let serial = device.serial;
        let name = format!("{holder}-{serial}.age");
        let bytes = self.world.folder.kept(&sealed)?;
        let mut file = HandOver {
            holder: holder.clone(),
            serial,
            file: format!("escrow/{name}"),
            sealed: bytes.as_slice().into(),
            refused: None,
        };
        let how = loop {
            match self.operator.hand_over(&file)? {
                Takes::Copy => break Handed::Taken,
                Takes::Into(folder) => match escrow::write_to(&folder, &name, &bytes) {
                    Ok(()) => break Handed::Stick,
                    Err(error) => file.refused = Some(format!("{}: {}", error.what, error.next)),
                },
            }
        };
        self.record(Event::EscrowHanded {
            holder: holder.clone(),
            serial,
            how,
        })
    }
}
