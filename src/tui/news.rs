//! The newest entry of the transcript, in words for the room.

use keymoot_record::transcript::{Entry, Event};

/// The entry's sentence. It leaves out the number of a device that was just inserted: its holder
/// reads that number off the case, and nobody should copy it from the screen.
pub(super) fn news(entry: &Entry) -> String {
    let sentence = entry.sentence();
    match &entry.event {
        Event::DeviceSeen { serial, .. } => sentence.replacen(&format!(" {serial}, "), ", ", 1),
        _ => sentence,
    }
}
