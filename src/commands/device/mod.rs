//! `keymoot device`: the devices that are plugged in, their contents, and a blocked PIN.

mod check;
mod only;
mod shown;
mod unblock;

use std::process::ExitCode;

use crate::device::yubihsm::Place;
use clap::Subcommand;
use keymoot_attestation::TrustStore;
use keymoot_verify::{Failure, output};

/// Show the devices that are plugged in, or unblock a PIN.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line for each device: serial, firmware, form factor, reader; or why it cannot be read.
    List {
        /// Show YubiHSM 2s, too: `usb`, or address and port of a connector on this machine.
        #[arg(long, value_name = "PLACE", value_parser = super::arguments::place)]
        connector: Option<Place>,
    },
    /// What is on the one device that is plugged in: PIN and PUK, keys.
    Info,
    /// Unblock the PIN of the one YubiKey that is plugged in, with its PUK, and set a new one.
    Unblock(unblock::Args),
    /// Make every call of a ceremony on a YubiKey that may be erased, and report what it answers.
    Check(check::Args),
}

/// Runs the command: exit code 0, or 1 when there is no device or one cannot be read.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    let done = match &args.action {
        Action::List { connector } => shown::list(*connector),
        Action::Info => shown::info().map(|text| (text, ExitCode::SUCCESS)),
        Action::Unblock(args) => return unblock::run(args),
        Action::Check(args) => return check::run(args, vendor),
    };
    match done {
        Ok((text, code)) => {
            output::text(&text);
            code
        }
        Err(error) => Failure::Host(error.into()).report(),
    }
}
