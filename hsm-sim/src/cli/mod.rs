//! The command line: its arguments, and setting up the devices.

mod devices;
mod error;
mod inserted;
mod population;
mod socket;
mod streams;
mod usbredir;
mod vpcd;
mod yubihsm;
mod yubikey;

use clap::{Parser, Subcommand};
pub use error::CliError;

/// Simulated signing devices at wire level, for rehearsals and tests.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    device: Family,
}

#[derive(Subcommand)]
enum Family {
    /// Serve YubiKeys to programs started with PCSCLITE_CSOCK_NAME set to the socket.
    Yubikey(yubikey::Yubikey),
    /// Serve YubiKeys to this machine's pcscd, through its driver vpcd.
    Vpcd(vpcd::Vpcd),
    /// Serve YubiKeys to a virtual machine as USB devices, through qemu's usb-redir.
    Usbredir(usbredir::Usbredir),
    /// Serve YubiHSMs to programs that speak to a connector at the address.
    Yubihsm(yubihsm::Yubihsm),
}

/// Serves until a signal stops it.
///
/// # Errors
/// When the sockets, the state file or the arguments are not usable.
pub fn run(arguments: Arguments) -> Result<(), CliError> {
    match arguments.device {
        Family::Yubikey(options) => options.run(),
        Family::Vpcd(options) => options.run(),
        Family::Usbredir(options) => options.run(),
        Family::Yubihsm(options) => options.run(),
    }
}
