//! A dress rehearsal: real devices, the real service and the real vendor's keys, and documents
//! that carry the mark of a rehearsal.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, IsTerminal as _},
    path::Path,
    process::ExitCode,
};

use crate::{
    device::{Serial, piv},
    host::machine,
    store::{self, Journal, Settings},
};
use keymoot_attestation::{Family, TrustStore};
use keymoot_core::{HostError, Verdict, text::escape};
use keymoot_record::{
    ceremony::Plan,
    rules,
    transcript::{self, Event, Mode},
};
use keymoot_verify::say;

use super::{
    Failure,
    conduct::{Surroundings, conduct},
    operate::Manner,
};

/// The word that resets a device.
const RESET: &str = "reset";

/// What is rehearsed, and where.
pub(super) struct Rehearsal<'p> {
    pub plan: &'p Plan,
    pub dir: &'p Path,
    pub settings: &'p Settings,
    pub seed: u64,
}

/// Holds it. Devices count by the keys of `vendor`, which the bundle carries.
pub(super) fn rehearse(
    rehearsal: &Rehearsal<'_>,
    manner: Manner,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let Rehearsal {
        plan,
        dir,
        settings,
        seed,
    } = *rehearsal;
    say!("A rehearsal with real devices. Their signatures do not count.");
    machine_rules(rehearsal)?;
    store::plan::create(dir, plan, settings, |dir| {
        store::rehearsal::create_real(dir, vendor, seed)
    })?;
    conduct(dir, &Surroundings::default(), manner, vendor)
}

/// Lists the machine rules by which a live ceremony would be refused here.
fn machine_rules(rehearsal: &Rehearsal<'_>) -> Result<(), HostError> {
    // As before a live ceremony: otherwise MACHINE-MEMORY would find unprotected memory.
    machine::protect();
    let mut holders = rehearsal.plan.roster.holders.iter();
    let yubikeys = holders.any(|holder| holder.family.is_yubikey());
    let beside = rehearsal.dir.parent().unwrap_or(rehearsal.dir);
    let machine = machine::examine(&[beside, &rehearsal.settings.out], yubikeys)?;
    let verdicts = rules::machine::check(&machine, &[], Mode::Live, transcript::FORMAT);
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    if violated.is_empty() {
        say!("This machine can hold a live ceremony: no machine rule is violated.");
        return Ok(());
    }
    say!("A live ceremony would not begin on this machine:");
    for Verdict {
        rule, detail, next, ..
    } in violated
    {
        say!("  {rule}: {}\n    help: {}", escape(detail), escape(next));
    }
    Ok(())
}

/// Offers to reset each device that made a key in the rehearsal in a folder.
///
/// # Errors
/// [`HostError`] when the transcript cannot be read.
pub(super) fn offer_resets(dir: &Path) -> Result<(), HostError> {
    let chain = Journal::look(dir)?;
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
        return Ok(());
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
    Ok(())
}
