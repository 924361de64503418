//! The devices of a holder away from the table.

use std::{ffi::OsString, path::Path};

use super::args::Args;
use crate::{
    commands::{
        Failure, arguments,
        conduct::{self, Surroundings},
    },
    rehearsal::{hands::Simulators, simulator},
    store::{Folder, Occupant, Settings, SimulatorSettings},
};
use keymoot_core::{HostError, text::escape_path};
use keymoot_record::transcript::Mode;

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
        ..settings
    })
}

/// Starts the simulator and becomes the same command under it, as a rehearsal does; why not.
fn enter(devices: &Path, settings: &SimulatorSettings) -> Result<HostError, HostError> {
    let devices = arguments::absolute(devices)?;
    // While the ceremony is open, its own simulator serves these devices.
    let occupied = Folder::open(&devices, &Occupant::new("a holder apart")?).map_err(|error| {
        HostError::new(
            error.what,
            "if the ceremony is open at the table, leave it first (F4), answer, and resume it",
        )
    })?;
    let running = simulator::start_yubikeys(&devices, settings)?;
    drop(occupied);
    let again: Vec<OsString> = std::env::args_os().skip(1).collect();
    Ok(running.become_program(&again))
}
