//! A dress rehearsal: real devices, the real service and the real vendor's keys, and documents
//! that carry the mark of a rehearsal.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    host::machine,
    store::{self, Settings},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Verdict, text::escape};
use keymoot_record::{
    ceremony::Plan,
    rules,
    transcript::{self, Mode},
};
use keymoot_verify::say;

use super::{
    Failure,
    conduct::{Surroundings, conduct},
    operate::{Manner, require_terminal},
};

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
    let surroundings = Surroundings {
        warnings: machine_rules(rehearsal)?,
        ..Surroundings::default()
    };
    require_terminal(manner)?;
    store::plan::create(dir, plan, settings, |dir| {
        store::rehearsal::create_real(dir, vendor, seed)
    })?;
    conduct(dir, &surroundings, manner, vendor)
}

/// Lists the machine rules by which a live ceremony would be refused here, and returns them for the
/// first page, which covers the list.
fn machine_rules(rehearsal: &Rehearsal<'_>) -> Result<Vec<String>, HostError> {
    // As before a live ceremony: otherwise MACHINE-MEMORY would find unprotected memory.
    machine::protect();
    let mut holders = rehearsal.plan.roster.holders.iter();
    let yubikeys = holders.any(|holder| holder.family.is_yubikey());
    let beside = rehearsal.dir.parent().unwrap_or(rehearsal.dir);
    let copies = rehearsal.settings.copies.iter().map(PathBuf::as_path);
    let places = [beside, &rehearsal.settings.out].into_iter().chain(copies);
    let machine = machine::examine(&places.collect::<Vec<_>>(), yubikeys)?;
    let verdicts = rules::machine::check(&machine, &[], Mode::Live, transcript::FORMAT);
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    if violated.is_empty() {
        say!("This machine can hold a live ceremony: no machine rule is violated.");
        return Ok(Vec::new());
    }
    say!("A live ceremony would not begin on this machine:");
    let mut warnings = Vec::new();
    for Verdict {
        rule, detail, next, ..
    } in violated
    {
        let (detail, next) = (escape(detail), escape(next));
        say!("  {rule}: {detail}\n    help: {next}");
        warnings.push(format!(
            "A live ceremony would not begin on this machine: {rule}: {detail}. help: {next}"
        ));
    }
    Ok(warnings)
}
