//! `keymoot run`: a live ceremony.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use crate::store::{self, Settings, plan::LARGEST_PLAN};
use keymoot_attestation::TrustStore;
use keymoot_core::text::{escape, escape_path};
use keymoot_record::{
    ceremony::{FileNames, Plan, PlanFiles},
    transcript::Mode,
};

use super::{
    Failure, arguments, conduct,
    conduct::Surroundings,
    expect,
    inputs::{self, Sources},
    operate::{Manner, require_terminal},
    script, trial,
};

/// Hold a live ceremony
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A script: a name in ceremony-scripts/ or a path
    script: String,
    /// Who takes part
    #[arg(long, value_name = "FILE")]
    roster: PathBuf,
    /// What is allowed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The ceremony's folder, which is made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where YubiHSM 2s are: a connector on this machine, or `usb`
    #[arg(long, value_name = "URL", default_value = "127.0.0.1:12345", value_parser = arguments::named_place)]
    connector: String,
    #[command(flatten)]
    sources: Sources,
    /// Show numbered lines and questions instead of screens, for a serial console or a screen reader
    #[arg(long)]
    plain: bool,
    /// Where the bundle is to be written; DIR/bundle if not given. Once for each copy
    #[arg(long, value_name = "BUNDLE")]
    out: Vec<PathBuf>,
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    conduct::refuse_simulated_service(Mode::Live, &Surroundings::default())?;
    let policy = keymoot_verify::files::read_text(&args.policy, LARGEST_PLAN)?;
    let bundle = args.sources.bundle(false, vendor)?;
    let files = PlanFiles {
        script: script::find(&args.script)?,
        inputs: args.sources.read(bundle.as_ref())?,
        policy,
        roster: keymoot_verify::files::read_text(&args.roster, LARGEST_PLAN)?,
    };
    let names = FileNames {
        script: escape(&args.script),
        policy: escape_path(&args.policy),
        roster: escape_path(&args.roster),
    };
    let plan = Arc::new(Plan::check_named(files, &names).map_err(Failure::Violated)?);
    trial::try_plan(&plan, Mode::Live)?;
    expect::compare(&plan, Mode::Live, args.sources.expect.as_deref())?;
    let dir = arguments::absolute(&args.dir)?;
    let mut outs = arguments::new_places(&args.out, &dir)?.into_iter();
    let settings = Settings {
        mode: Mode::Live,
        out: outs.next().unwrap_or_else(|| dir.join("bundle")),
        copies: outs.collect(),
        connector: args.connector.clone(),
        bags: inputs::bags(bundle.as_ref()),
        simulator: None,
    };
    require_terminal(Manner::of(args.plain))?;
    store::plan::create(&dir, &plan, &settings, |_| Ok(()))?;
    conduct::conduct(
        &dir,
        &Surroundings::default(),
        Manner::of(args.plain),
        vendor,
    )
}
