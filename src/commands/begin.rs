//! The first event of a process, and what is checked before it is recorded.

use std::path::Path;

use crate::{
    host::clock,
    store::{CurrentSettings, Folder, Journal, Settings},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, digest::Digest};
use keymoot_record::{
    bundle,
    ceremony::{Plan, State, algorithms},
    transcript::{self, Event, Mode, Program},
};

use super::Failure;

/// The help for a ceremony's folder whose record contradicts itself.
const CHANGED: &str = "check that you have the right folder; then find out who changed it, and resume an unchanged copy of it";

/// The mode in which the ceremony in a folder was opened; before that, the one in which it is to be.
///
/// # Errors
/// TRANSCRIPT-SETTINGS when the settings say another.
pub(super) fn opened_as(dir: &Path, settings: &Settings) -> Result<Mode, Failure> {
    let chain = Journal::look(dir)?;
    match chain.entries().first().map(|entry| &entry.event) {
        Some(Event::Opened { mode, .. }) => {
            let checked = settings.check_mode(*mode).map(|()| *mode);
            checked.map_err(|violation| Failure::violations(vec![violation]))
        }
        _ => Ok(settings.mode),
    }
}

/// A live ceremony refuses a plan with parts of a rehearsal, or with an untested recipient.
///
/// # Errors
/// PLAN-LIVE and ROSTER-RECIPIENT.
pub(super) fn refuse_unfit(state: &State, mode: Mode) -> Result<(), Failure> {
    let format = match &state.opening {
        Some(opening) => opening.format,
        None => transcript::FORMAT,
    };
    Failure::of_violated(state.plan.in_mode(mode, format))
}

/// A program that resumes a ceremony verifies the whole record before it asks anybody anything and
/// before it records that it continues: resumed once more, it verifies again. Another program may
/// have written the record, and anybody may have edited it meanwhile.
pub(super) fn verify_so_far(
    state: &State,
    journal: &Journal,
    trust: &TrustStore,
    folder: &Folder,
) -> Result<(), Failure> {
    let object = |digest: &Digest| {
        let kept = folder.kept(digest).ok();
        kept.or_else(|| state.plan.object(digest))
    };
    let verdicts = bundle::so_far(state, journal.chain(), trust, &object, CHANGED);
    Failure::of_violated(verdicts)
}

/// `opened`, or `resumed` where the ceremony is opened already. `cut` is the length of the torn
/// last line that was cut off, in bytes.
///
/// # Errors
/// [`HostError`] when the machine has no entropy, or settings cannot be written as JSON.
pub(super) fn event(
    state: &State,
    settings: &CurrentSettings,
    program: Program,
    cut: u64,
) -> Result<Event, HostError> {
    match state.opening {
        None => opened(&state.plan, settings.now(), program),
        Some(_) => Ok(Event::Resumed {
            cut,
            another: state.is_another(&program),
            program: Box::new(program),
            settings: recorded(settings.changed())?,
        }),
    }
}

fn opened(plan: &Plan, settings: &Settings, program: Program) -> Result<Event, HostError> {
    let [script, policy, roster] = plan.files.digests();
    let newest = plan
        .previous()
        .map(|previous| previous.newest_root(settings.mode, transcript::FORMAT));
    Ok(Event::Opened {
        format: transcript::format_name(),
        ceremony: clock::ceremony_name()?,
        mode: settings.mode,
        program: Box::new(program),
        script,
        policy,
        roster,
        inputs: plan.files.input_digests(),
        settings: recorded(Some(settings))?,
        bags: settings.bags.clone(),
        verdicts: plan
            .verdicts()
            .iter()
            .cloned()
            .chain(plan.in_mode(settings.mode, transcript::FORMAT))
            .chain([algorithms::check(plan)])
            .chain(newest)
            .collect(),
    })
}

/// The settings that the transcript of a live ceremony records: their digest.
fn recorded(settings: Option<&Settings>) -> Result<Option<Digest>, HostError> {
    let live = settings.filter(|settings| settings.mode == Mode::Live);
    live.map(Settings::digest).transpose()
}
