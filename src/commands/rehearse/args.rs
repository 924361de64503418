//! The arguments of `keymoot rehearse`.

use std::path::PathBuf;

use crate::{
    commands::{Failure, arguments, inputs::Sources},
    store,
};
use keymoot_attestation::Family;
use keymoot_core::text::quoted;
use keymoot_record::bundle::Bundle;

/// The firmware of simulated devices, unless named.
const FIRMWARE: &str = "5.7.4";

/// How many simulated holders take part, unless named.
const HOLDERS: usize = 9;

/// As `--apart` names all holders.
pub(crate) const ALL: &str = "all";

/// Rehearse a ceremony with simulated devices
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A script: a name in ceremony-scripts/ or a path; or `story`, for one of every
    /// occasion after the other
    #[arg(default_value = "initial-root")]
    pub(in crate::commands) script: String,
    /// Hold a dress rehearsal: real devices, the real smart card service and the real vendor's
    /// keys. Needs a roster
    #[arg(long, requires = "roster", conflicts_with_all = ["unattended", "fault", "unit_fault", "spares"])]
    pub(super) real_devices: bool,
    /// Where the YubiHSM 2s are, with --real-devices: `usb`, or address and port of a connector
    #[arg(long, value_name = "PLACE", value_parser = arguments::named_place, requires = "real_devices")]
    pub(super) connector: Option<String>,
    /// How many simulated holders take part: 9, if not given, or 3 by a shipped policy, others with
    /// --policy
    #[arg(long, value_name = "N")]
    holders: Option<usize>,
    /// The devices of the holders; YubiKeys if not given
    #[arg(long, value_enum)]
    device: Option<Brought>,
    /// Firmware of the devices; of several, each device gets the next one
    #[arg(long, value_name = "VERSION", default_value = FIRMWARE)]
    pub(super) firmware: String,
    /// Make serial numbers, keys and the unattended holders' PINs repeatable
    #[arg(long, value_name = "N")]
    pub(in crate::commands) seed: Option<u64>,
    /// Answer every question from a plan and print what happens
    #[arg(long)]
    pub(in crate::commands) unattended: bool,
    /// Let the devices fail, in the words of `hsm-sim yubikey --help`
    #[arg(long, value_name = "PLAN", default_value = "")]
    pub(super) fault: String,
    /// Let the YubiHSM 2s fail, in the words of `hsm-sim yubihsm --help`
    #[arg(long, value_name = "PLAN", default_value = "")]
    pub(super) unit_fault: String,
    /// A roster of your own instead of simulated holders
    #[arg(long, value_name = "FILE")]
    pub(in crate::commands) roster: Option<PathBuf>,
    /// A policy of your own instead of a shipped one
    #[arg(long, value_name = "FILE")]
    pub(in crate::commands) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) sources: Sources,
    /// How many of the unattended holders make a key in a spare device too
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) spares: usize,
    /// Let unattended holders take part apart: all of them, or these, by handle
    #[arg(long, value_name = "HANDLES", num_args = 0..=1, require_equals = true, default_missing_value = ALL)]
    pub(in crate::commands) apart: Option<String>,
    /// Leave when holders apart must answer, to ask them with `keymoot request` by hand
    #[arg(long, requires = "apart")]
    pub(super) ask_by_hand: bool,
    /// Unattended holders who do not come, by handle, separated by commas
    #[arg(long, value_name = "HANDLES", value_delimiter = ',')]
    pub(super) absent: Vec<String>,
    /// The ceremony's folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Show numbered lines and questions instead of screens, for a serial console or a screen reader
    #[arg(long)]
    pub(super) plain: bool,
    /// Where to write the bundle. Once for each copy
    #[arg(long, value_name = "BUNDLE")]
    pub(super) out: Vec<PathBuf>,
}

impl Args {
    /// How many simulated holders take part.
    pub(in crate::commands) fn holders(&self) -> usize {
        self.holders.unwrap_or(HOLDERS)
    }

    /// The devices of the simulated holders.
    pub(super) fn device(&self) -> Brought {
        self.device.unwrap_or(Brought::Yubikey)
    }

    /// Refuses options that have no effect on a rehearsal that starts from this bundle, or that its
    /// devices contradict.
    ///
    /// # Errors
    /// [`Failure::Usage`] for `--holders`, for `--device`, and for another `--seed` than that of
    /// the bundle's simulated devices.
    pub(super) fn fits(&self, bundle: &Bundle) -> Result<(), Failure> {
        let unused = match (self.holders, self.device) {
            (Some(_), _) => Some("--holders has no effect with --previous: the roster names them"),
            (None, Some(_)) => {
                Some("--device has no effect with --previous: the roster names the devices")
            }
            (None, None) => None,
        };
        if let Some(what) = unused {
            let next = "leave it out; to change people or devices, name a roster with --roster";
            return Err(Failure::usage(what, next));
        }
        let made = store::rehearsal::seed_of_devices(bundle).filter(|_| !self.real_devices);
        match (self.seed, made) {
            (Some(seed), Some(made)) if seed != made => Err(Failure::usage(
                format!(
                    "--seed is {seed}, and the devices of the previous rehearsal have the seed {made}"
                ),
                "leave --seed out: a rehearsal with --previous takes over the seed",
            )),
            _ => Ok(()),
        }
    }

    /// Whether the simulator must say if it understands what is asked of its devices.
    pub(super) fn changes_devices(&self) -> bool {
        let faults = [&self.fault, &self.unit_fault];
        self.firmware != FIRMWARE || faults.into_iter().any(|fault| !fault.is_empty())
    }

    /// Checks that those who are named have seats: names of nobody would change nothing, and the
    /// rehearsal would not be the one that was meant.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a handle in `--apart` or `--absent` that no seat has, and for more
    /// `--spares` than seats.
    pub(in crate::commands) fn take_part(&self, seats: &[String]) -> Result<(), Failure> {
        let apart = self.apart.iter().filter(|named| *named != ALL);
        let apart = apart.flat_map(|named| named.split(','));
        let apart = apart.map(|handle| ("--apart", handle));
        let absent = self.absent.iter();
        let absent = absent.map(|handle| ("--absent", handle.as_str()));
        let unknown = |(_, handle): &(_, &str)| !seats.iter().any(|seat| seat == handle);
        if let Some((option, handle)) = apart.chain(absent).find(unknown) {
            return Err(Failure::usage(
                format!("{option} names {}, who has no seat", quoted(handle)),
                format!("name one of these handles: {}", seats.join(", ")),
            ));
        }
        match self.spares > seats.len() {
            false => Ok(()),
            true => Err(Failure::usage(
                format!(
                    "--spares is {}, and {} holders have a seat",
                    self.spares,
                    seats.len()
                ),
                format!("give a number from 0 to {}", seats.len()),
            )),
        }
    }
}

/// The families of devices that can be simulated.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Brought {
    /// YubiKeys
    Yubikey,
    /// YubiHSM 2s
    Yubihsm,
    /// YubiKeys on the odd seats, YubiHSM 2s on the even ones
    Mixed,
}

impl Brought {
    /// The family of a seat's device, from 1.
    pub(super) fn on_seat(self, number: usize) -> Family {
        match self {
            Self::Yubikey => Family::YubiKey,
            Self::Yubihsm => Family::YubiHsm,
            Self::Mixed if number.is_multiple_of(2) => Family::YubiHsm,
            Self::Mixed => Family::YubiKey,
        }
    }
}
