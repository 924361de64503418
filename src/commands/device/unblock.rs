//! `keymoot device unblock`: a new PIN, with the PUK.

use std::path::PathBuf;
use std::process::ExitCode;

use super::only::only_yubikey;
use crate::device::{self, PinDemands, piv};
use crate::host::secret::Secret;
use crate::store::escrow;
use crate::tui::hidden_line;
use keymoot_attestation::Family;
use keymoot_core::HostError;
use keymoot_verify::{Failure, say};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The sealed file in which keymoot kept the PUK (HOLDER-NUMBER.age). Without it, the PUK is
    /// typed.
    #[arg(long, value_name = "FILE", requires = "identity")]
    escrow: Option<PathBuf>,
    /// The file with the age identity that opens it.
    #[arg(long, value_name = "FILE", requires = "escrow")]
    identity: Option<PathBuf>,
}

/// Unblocks it: exit code 0, or 1 and the reason.
pub(super) fn run(args: &Args) -> ExitCode {
    match unblock(args) {
        Ok(told) => {
            say!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => Failure::Host(error).report(),
    }
}

fn unblock(args: &Args) -> Result<String, HostError> {
    let found = only_yubikey()?;
    let serial = found.serial;
    let puk = match args.escrow.as_deref().zip(args.identity.as_deref()) {
        Some((escrow, identity)) => {
            let (sealed, puk) = escrow::open_puk(escrow, identity)?;
            if sealed != serial.0 {
                return Err(HostError::new(
                    format!(
                        "the file has the PUK of YubiKey {sealed}, and YubiKey {serial} is plugged in"
                    ),
                    "plug in the device of the file, or name the file of this device",
                ));
            }
            puk
        }
        None => typed(&format!("PUK of YubiKey {serial}"))?,
    };
    let demands = PinDemands::of(&found.config.settings);
    let pin = typed("new PIN")?;
    device::check_new(Family::YubiKey, demands, &pin).map_err(|refused| {
        HostError::new(
            format!("this PIN cannot be used: {refused}"),
            "repeat the command; the device was not asked, and no try was used up",
        )
    })?;
    if !typed("the new PIN once more")?.same_as(&pin) {
        return Err(HostError::new(
            "the two PINs are not the same",
            "repeat the command; the device was not asked, and no try was used up",
        ));
    }
    piv::unblock_pin(serial, &puk, &pin)?;
    Ok(format!("YubiKey {serial} has a new PIN."))
}

fn typed(words: &str) -> Result<Secret, HostError> {
    hidden_line(words).map_err(|error| {
        HostError::new(
            format!("nothing could be read from the keyboard: {error}"),
            "run keymoot in a terminal",
        )
    })
}
