//! After a dress rehearsal: resets the devices that hold one of its keys.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, IsTerminal as _},
};

use crate::device::{Serial, piv};
use keymoot_attestation::Family;
use keymoot_record::transcript::{Chain, Event};
use keymoot_verify::say;

/// The word that resets a device.
const RESET: &str = "reset";

/// The devices that hold a key which the rehearsal made: YubiHSM 2s, then YubiKeys. A reset would
/// destroy a key that its holder brought and needs after it.
fn made_here(chain: &Chain) -> (Vec<u32>, Vec<u32>) {
    let mut keys = BTreeSet::new();
    let mut units = BTreeSet::new();
    for entry in chain.entries() {
        match &entry.event {
            Event::DeviceSeen {
                serial,
                family: Family::YubiHsm,
                ..
            } => {
                units.insert(*serial);
            }
            Event::KeyGenerated { serial, .. } => {
                keys.insert(*serial);
            }
            _ => {}
        }
    }
    keys.into_iter()
        .filter(|serial| !chain.has_brought_key(*serial))
        .partition(|serial| units.contains(serial))
}

/// Offers to reset each device that made a key in the rehearsal in a folder.
pub(super) fn offer(chain: &Chain) {
    let (units, yubikeys) = made_here(chain);
    for serial in units {
        say!(
            "YubiHSM 2 {serial} holds a key of this rehearsal. Reset it by hand: touch its metal rim for ten seconds while plugging it in."
        );
    }
    if yubikeys.is_empty() || !io::stdin().is_terminal() {
        return;
    }
    say!(
        "These YubiKeys hold a key of this rehearsal. A reset destroys it, and every other PIV key there."
    );
    let mut lines = io::stdin().lock().lines();
    for serial in yubikeys {
        loop {
            say!("Insert YubiKey {serial}, type {RESET} and press Enter. An empty line skips it.");
            let line = lines.next().and_then(Result::ok).unwrap_or_default();
            if line.trim() != RESET {
                break;
            }
            match piv::reset(Serial(serial)) {
                Ok(()) => {
                    say!("YubiKey {serial} was reset.");
                    break;
                }
                Err(error) => say!("{error}\n  help: {}", error.next()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use keymoot_record::handle::Handle;
    use keymoot_record::transcript::{Chain, Event, Time};

    use super::made_here;

    #[test]
    fn a_key_that_its_holder_brought_is_not_offered_for_a_reset() {
        let holder = || Handle::try_from("holder-1".to_owned()).unwrap();
        let announced = |serial| Event::GenerateAnnounced {
            holder: holder(),
            serial,
        };
        let key = |serial, adopted| Event::KeyGenerated {
            holder: holder(),
            serial,
            spki: vec![1],
            adopted,
        };
        let mut chain = Chain::default();
        for event in [
            // Made here.
            announced(1),
            key(1, false),
            // Brought.
            key(2, true),
            // Made here, and adopted after an interruption.
            announced(3),
            key(3, true),
            // Brought, and then replaced.
            key(4, true),
            announced(4),
            key(4, false),
        ] {
            let time = Time::from_unix(1_790_000_000).unwrap();
            chain.push(chain.next(event, time).unwrap()).unwrap();
        }
        assert_eq!(made_here(&chain), (vec![], vec![1, 3, 4]));
    }
}
