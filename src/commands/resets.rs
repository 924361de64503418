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

/// Offers to reset each device that made a key in the rehearsal in a folder.
pub(super) fn offer(chain: &Chain) {
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
    let (units, yubikeys): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|serial| units.contains(serial));
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
                Err(error) => say!("{error}\n  help: {}", error.help()),
            }
        }
    }
}
