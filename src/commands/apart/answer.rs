//! `keymoot answer`: a holder's turn away from the table.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::event;
use crate::{
    apart::UNTAKEN,
    commands::{
        Failure, arguments,
        conduct::{self, Surroundings},
        operate::{Manner, operate},
    },
    driver::{self, Outcome, World},
    host::{machine, program::Measuring, whole},
    rehearsal::{hands::Simulators, simulator},
    store::{self, Settings, SimulatorSettings, usual_connector},
};
use keymoot_attestation::TrustStore;
use keymoot_core::{HostError, Verdict, digest::Digest, text::escape_path};
use keymoot_record::{
    apart::{
        Answer, Opened,
        answer::{LARGEST, Says},
        armour, open, request,
    },
    bundle::{self, Expectations, ExpectedFiles},
    expectation::{self, ExpectationSet},
    rules::roster::Handle,
    transcript::{Event, Mode},
};
use keymoot_verify::{
    bundle::expectations,
    files::{LARGEST_ROOT, read_bounded, read_root},
    say,
};

/// Answer a request, away from the table
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The request, as `keymoot request` wrote it
    #[arg(required_unless_present = "tree", conflicts_with = "tree")]
    request: Option<PathBuf>,
    #[command(flatten)]
    event: event::EventArgs,
    /// Where to write the answer; with --tree, the receipt
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Who answers, by handle, where several are asked
    #[arg(long = "as", value_name = "HANDLE")]
    pub(super) holder: Option<String>,
    /// A root that you already trust: the ceremony must start from it, or from one that follows from it
    #[arg(long, value_name = "FILE")]
    pub(super) trusted_root: Option<PathBuf>,
    /// The expectations for the ceremony, as in `keymoot verify`; rfc-3724 if not given. With
    /// --tree, the repository and the device; nothing if not given
    #[arg(long, value_name = "SET")]
    pub(super) expect: Option<String>,
    /// The policy must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    policy: Option<String>,
    /// The script must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    script: Option<String>,
    /// The roster must be this one: a file, or its SHA-256
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
    roster: Option<String>,
    /// Decline, for this reason; no device is needed
    #[arg(long, value_name = "REASON", conflicts_with = "tree")]
    decline: Option<String>,
    /// The new folder of this turn; default: beside the answer
    #[arg(long, value_name = "DIR", conflicts_with = "tree")]
    dir: Option<PathBuf>,
    /// The request is from a rehearsal; with --tree, the devices are simulated
    #[arg(long)]
    pub(super) rehearsal: bool,
    /// In a rehearsal: the folder of the ceremony whose simulated devices the holder has
    #[arg(long, value_name = "DIR", requires = "rehearsal")]
    pub(super) devices: Option<PathBuf>,
    /// In a rehearsal: answer every question from a plan
    #[arg(long, requires = "devices")]
    pub(super) unattended: bool,
    /// Hold it as numbered lines and questions, for a serial console or a screen reader
    #[arg(long)]
    pub(super) plain: bool,
    /// The control socket of the simulator under which this process runs
    #[arg(long, hide = true)]
    pub(super) simulator: Option<PathBuf>,
}

/// Exit codes: 0 answered, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let measuring = Measuring::begin();
    let Some(path) = &args.request else {
        return event::run(args, &args.event, measuring, vendor);
    };
    let bytes = read_bounded(path, request::LARGEST as u64)?;
    let expected = expected(args)?;
    let opened = sound(open(&bytes, &expected, vendor))?;
    let holder = who(&opened, args.holder.as_deref())?;
    let out = arguments::absolute(&args.out)?;
    if let Some(reason) = &args.decline {
        return decline(&opened, holder, reason, &out);
    }
    let mode = opened
        .state
        .opening
        .as_ref()
        .map_or(Mode::Live, |opening| opening.mode);
    let (surroundings, simulator) = devices(args, mode)?;
    machine::protect();
    let dir = match &args.dir {
        Some(dir) => arguments::absolute(dir)?,
        None => store::turn::beside(&out),
    };
    let mut turn = store::turn::open(&dir, &opened, &bytes, &holder)?;
    if !turn.state.apart.as_ref().is_some_and(|apart| apart.done) {
        let (program, bill) = bundle::this_program(measuring.digest()?);
        turn.folder.keep(&bill)?;
        let event = match &turn.state.apart {
            None => Event::AnswerBegun {
                holder: holder.to_string(),
                request: opened.digest,
                program: Box::new(program),
                expected: args.expect().to_owned(),
                trusted_root: expected.trusted_root.as_deref().map(Digest::of),
            },
            Some(_) => Event::Resumed {
                cut: turn.cut,
                another: turn.state.is_another(&program),
                program: Box::new(program),
                settings: None,
            },
        };
        turn.state = driver::record(&mut turn.journal, &turn.state, event)?;
    }
    let connector = arguments::place(&usual_connector());
    let world = World {
        folder: turn.folder,
        journal: turn.journal,
        trust: opened.trust.clone(),
        out: out.clone(),
        copies: Vec::new(),
        connector: connector.map_err(|why| HostError::new(why, "try again"))?,
        attachments: Box::new(|| Ok(bundle::Files::new())),
    };
    let outcome = operate(
        world,
        turn.state,
        simulator.as_ref(),
        surroundings.simulators.as_ref(),
        Manner::of(args.plain),
    )?;
    Ok(match outcome {
        Outcome::Finished => {
            let text = as_text(&out)?;
            say!(
                "The answer is in {}, and as text for a mail in {}. Send one of them back.",
                escape_path(&out),
                escape_path(&text)
            );
            ExitCode::SUCCESS
        }
        Outcome::Left => {
            say!("Left. To continue: the same command again.");
            ExitCode::from(4)
        }
    })
}

fn expected(args: &Args) -> Result<Expectations, Failure> {
    let file = |named: &Option<String>| {
        named
            .as_deref()
            .map(keymoot_verify::bundle::digest_of)
            .transpose()
    };
    let set: ExpectationSet = expectations(args.expect())?;
    let root = args.trusted_root.as_deref();
    Ok(Expectations {
        rehearsal: args.rehearsal,
        trusted_root: root.map(|path| read_root(path, LARGEST_ROOT)).transpose()?,
        plan: Some(set),
        files: ExpectedFiles {
            script: file(&args.script)?,
            policy: file(&args.policy)?,
            roster: file(&args.roster)?,
        },
        ..Expectations::default()
    })
}

/// What was opened, if no rule is violated.
pub(super) fn sound<T>((opened, mut verdicts): (Option<T>, Vec<Verdict>)) -> Result<T, Failure> {
    verdicts.retain(Verdict::is_violated);
    match opened {
        Some(opened) if verdicts.is_empty() => Ok(opened),
        _ => Err(Failure::Violated(verdicts)),
    }
}

/// The holder who answers: the one who is asked, or the one of several who is named.
fn who(opened: &Opened, named: Option<&str>) -> Result<Handle, HostError> {
    let asked = &opened.request.asks.to;
    match (named, asked.as_slice()) {
        (Some(name), _) => asked.iter().find(|holder| holder.as_str() == name).cloned(),
        (None, [one]) => Some(one.clone()),
        (None, _) => None,
    }
    .ok_or_else(|| {
        HostError::new(
            format!("the request asks {}", Handle::list(asked)),
            "say who you are with --as HANDLE",
        )
    })
}

/// Writes the text form of the answer beside it.
fn as_text(out: &Path) -> Result<PathBuf, HostError> {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".txt");
    let text = out.with_file_name(name);
    let answer = read_bounded(out, LARGEST as u64)?;
    whole::publish_once(
        &text,
        armour::text(&answer).as_bytes(),
        "move it away; the answer itself is written, and the same command writes its text",
    )?;
    Ok(text)
}

/// A refusal carries no signature: `collect` shows that nothing proves who wrote it.
fn decline(opened: &Opened, holder: Handle, reason: &str, out: &Path) -> Result<ExitCode, Failure> {
    let says = Says::Declines {
        declined: keymoot_core::text::escape(reason),
    };
    let answer = Answer::new(
        opened.request.asks.ceremony.clone(),
        holder,
        opened.digest,
        says,
    );
    let unfit = |why: String| {
        HostError::new(
            format!("the answer cannot be written: {why}"),
            "give a shorter reason",
        )
    };
    let bytes = answer.bytes().map_err(unfit)?;
    Answer::read(&bytes).map_err(|violation| unfit(violation.what))?;
    whole::publish_once(out, &bytes, UNTAKEN)?;
    say!(
        "You decline. Send {} back; tell the administrator also over another channel.\n\
         The request's digest, in words:\n{}",
        escape_path(out),
        opened.digest.in_words()
    );
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// The set of expectations of a request.
    pub(super) fn expect(&self) -> &str {
        self.expect.as_deref().unwrap_or(expectation::DEFAULT)
    }
}

/// Finds the holder's devices. A rehearsal's simulator is started, and this process becomes the
/// same command under it.
pub(super) fn devices(
    args: &Args,
    mode: Mode,
) -> Result<(Surroundings, Option<SimulatorSettings>), Failure> {
    let surroundings = Surroundings {
        simulators: args.simulator.clone().map(|yubikeys| Simulators {
            yubikeys,
            units: None,
        }),
        ..Surroundings::default()
    };
    conduct::refuse_simulated_service(mode, &surroundings)?;
    let simulator = match (mode, &args.devices) {
        (Mode::Live, _) => None,
        (Mode::Rehearsal, Some(devices)) => Some(simulated(devices, args.unattended)?),
        (Mode::Rehearsal, None) => {
            return Err(HostError::new(
                "a rehearsal needs its simulated devices",
                "add --devices DIR, the folder of the rehearsal",
            )
            .into());
        }
    };
    match (&simulator, &args.devices, &args.simulator) {
        (Some(settings), Some(devices), None) => Err(enter(devices, settings)?.into()),
        _ => Ok((surroundings, simulator)),
    }
}

/// The simulator of a rehearsal, as its ceremony starts it.
fn simulated(devices: &Path, unattended: bool) -> Result<SimulatorSettings, HostError> {
    let settings = Settings::read(devices)?.simulator;
    let settings = settings.ok_or_else(|| {
        HostError::new(
            format!("{} is no rehearsal", escape_path(devices)),
            "name the folder of a rehearsal with --devices",
        )
    })?;
    Ok(SimulatorSettings {
        unattended,
        units: 0,
        ..settings
    })
}

/// Starts the simulator and becomes the same command under it, as a rehearsal does; why not.
fn enter(devices: &Path, settings: &SimulatorSettings) -> Result<HostError, HostError> {
    let devices = arguments::absolute(devices)?;
    let running = simulator::start(&devices, settings)?;
    let again: Vec<OsString> = std::env::args_os().skip(1).collect();
    Ok(running.become_program(&again))
}
