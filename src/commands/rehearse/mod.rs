//! `keymoot rehearse`: the same program with simulated devices.

mod args;
mod devices;
mod plan;
mod story;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use super::{
    Failure, apart, arguments, dress, expect,
    inputs::{self, Sources},
    operate::{Manner, require_terminal},
    trial,
};
use crate::{
    host::clock,
    rehearsal::simulator,
    store::{self, Settings, SimulatorSettings, usual_connector},
};
use args::Brought;
pub(crate) use args::{ALL, Args};
use keymoot_attestation::TrustStore;
use keymoot_core::HostError;
use keymoot_record::{bundle::Bundle, ceremony::Plan, expectation, transcript::Mode};

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    args.sources.sets_are_there()?;
    by_plan_alone(args)?;
    if args.changes_devices() {
        simulator::understands(&args.firmware, &args.fault, &args.unit_fault)?;
    }
    if args.script == story::NAME {
        if !matches!(args.device(), Brought::Yubikey) {
            return Err(HostError::new(
                "the story needs YubiKeys",
                "leave --device out, or rehearse one script",
            )
            .into());
        }
        return story::run(args);
    }
    // Taken once: the default name of a folder contains the time.
    let (dir, outs) = places(args)?;
    let sources = Sources {
        previous: match &args.sources.previous {
            Some(previous) => Some(previous.clone()),
            None => apart::rehearsal::first(args, &dir)?,
        },
        ..args.sources.clone()
    };
    let bundle = sources.bundle(true, vendor)?;
    if let Some(bundle) = bundle.as_ref().filter(|_| args.sources.previous.is_some()) {
        args.fits(bundle)?;
    }
    let files = plan::files(args, bundle.as_ref())?;
    let seed = seed(args, bundle.as_ref())?;
    let files = plan::with_crates_root(files, args, seed)?;
    let files = plan::with_authorised(files, seed)?;
    let plan = Arc::new(Plan::check_named(files, &plan::names(args)).map_err(Failure::Violated)?);
    args.take_part(&handles_of(&plan))?;
    trial::try_plan(&plan, Mode::Rehearsal)?;
    let expect = args.sources.expect.as_deref();
    if expect.is_some() {
        expect::compare(&plan, Mode::Rehearsal, expect)?;
    }
    let mut outs = outs.into_iter();
    let settings = Settings {
        mode: Mode::Rehearsal,
        out: outs.next().unwrap_or_else(|| dir.join("bundle")),
        copies: outs.collect(),
        connector: args.connector.clone().unwrap_or_else(usual_connector),
        bags: inputs::bags(bundle.as_ref()),
        simulator: (!args.real_devices).then(|| devices::simulated(args, &plan, seed)),
    };
    let Some(simulated) = &settings.simulator else {
        let rehearsal = dress::Rehearsal {
            plan: &plan,
            dir: &dir,
            settings: &settings,
            seed,
        };
        return dress::rehearse(&rehearsal, Manner::of(args.plain), vendor);
    };
    if !args.unattended {
        require_terminal(Manner::of(args.plain))?;
    }
    store::plan::create(&dir, &plan, &settings, |dir| {
        store::rehearsal::create(dir, bundle.as_ref(), seed)
    })?;
    if args.apart.is_some() && args.unattended {
        let met = || expectation::met(&plan, Mode::Rehearsal);
        let expect = expect.or_else(met).unwrap_or(expectation::DEFAULT);
        let code = apart::rehearsal::hold(&dir, expect, args.ask_by_hand)?;
        return Ok(ExitCode::from(code));
    }
    enter(&dir, simulated, &[], Manner::of(args.plain))
}

/// `--apart` and `--absent` are for the unattended: people mark the holders at the roll call.
fn by_plan_alone(args: &Args) -> Result<(), HostError> {
    let named = match (&args.apart, args.absent.as_slice()) {
        _ if args.unattended => return Ok(()),
        (Some(_), _) => "--apart",
        (None, []) => return Ok(()),
        (None, _) => "--absent",
    };
    Err(HostError::new(
        format!("{named} has no effect without --unattended"),
        "add --unattended, or leave it out and mark the holders at the roll call: Space for one who is present; Space, Up, Space for one apart",
    ))
}

fn handles_of(plan: &Plan) -> Vec<String> {
    let places = plan.places().iter();
    places.map(|place| place.handle.to_string()).collect()
}

/// The seed: the one that is named, or that of the previous rehearsal, or a new one.
fn seed(args: &Args, bundle: Option<&Bundle>) -> Result<u64, HostError> {
    let kept = bundle.and_then(store::rehearsal::seed_of);
    args.seed.or(kept).map_or_else(random_seed, Ok)
}

/// The folder and the bundle: beside each other, unless named.
fn places(args: &Args) -> Result<(PathBuf, Vec<PathBuf>), Failure> {
    let (dir, out) = match (&args.dir, args.out.first()) {
        (Some(dir), Some(out)) => (dir.clone(), out.clone()),
        (Some(dir), None) => (dir.clone(), dir.join("bundle")),
        (None, Some(out)) => {
            let mut name = out.file_name().unwrap_or_default().to_owned();
            name.push(".ceremony");
            (out.with_file_name(name), out.clone())
        }
        (None, None) => {
            let stamp = clock::now()?.to_string().replace([':', '-'], "");
            let dir = PathBuf::from(format!("rehearsal-{stamp}"));
            (dir.clone(), dir.join("bundle"))
        }
    };
    let dir = arguments::absolute(&dir)?;
    let copies = args.out.iter().skip(1).cloned();
    let outs: Vec<_> = std::iter::once(out).chain(copies).collect();
    let outs = arguments::new_places(&outs, &dir)?;
    Ok((dir, outs))
}

fn random_seed() -> Result<u64, HostError> {
    let name = clock::ceremony_name()?;
    let digits = name.get(..12).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|error| {
        HostError::new(
            format!("no seed can be made: {error}"),
            "give one with --seed",
        )
    })
}

/// Starts the simulator and becomes the program under it: this process is replaced
/// by one that finds the simulated devices where it looks for real ones. The
/// simulator ends with it. The lock on the folder ends here, and is taken again there.
/// `outs` are new places for the bundle.
pub(crate) fn enter(
    dir: &Path,
    simulated: &SimulatorSettings,
    outs: &[PathBuf],
    manner: Manner,
) -> Result<ExitCode, Failure> {
    // A second process is refused before a second simulator has touched anything.
    let occupied = store::plan::open(dir)?;
    let running = simulator::start(dir, simulated)?;
    let mut arguments = vec![OsString::from("resume"), dir.into()];
    if let (Some(units), Some(connector)) = (&running.controls.units, &running.connector) {
        arguments.extend(["--unit-simulator".into(), units.into()]);
        arguments.extend(["--connector".into(), connector.into()]);
    }
    for out in outs {
        arguments.extend(["--out".into(), out.into()]);
    }
    arguments.extend(manner.argument().map(OsString::from));
    drop(occupied);
    Err(running.become_program(&arguments).into())
}
