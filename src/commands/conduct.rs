//! Conducting a ceremony in its folder, from its first event or on from its last.
//!
//! `run`, `rehearse` and `resume` all end here.

use keymoot_verify::say;
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    device::yubihsm::Place,
    driver::{Attachments, Driver, Operator, Outcome, World},
    host::{
        clock,
        folder::{self, Folder},
        journal::Journal,
        lock::Occupant,
        machine,
        program::Measuring,
    },
    rehearsal::{
        SEED, Settings,
        hands::{Hands, Simulators},
        room::SimulatedRoom,
        settings::SimulatorSettings,
        simulator,
        unattended::Unattended,
    },
    tui::{self, Room},
};
use keymoot_attestation::{Manifest, TrustStore};
use keymoot_core::{HostError, Rule, Verdict, Violation, digest::Digest, text::escape_path};
use keymoot_record::{
    bundle,
    ceremony::{Plan, PlanFiles, State},
    expectation::{self, ExpectationSet},
    rules::{policy::Policy, roster::Roster},
    transcript::{self, Event, Mode, Program},
};
use keymoot_tuf::Dialect;

use super::Failure;

/// How the ceremony is shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// On the whole screen.
    Screens,
    /// As numbered lines and questions.
    Lines,
}

impl Manner {
    /// By the flag `--plain`.
    pub(crate) fn of(plain: bool) -> Self {
        if plain { Self::Lines } else { Self::Screens }
    }

    /// The flag again.
    pub(crate) fn argument(self) -> Option<&'static str> {
        (self == Self::Lines).then_some("--plain")
    }
}

/// The largest script, policy or roster, in bytes.
pub(crate) const LARGEST_PLAN: u64 = 1 << 20;

const ROSTER: &str = "roster.toml";

/// Makes a ceremony's folder with its plan and its settings, and what `more` puts into
/// it. It stands at its place with all of that or not at all.
pub(crate) fn prepare(
    dir: &Path,
    plan: &Plan,
    settings: &Settings,
    more: impl FnOnce(&Path) -> Result<(), HostError>,
) -> Result<(), Failure> {
    if settings.out.exists() {
        return Err(HostError::new(
            format!("{} exists already", escape_path(&settings.out)),
            "name a bundle that does not exist yet with --out",
        )
        .into());
    }
    let PlanFiles {
        script,
        policy,
        roster,
        inputs,
    } = &plan.files;
    Folder::create(dir, |dir| {
        for (name, text) in [
            ("script.toml", script),
            ("policy.toml", policy),
            (ROSTER, roster),
        ] {
            folder::write_durably(&dir.join(name), text.as_bytes())?;
        }
        super::inputs::keep(dir, inputs)?;
        settings.write(dir)?;
        more(dir)
    })?;
    Ok(())
}

/// The absolute path of a place where a bundle can be written.
///
/// # Errors
/// [`HostError`] when something is there already, or when the folder around it does not
/// exist or is not writable.
pub(crate) fn new_place(out: &Path) -> Result<PathBuf, HostError> {
    let out = absolute(out)?;
    // access(2) would not do: root has every permission, also on a file system that
    // takes no folders.
    std::fs::create_dir(&out)
        .and_then(|()| std::fs::remove_dir(&out))
        .map_err(|error| {
            HostError::new(
                format!("no bundle can be written to {}: {error}", escape_path(&out)),
                "with --out, name a bundle that does not exist yet, in a folder that exists and is writable",
            )
        })?;
    Ok(out)
}

/// Opens a ceremony's folder for this process alone, in the name of the administrator
/// whom the roster names.
pub(crate) fn occupy(dir: &Path) -> Result<Folder, Failure> {
    Folder::look(dir)?;
    let roster = keymoot_verify::files::read_text(&dir.join(ROSTER), LARGEST_PLAN)?;
    let roster = Roster::parse(&roster).map_err(Failure::violations)?;
    Ok(Folder::open(dir, &Occupant::new(&roster.administrator)?)?)
}

/// The mode in which the ceremony in a folder was opened; before that, the one in which it is to be.
///
/// # Errors
/// TRANSCRIPT-SETTINGS when the settings say another.
pub(crate) fn opened_as(dir: &Path, settings: &Settings) -> Result<Mode, Failure> {
    let chain = Journal::look(dir)?;
    match chain.entries().first().map(|entry| &entry.event) {
        Some(Event::Opened { mode, .. }) => {
            let checked = settings.check_mode(*mode).map(|()| *mode);
            checked.map_err(|violation| Failure::violations(vec![violation]))
        }
        _ => Ok(settings.mode),
    }
}

/// What a process is told of its surroundings.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The control sockets of the simulators whose devices this process sees.
    pub simulators: Option<Simulators>,
    /// Where YubiHSM 2 units are, if not where the settings say.
    pub connector: Option<Place>,
    /// Where the bundle is to be written from now on, by [`new_place`].
    pub out: Option<PathBuf>,
}

/// Goes on with the ceremony in a folder. Whether it is live, its transcript says; then devices
/// count by the keys of `vendor`.
pub(crate) fn conduct(
    dir: &Path,
    surroundings: &Surroundings,
    manner: Manner,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let measuring = Measuring::begin();
    machine::protect();
    let folder = occupy(dir)?;
    let settings = Settings::read(dir)?;
    let plan = Arc::new(read_plan(dir)?);
    let (mut journal, cut) = Journal::open(dir)?;
    let mut state = State::fold(Arc::clone(&plan), journal.chain()).map_err(|illegal| {
        HostError::new(
            illegal.to_string(),
            "stop: the folder's transcript and plan do not belong together. Find out who changed them",
        )
    })?;
    let changed = surroundings.out.as_ref().map(|out| Settings {
        out: out.clone(),
        ..settings.clone()
    });
    let mode = match &state.opening {
        None => settings.mode,
        Some(opening) => {
            // A crash can fall between recording another place for the bundle and writing it.
            let recorded = [Some(&settings), changed.as_ref()].into_iter().flatten();
            let mut checked = recorded.map(|settings| settings.check(opening));
            if let (Some(Err(violation)), None) = (checked.next(), checked.find(Result::is_ok)) {
                return Err(Failure::violations(vec![violation]));
            }
            opening.mode
        }
    };
    refuse_simulated_service(mode, surroundings)?;
    if state.is_finished() {
        if surroundings.out.is_some() {
            return Err(HostError::new(
                format!(
                    "the ceremony is finished, and its bundle was written to {}",
                    escape_path(&settings.out)
                ),
                "copy the bundle from there",
            )
            .into());
        }
        say!(
            "The ceremony in {} is finished. Its bundle: {}",
            escape_path(dir),
            escape_path(&settings.out)
        );
        return Ok(ExitCode::SUCCESS);
    }
    let settings = changed.as_ref().unwrap_or(&settings);
    let (program, bill) = bundle::this_program(measuring.digest()?);
    let first = match state.opening {
        None => opened(&plan, settings, program)?,
        Some(_) => Event::Resumed {
            cut,
            another: state.is_another(&program),
            program: Box::new(program),
            settings: recorded(changed.as_ref())?,
        },
    };
    let trust = match mode {
        Mode::Live => vendor.clone(),
        Mode::Rehearsal => read_vendor(&dir.join(simulator::FOLDER).join("vendor"))?,
    };
    if matches!(first, Event::Resumed { another: true, .. }) {
        verify_so_far(&state, &journal, &trust, &folder)?;
    }
    folder.keep(&bill)?;
    let drafted = journal.draft(first, clock::now()?)?;
    state.apply(&drafted.0).map_err(|illegal| {
        HostError::new(
            illegal.to_string(),
            "stop: the folder was changed. Find out who changed it",
        )
    })?;
    journal.append(drafted)?;
    if let Some(changed) = &changed {
        changed.write(dir)?;
    }

    let out = settings.out.clone();
    let connector = match surroundings.connector {
        Some(connector) => connector,
        None => place(&settings.connector).map_err(|why| {
            HostError::new(why, "restore settings.json from a copy of the folder")
        })?,
    };
    let world = World {
        folder,
        journal,
        trust,
        out: out.clone(),
        connector,
        attachments: Box::new(move || attachments(dir, mode)),
    };
    let outcome = operate(
        world,
        state,
        settings.simulator.as_ref(),
        surroundings.simulators.as_ref(),
        manner,
    )?;
    Ok(match outcome {
        Outcome::Finished => {
            say!("{}", what_now(&out, &plan, mode));
            ExitCode::SUCCESS
        }
        Outcome::Left => {
            say!("Left. To go on: keymoot resume {}", escape_path(dir));
            ExitCode::from(4)
        }
    })
}

/// A program that takes over a ceremony verifies the whole record before it asks anybody anything
/// and before it records that it took over: resumed once more, it verifies again.
fn verify_so_far(
    state: &State,
    journal: &Journal,
    trust: &TrustStore,
    folder: &Folder,
) -> Result<(), Failure> {
    let object = |digest: &Digest| {
        let kept = folder.kept(digest).ok();
        kept.or_else(|| state.plan.object(digest))
    };
    let mut verdicts = bundle::so_far(state, journal.chain(), trust, &object);
    verdicts.retain(Verdict::is_violated);
    match verdicts.is_empty() {
        true => Ok(()),
        false => Err(Failure::Violated(verdicts)),
    }
}

/// Where the bundle is, and the commands that read and verify it.
fn what_now(out: &Path, plan: &Plan, mode: Mode) -> String {
    let bundle = escape_path(out);
    let rehearsal = match mode {
        Mode::Live => "",
        Mode::Rehearsal => " --rehearsal",
    };
    let meets = |name: &str| {
        ExpectationSet::shipped(name).is_some_and(|set| {
            let verdicts = expectation::compare(plan, mode, &set);
            !verdicts.iter().any(Verdict::is_violated)
        })
    };
    let expect = match ExpectationSet::names().find(|name| meets(name)) {
        Some(expectation::DEFAULT) => String::new(),
        Some(name) => format!(" --expect {name}"),
        None => " --expect FILE".to_owned(),
    };
    format!(
        "The bundle is at {bundle}\n\
         To read what happened: {bundle}/report.html\n\
         To verify it: keymoot verify {bundle}{rehearsal}{expect}"
    )
}

fn operate(
    world: World<'_>,
    state: State,
    simulator: Option<&SimulatorSettings>,
    simulators: Option<&Simulators>,
    manner: Manner,
) -> Result<Outcome, Failure> {
    let unreachable = |error: std::io::Error| {
        HostError::new(
            format!("the simulator cannot be reached: {error}"),
            "resume the rehearsal",
        )
    };
    let mode = state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    let title = state.plan.script.script().title.clone();
    let program = state.program().cloned();
    let drive = |operator: &mut dyn Operator| Driver::new(world, state, operator).run();
    if let (Some(settings), Some(simulators)) = (simulator, simulators)
        && settings.unattended
    {
        if let Some(program) = program {
            say!("{}", super::version::in_words(&program));
        }
        let hands = || Hands::reach(simulators, &settings.seats).map_err(unreachable);
        let mut operator = Unattended::new(hands()?, hands()?, settings.seed, settings.spares)
            .map_err(unreachable)?;
        return Ok(drive(&mut operator)?);
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(HostError::new(
            "there is no terminal to show the ceremony on",
            "start it in a terminal; a rehearsal can also be held with --unattended",
        )
        .into());
    }
    let room = match (simulators, simulator) {
        (Some(simulators), Some(settings)) => {
            let room = SimulatedRoom::reach(simulators, &settings.seats).map_err(unreachable)?;
            Some(Box::new(room) as Box<dyn Room>)
        }
        _ => None,
    };
    let shown = match manner {
        Manner::Screens => tui::run(mode, &title, room, drive),
        Manner::Lines => tui::run_plain(mode, &title, room, drive),
    };
    shown
        .map_err(|error| {
            HostError::new(
                format!("the terminal failed: {error}"),
                "resume in another terminal",
            )
        })?
        .map_err(Failure::from)
}

/// The dialect that a policy names. One that cannot be read names none: the plan says
/// so, together with everything else that is wrong.
pub(crate) fn dialect(policy: &str) -> Dialect {
    Policy::parse(policy).map_or(Dialect::TufOnCi, |policy| policy.dialect)
}

/// A live ceremony refuses to start where its devices may be simulated.
pub(crate) fn refuse_simulated_service(
    mode: Mode,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let refused = |fault: &str, next: &str| {
        let violation = Violation::new(
            Rule::MachineService,
            format!("{fault}: the devices may be simulated"),
            format!("{next} and start again; nothing was written"),
        );
        Err(Failure::violations(vec![violation]))
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

fn opened(plan: &Plan, settings: &Settings, program: Program) -> Result<Event, HostError> {
    let [script, policy, roster] = plan.files.digests();
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
        verdicts: plan.verdicts().to_vec(),
    })
}

/// What the transcript records of settings: of a live ceremony's, the digest.
fn recorded(settings: Option<&Settings>) -> Result<Option<Digest>, HostError> {
    let live = settings.filter(|settings| settings.mode == Mode::Live);
    live.map(Settings::digest).transpose()
}

fn read_plan(dir: &Path) -> Result<Plan, Failure> {
    let read = |name: &str| keymoot_verify::files::read_text(&dir.join(name), LARGEST_PLAN);
    let files = PlanFiles {
        script: read("script.toml")?,
        policy: read("policy.toml")?,
        roster: read(ROSTER)?,
        inputs: super::inputs::kept(dir)?,
    };
    Plan::check(files).map_err(Failure::Violated)
}

/// The trust store of a simulated vendor, from a folder like `attestations/`.
fn read_vendor(vendor: &Path) -> Result<TrustStore, Failure> {
    let text = keymoot_verify::files::read_text(&vendor.join("vendor.toml"), LARGEST_PLAN)?;
    let manifest =
        Manifest::parse(&text).map_err(|violation| Failure::violations(vec![violation]))?;
    let contents: Result<Vec<_>, _> = manifest
        .files()
        .map(|file| keymoot_verify::files::read_bounded(&vendor.join(file), LARGEST_PLAN))
        .collect();
    manifest.store(&contents?).map_err(Failure::violations)
}

/// What the bundle carries besides: in a rehearsal, its devices and their vendor.
fn attachments(dir: &Path, mode: Mode) -> Result<Attachments, HostError> {
    let mut found = Attachments::new();
    if mode == Mode::Rehearsal {
        let rehearsal = dir.join(simulator::FOLDER);
        let mut paths = vec![rehearsal.join(simulator::DEVICES), rehearsal.join(SEED)];
        paths.extend(Some(rehearsal.join(simulator::UNITS)).filter(|units| units.exists()));
        let vendor = rehearsal.join("vendor");
        let listed = std::fs::read_dir(&vendor)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| HostError::file("list", &vendor, &error))?;
        paths.extend(listed.into_iter().map(|entry| entry.path()));
        for path in paths {
            let name = path
                .strip_prefix(dir)
                .unwrap_or(&path)
                .display()
                .to_string();
            found.insert(name, keymoot_verify::files::read_bounded(&path, 16 << 20)?);
        }
    }
    Ok(found)
}

/// Where YubiHSM 2 units are, as people write it: a connector's address and port on
/// this machine, with or without `http://`, or `usb`.
///
/// # Errors
/// In words, when it is none.
pub(crate) fn place(text: &str) -> Result<Place, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    bare.trim_end_matches('/')
        .parse()
        .map_err(|error: crate::device::DeviceError| format!("{error}. {}", error.next_step()))
}

/// The same, checked and kept as it was written.
///
/// # Errors
/// As [`place`].
pub(crate) fn named_place(text: &str) -> Result<String, String> {
    place(text).map(|_| text.to_owned())
}

/// The absolute path of something that need not exist yet.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, HostError> {
    std::path::absolute(path).map_err(|error| HostError::file("find", path, &error))
}
