//! The newest entry of the transcript, in words for the room.

use keymoot_core::text::escape;
use keymoot_record::transcript::{Entry, Event};

/// The entry's sentence. It leaves out the number of a device that was just inserted: its holder
/// reads that number off the case, and nobody should copy it from the screen.
pub(super) fn news(entry: &Entry) -> String {
    let sentence = entry.sentence();
    match &entry.event {
        Event::DeviceSeen { serial, .. } => sentence.replacen(&format!(" {serial}, "), ", ", 1),
        // Where spare devices are made, there are no signatures.
        Event::Enough { step } => format!("step {} ends: nobody else takes a turn", escape(step)),
        _ => sentence,
    }
}
