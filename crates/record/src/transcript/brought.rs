//! Keys that holders bring, made before the ceremony.

use super::{Chain, Event};

impl Chain {
    /// Whether a holder brought the key in this device. A key that the ceremony had made before an
    /// interruption is adopted, too: its making was announced.
    #[must_use]
    pub fn has_brought_key(&self, device: u32) -> bool {
        let mut brought = false;
        for entry in self.with_branches() {
            match &entry.event {
                Event::KeyGenerated {
                    serial, adopted, ..
                } if *serial == device => brought = *adopted,
                Event::GenerateAnnounced { serial, .. } if *serial == device => return false,
                _ => {}
            }
        }
        brought
    }
}
