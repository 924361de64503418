//! Conducting a ceremony in its folder, from its first event or from its last one on.
//!
//! `run`, `rehearse` and `resume` all end here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    device::yubihsm::Place,
    driver::{self, Outcome, World},
    host::{machine, program::Measuring, whole},
    rehearsal::hands::Simulators,
    store::{self, CurrentSettings, Journal, Settings},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError, Rule, Violation,
    text::{escape, escape_path, quoted_path},
};
use keymoot_record::{
    bundle,
    ceremony::{Plan, State},
    expectation,
    rules::{self, machine::Medium},
    transcript::{Chain, Event, Mode},
};
use keymoot_verify::say;

use super::{
    Failure, arguments, begin,
    operate::{Manner, operate},
    resets,
};

/// The surroundings of a process.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The control sockets of the simulators whose devices this process sees.
    pub simulators: Option<Simulators>,
    /// Where YubiHSM 2s are, if not where the settings say.
    pub connector: Option<Place>,
    /// Where the bundle is to be written from now on, by [`arguments::new_place`].
    pub outs: Vec<PathBuf>,
    /// What people must know before they agree to begin, safe to show.
    pub warnings: Vec<String>,
}

/// Continues the ceremony in a folder. The transcript says whether it is live; then devices
/// count by the keys of `vendor`.
pub(crate) fn conduct(
    dir: &Path,
    surroundings: &Surroundings,
    manner: Manner,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    to_its_end(dir, surroundings, manner, vendor).map_err(Failure::resumable)
}

fn to_its_end(
    dir: &Path,
    surroundings: &Surroundings,
    manner: Manner,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let measuring = Measuring::begin();
    machine::protect();
    let folder = store::plan::open(dir)?;
    let plan = Arc::new(store::plan::read(dir, &Journal::look(dir)?)?);
    let (mut journal, cut) = Journal::open(dir)?;
    let state = fold(plan, &journal)?;
    store::plan::is_unedited(dir, &state)?;
    let plan = Arc::clone(&state.plan);
    let settings = CurrentSettings::read(dir, &surroundings.outs)?;
    let mode = settings.check(state.opening.as_ref()).map_err(violation)?;
    refuse_simulated_service(mode, surroundings)?;
    begin::refuse_unfit(&state, mode)?;
    if state.is_finished() {
        return already_finished(dir, &settings);
    }
    let trust = match mode {
        Mode::Live => vendor.clone(),
        Mode::Rehearsal => store::rehearsal::vendor(dir)?,
    };
    let (program, bill) = bundle::this_program(measuring.digest()?);
    if state.opening.is_some() {
        begin::verify_so_far(&state, &journal, &trust, &folder)?;
    }
    folder.keep(&bill)?;
    store::plan::keep(&folder, &state.origin().files)?;
    let first = begin::event(&state, &settings, program, cut)?;
    let state = driver::record(&mut journal, &state, first)?;
    settings.write_changed(dir)?;

    let settings = settings.now();
    let world = World {
        folder,
        journal,
        trust,
        out: settings.out.clone(),
        copies: settings.copies.clone(),
        warnings: warnings(dir, settings, surroundings, mode),
        due: None,
        connector: connector(surroundings, settings)?,
        attachments: Box::new(move || match mode {
            Mode::Live => Ok(bundle::Files::new()),
            Mode::Rehearsal => store::rehearsal::attachments(dir),
        }),
    };
    let simulators = surroundings.simulators.as_ref();
    let outcome = operate(
        world,
        state,
        settings.simulator.as_ref(),
        simulators,
        manner,
    )?;
    Ok(match outcome {
        Outcome::Finished => {
            let chain = Journal::look(dir)?;
            let ended = ended_without(&chain);
            say!("{}", what_now(settings, &plan, mode, ended));
            if let Some(label) = label(settings, &plan, mode, &chain) {
                say!("{label}");
            }
            if plan.script.script().scenario.changes_policy() && !ended {
                let path = write_expectations(&settings.out, &plan, mode)?;
                say!(
                    "From now on, verify with: keymoot verify BUNDLE --expect {}",
                    quoted_path(&path)
                );
            }
            if mode == Mode::Rehearsal && settings.simulator.is_none() {
                resets::offer(&chain);
            }
            ExitCode::SUCCESS
        }
        // Only a holder at home declines.
        Outcome::Left | Outcome::Declined => {
            let chain = Journal::look(dir)?;
            say!(
                "Left. To continue: keymoot resume {}\n\
                 Note the last event, for --noted: event {}, {}",
                quoted_path(dir),
                chain.entries().len().saturating_sub(1),
                chain.head().short_words(),
            );
            ExitCode::from(4)
        }
    })
}

pub(super) fn fold(plan: Arc<Plan>, journal: &Journal) -> Result<State, HostError> {
    State::fold(plan, journal.chain()).map_err(|illegal| {
        HostError::new(
            illegal.to_string(),
            "stop: the folder's transcript and plan do not belong together. Find out who changed them",
        )
    })
}

fn violation(violation: Violation) -> Failure {
    Failure::violations(vec![violation])
}

fn already_finished(dir: &Path, settings: &CurrentSettings) -> Result<ExitCode, Failure> {
    let bundle = escape_path(&settings.kept().out);
    if settings.changed().is_some() {
        return Err(HostError::new(
            format!("the ceremony is finished, and its bundle was written to {bundle}"),
            "copy the bundle from there",
        )
        .into());
    }
    say!(
        "The ceremony in {} is finished. Its bundle: {bundle}",
        escape_path(dir)
    );
    Ok(ExitCode::SUCCESS)
}

fn connector(surroundings: &Surroundings, settings: &Settings) -> Result<Place, HostError> {
    match surroundings.connector {
        Some(connector) => Ok(connector),
        None => arguments::place(&settings.connector)
            .map_err(|why| HostError::new(why, "restore settings.json from a copy of the folder")),
    }
}

/// Whether the ceremony in a folder ended without its purpose.
fn ended_without(chain: &Chain) -> bool {
    let mut entries = chain.entries().iter();
    entries.any(|entry| matches!(entry.event, Event::EndedWithout { .. }))
}

/// Writes the exact expectations of the new policy beside the bundle. A project commits
/// the file.
fn write_expectations(out: &Path, plan: &Plan, mode: Mode) -> Result<PathBuf, HostError> {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".expectations.toml");
    let path = out.with_file_name(name);
    let text = expectation::of_plan(plan, mode, "changed-policy");
    whole::publish_durably(&path, text.as_bytes())?;
    Ok(path)
}

/// Where the bundle is, and the commands that read and verify it.
fn what_now(settings: &Settings, plan: &Plan, mode: Mode, ended: bool) -> String {
    let bundle = escape_path(&settings.out);
    let quoted = quoted_path(&settings.out);
    let copies = settings.copies.iter();
    let copies: String = copies
        .map(|copy| format!("A copy, read back: {}\n", escape_path(copy)))
        .collect();
    let rehearsal = match (mode, ended) {
        (Mode::Live, false) => "",
        (Mode::Live, true) => " --ended",
        (Mode::Rehearsal, false) => " --rehearsal",
        (Mode::Rehearsal, true) => " --rehearsal --ended",
    };
    let expect = expectation::argument(plan, mode);
    let unmount: String = take_out(settings).map(|line| format!("\n{line}")).collect();
    format!(
        "The bundle is at {bundle}\n{copies}\
         The report: {bundle}/report.html\n\
         To verify it: keymoot verify {quoted}{rehearsal}{expect}{unmount}"
    )
}

/// The label of each medium: which ceremony it holds, and the first words of the digest that
/// everybody noted. `None` without an export.
fn label(settings: &Settings, plan: &Plan, mode: Mode, chain: &Chain) -> Option<String> {
    let mut entries = chain.entries().iter().rev();
    let (day, manifest) = entries.find_map(|entry| match &entry.event {
        Event::Exported { manifest, .. } => Some((entry.time.date(), manifest)),
        _ => None,
    })?;
    let rehearsal = match mode {
        Mode::Live => "",
        Mode::Rehearsal => "REHEARSAL ",
    };
    let title = escape(&plan.script.script().title);
    let copies = match settings.copies.len() + 1 {
        1 => String::new(),
        many => format!("copy … of {many}, "),
    };
    let words = manifest.short_words();
    Some(format!(
        "Label for each medium: {rehearsal}{title}, {day}, {copies}MANIFEST.json {words}"
    ))
}

/// What people must know before they agree: of a live ceremony, the risks of the places of folder,
/// bundle and copies, which the transcript records when it checks the machine.
fn warnings(
    dir: &Path,
    settings: &Settings,
    surroundings: &Surroundings,
    mode: Mode,
) -> Vec<String> {
    let mut warnings = surroundings.warnings.clone();
    if mode == Mode::Live {
        let copies = settings.copies.iter().map(PathBuf::as_path);
        let places = [dir, &settings.out].into_iter().chain(copies);
        let media: Vec<_> = places.map(machine::medium).collect();
        let media: Vec<_> = media.iter().map(Option::as_ref).collect();
        warnings.extend(rules::machine::warnings(&media));
    }
    warnings
}

/// How each medium that a bundle is on can be taken out. Everything is on it already: unmounting
/// marks its file system as clean, and fails while something still uses it.
fn take_out(settings: &Settings) -> impl Iterator<Item = String> {
    let places = std::iter::once(&settings.out).chain(&settings.copies);
    let media = places.filter_map(|place| machine::medium(place));
    let media: BTreeMap<_, _> = media
        .filter(Medium::can_be_taken_out)
        .map(|medium| (medium.mounted_at.clone(), medium.in_words()))
        .collect();
    media.into_iter().map(|(at, medium)| {
        format!(
            "Before you take out {medium}: umount {}",
            quoted_path(Path::new(&at))
        )
    })
}

/// A live ceremony refuses to start where its devices may be simulated.
pub(crate) fn refuse_simulated_service(
    mode: Mode,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let refused = |fault: &str, next: &str| {
        Err(violation(Violation::new(
            Rule::MachineService,
            format!("{fault}: the devices may be simulated"),
            format!("{next} and start again; nothing was written"),
        )))
    };
    let variable = machine::SERVICE_VARIABLE;
    match mode {
        Mode::Live if std::env::var_os(variable).is_some() => {
            refused(&format!("{variable} is set"), &format!("unset {variable}"))
        }
        Mode::Live if surroundings.simulators.is_some() => {
            refused("--simulator is given", "leave it out")
        }
        _ => Ok(()),
    }
}
