//! `keymoot rehearse`: the same program with simulated devices.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    host::clock,
    rehearsal::{
        cast::{self, Cast},
        simulator, team,
    },
    store::{self, Settings, SimulatorSettings, plan::LARGEST_PLAN, usual_connector},
};
use keymoot_attestation::{Family, TrustStore};
use keymoot_core::{
    HostError,
    text::{escape, escape_path},
};
use keymoot_record::{
    bundle::Bundle,
    ceremony::{
        FileNames, Plan, PlanFiles,
        authorised::TARGETS,
        previous::{AUTHORISED, INCOMING, PREVIOUS, Previous},
        script::{CheckedScript, Document},
    },
    expectation,
    rules::policy::{AuthorisedKind, Policy},
    transcript::Mode,
};

use super::{
    Failure, apart, arguments, conduct, dress, expect,
    inputs::{self, Sources},
    operate::{Manner, require_terminal},
    script, story, trial,
};

/// Rehearse a ceremony with simulated devices
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A script: a name in ceremony-scripts/ or a path; or `story`, for one of every
    /// occasion after the other
    #[arg(default_value = "initial-root")]
    pub(super) script: String,
    /// Hold a dress rehearsal: real devices, the real smart card service and the real vendor's
    /// keys. Needs a roster
    #[arg(long, requires = "roster", conflicts_with_all = ["unattended", "fault", "unit_fault", "spares"])]
    real_devices: bool,
    /// Where the YubiHSM 2s are, with --real-devices: `usb`, or address and port of a connector
    #[arg(long, value_name = "PLACE", value_parser = arguments::named_place, requires = "real_devices")]
    connector: Option<String>,
    /// How many simulated holders take part
    #[arg(long, value_name = "N", default_value_t = 9)]
    pub(super) holders: usize,
    /// The devices of the holders
    #[arg(long, value_enum, default_value_t = Brought::Yubikey)]
    device: Brought,
    /// Firmware of the devices; of several, each device gets the next one
    #[arg(long, value_name = "VERSION", default_value = "5.7.4")]
    firmware: String,
    /// Make serial numbers, keys and the unattended holders' PINs repeatable
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Answer every question from a plan and print what happens
    #[arg(long)]
    pub(super) unattended: bool,
    /// Let the devices fail, in the words of `hsm-sim yubikey --help`
    #[arg(long, value_name = "PLAN", default_value = "")]
    fault: String,
    /// Let the YubiHSM 2s fail, in the words of `hsm-sim yubihsm --help`
    #[arg(long, value_name = "PLAN", default_value = "")]
    unit_fault: String,
    /// A roster of your own instead of simulated holders
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    /// A policy of your own instead of the shipped one
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) sources: Sources,
    /// How many of the unattended holders make a key in a spare device too
    #[arg(long, value_name = "N", default_value_t = 0)]
    spares: usize,
    /// Let unattended holders take part apart: all of them, or these, by handle
    #[arg(long, value_name = "HANDLES", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub(super) apart: Option<String>,
    /// Leave when holders apart must answer, to ask them with `keymoot request` by hand
    #[arg(long, requires = "apart")]
    ask_by_hand: bool,
    /// Unattended holders who do not come, by handle, separated by commas
    #[arg(long, value_name = "HANDLES", value_delimiter = ',')]
    absent: Vec<String>,
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Hold it as numbered lines and questions, for a serial console or a screen reader
    #[arg(long)]
    plain: bool,
    /// Where to write the bundle. Once for each copy
    #[arg(long, value_name = "BUNDLE")]
    pub(super) out: Vec<PathBuf>,
}

/// The families of devices that can be simulated.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Brought {
    /// YubiKeys
    Yubikey,
    /// YubiHSM 2 units
    Yubihsm,
    /// YubiKeys on the odd seats, YubiHSM 2s on the even ones
    Mixed,
}

impl Brought {
    /// The family of a seat's device, from 1.
    fn on_seat(self, number: usize) -> Family {
        match self {
            Self::Yubikey => Family::YubiKey,
            Self::Yubihsm => Family::YubiHsm,
            Self::Mixed if number.is_multiple_of(2) => Family::YubiHsm,
            Self::Mixed => Family::YubiKey,
        }
    }
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    if args.script == story::NAME {
        if !matches!(args.device, Brought::Yubikey) {
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
    let files = plan_files(args, bundle.as_ref())?;
    let seed = seed(args, bundle.as_ref())?;
    let files = with_crates_root(files, args, seed)?;
    let files = with_authorised(files, seed)?;
    let plan = Arc::new(Plan::check_named(files, &names(args)).map_err(Failure::Violated)?);
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
        simulator: (!args.real_devices).then(|| simulated(args, &plan, seed)),
    };
    if args.real_devices {
        let rehearsal = dress::Rehearsal {
            plan: &plan,
            dir: &dir,
            settings: &settings,
            seed,
        };
        return dress::rehearse(&rehearsal, Manner::of(args.plain), vendor);
    }
    if !args.unattended {
        require_terminal(Manner::of(args.plain))?;
    }
    store::plan::create(&dir, &plan, &settings, |dir| {
        store::rehearsal::create(dir, bundle.as_ref(), seed)
    })?;
    if args.apart.is_some() && args.unattended {
        let met = || conduct::met(&plan, Mode::Rehearsal);
        let expect = expect.or_else(met).unwrap_or(expectation::DEFAULT);
        let code = apart::rehearsal::hold(&dir, expect, args.ask_by_hand)?;
        return Ok(ExitCode::from(code));
    }
    enter(&dir, &settings, &[], Manner::of(args.plain))
}

/// The simulated devices of a plan.
fn simulated(args: &Args, plan: &Plan, seed: u64) -> SimulatorSettings {
    let seats = seats(plan);
    let of = |family| {
        let seated = seats.iter().filter(|seat| **seat == family).count();
        seated.max(devices(plan, family))
    };
    let (yubikeys, units) = (of(Family::YubiKey), of(Family::YubiHsm));
    SimulatorSettings {
        count: yubikeys + args.spares,
        units: if units > 0 { units + args.spares } else { 0 },
        seats: if units > 0 { seats } else { Vec::new() },
        firmware: args.firmware.clone(),
        seed,
        unattended: args.unattended,
        spares: args.spares,
        apart: apart::rehearsal::handles(args.apart.as_deref(), plan),
        absent: args.absent.clone(),
        fault: args.fault.clone(),
        unit_fault: args.unit_fault.clone(),
    }
}

/// The names of the plan's files in errors.
fn names(args: &Args) -> FileNames {
    let usual = FileNames::default();
    let path = |given: &Option<PathBuf>| given.as_deref().map(escape_path);
    FileNames {
        script: escape(&args.script),
        policy: path(&args.policy).unwrap_or(usual.policy),
        roster: path(&args.roster).unwrap_or(usual.roster),
    }
}

/// How many devices of a family there are: those that earlier ceremonies enrolled, stolen ones
/// among them, and one for each key that is made here.
fn devices(plan: &Plan, family: Family) -> usize {
    let published = plan
        .previous()
        .map(Previous::enrolments)
        .unwrap_or_default();
    let enrolled = published.iter().filter(|p| p.enrolment.family == family);
    let makes = plan.places().iter().filter(|place| {
        let holder = plan.roster.holder(&place.handle);
        let has_key = place.current.is_some() || place.renamed.is_some();
        !has_key && holder.is_some_and(|holder| holder.family == family)
    });
    enrolled.count() + makes.count()
}

/// The family of each seat's device, in this ceremony or an earlier one.
fn seats(plan: &Plan) -> Vec<Family> {
    let family = |place: &keymoot_record::ceremony::seating::Place| {
        let enrolled = place.current.iter().chain(&place.outgoing).next();
        match plan.roster.holder(&place.handle) {
            Some(holder) => holder.family,
            None => enrolled.map(|e| e.family).unwrap_or_default(),
        }
    };
    plan.places().iter().map(family).collect()
}

/// Script, policy, roster and inputs: those that are named, or else those of the
/// previous bundle, or else the shipped script and policy and simulated people.
fn plan_files(args: &Args, bundle: Option<&Bundle>) -> Result<PlanFiles, Failure> {
    let read = |path: &Path| keymoot_verify::files::read_text(path, LARGEST_PLAN);
    let kept = |name: &str| {
        let bytes = bundle?.files().get(name)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let policy = match (&args.policy, kept("policy.toml")) {
        (Some(path), _) => read(path)?,
        (None, Some(policy)) => policy,
        (None, None) => cast::with_online_key(script::POLICY)? + &cast::delegations()?,
    };
    let roster = match (&args.roster, kept("roster.toml")) {
        (Some(path), _) => read(path)?,
        (None, Some(roster)) => roster,
        (None, None) => Cast::bringing(args.holders, |seat| args.device.on_seat(seat)).roster(),
    };
    Ok(PlanFiles {
        script: script::find(&args.script)?,
        inputs: args.sources.read(bundle)?,
        policy,
        roster,
    })
}

/// If the script needs a root of tuf-crates and the user names none, the simulated
/// team gives its next one.
fn with_crates_root(mut files: PlanFiles, args: &Args, seed: u64) -> Result<PlanFiles, Failure> {
    let script = CheckedScript::parse(&files.script);
    let has_crates = Policy::parse(&files.policy).is_ok_and(|policy| policy.tuf_crates);
    let wanted = script.is_ok_and(|script| {
        has_crates
            && script.script().scenario.brings_crates_root()
            && script
                .steps()
                .any(|(_, step)| step.documents.contains(&Document::Crates))
    });
    if wanted && args.sources.crates_root.is_empty() {
        let dialect = inputs::dialect(&files.policy);
        let previous = Previous::read(&files.inputs, dialect).unwrap_or_default();
        let last = previous
            .as_ref()
            .and_then(|previous| previous.crates_roots().last())
            .map_or(0, |root| root.root().version);
        let root = team::root(seed, last + 1, clock::now()?, dialect)?;
        files
            .inputs
            .insert(format!("{INCOMING}/{}.root.json", last + 1), root);
    }
    Ok(files)
}

/// keymoot simulates files that the policy has the quorum sign, if neither user nor previous
/// state has them.
fn with_authorised(mut files: PlanFiles, seed: u64) -> Result<PlanFiles, Failure> {
    let Ok(policy) = Policy::parse(&files.policy) else {
        return Ok(files);
    };
    for file in &policy.authorised {
        let given = format!("{AUTHORISED}/{}", file.path);
        let kept = format!("{PREVIOUS}/tuf-root/{TARGETS}/{}", file.path);
        if files.inputs.contains_key(&given) || files.inputs.contains_key(&kept) {
            continue;
        }
        let bytes = match file.kind {
            AuthorisedKind::TufRoot => team::root(seed, 1, clock::now()?, policy.dialect)?,
            AuthorisedKind::PublicKey => cast::nobodys_key()?.into_bytes(),
            AuthorisedKind::File => format!("{} (simulated)\n", file.path).into_bytes(),
        };
        files.inputs.insert(given, bytes);
    }
    Ok(files)
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
    settings: &Settings,
    outs: &[PathBuf],
    manner: Manner,
) -> Result<ExitCode, Failure> {
    let Some(simulated) = &settings.simulator else {
        return Err(HostError::new("this is no rehearsal", "resume it without a simulator").into());
    };
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
