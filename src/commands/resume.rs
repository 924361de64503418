//! `keymoot resume`: on from the last event.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    device::yubihsm::Place,
    rehearsal::hands::Simulators,
    store::{Folder, Settings},
};
use keymoot_attestation::TrustStore;
use keymoot_record::transcript::Mode;

use super::{
    Failure, amend, amend::Corrected, arguments, begin, conduct, conduct::Surroundings,
    operate::Manner, rehearse,
};

/// Go on with a ceremony where it stood
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// Go on as numbered lines and questions, for a serial console or a screen reader
    #[arg(long)]
    plain: bool,
    /// Write the bundle to another place, which must not exist yet. Once for each copy
    #[arg(long, value_name = "BUNDLE")]
    out: Vec<PathBuf>,
    /// Where YubiHSM 2 units are now: a connector on this machine, or `usb`
    #[arg(long, value_name = "URL", value_parser = arguments::place)]
    connector: Option<Place>,
    #[command(flatten)]
    corrected: Corrected,
    /// The control socket of the simulator under which this process runs
    #[arg(long, hide = true)]
    simulator: Option<PathBuf>,
    /// The control socket of the simulator of YubiHSM 2 units
    #[arg(long, hide = true, requires = "simulator")]
    unit_simulator: Option<PathBuf>,
}

/// Exit codes: 0 done, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    Folder::look(&dir)?;
    let settings = Settings::read(&dir)?;
    let tried = args.out.iter().map(|out| arguments::new_place(out));
    let outs = tried.collect::<Result<Vec<_>, _>>()?;
    let manner = Manner::of(args.plain);
    let mode = begin::opened_as(&dir, &settings)?;
    if args.corrected.is_given() {
        amend::amend(&dir, &args.corrected, mode, vendor)?;
    }
    match (mode, &args.simulator) {
        (Mode::Rehearsal, None) => rehearse::enter(&dir, &settings, &outs, manner),
        (_, yubikeys) => {
            let surroundings = Surroundings {
                simulators: yubikeys.clone().map(|yubikeys| Simulators {
                    yubikeys,
                    units: args.unit_simulator.clone(),
                }),
                connector: args.connector,
                outs,
            };
            conduct::conduct(&dir, &surroundings, manner, vendor)
        }
    }
}
