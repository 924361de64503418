//! The command line: its arguments, and setting up the devices.

mod devices;
mod socket;
mod usbredir;
mod vpcd;
mod yubihsm;
mod yubikey;

use crate::statefile::StoreError;
use clap::{Parser, Subcommand};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

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

#[derive(Clone)]
enum Inserted {
    All,
    These(Vec<usize>),
}

impl FromStr for Inserted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::These(Vec::new())),
            numbers => numbers
                .split(',')
                .map(|n| {
                    n.trim().parse().map_err(|_| {
                        format!("{n:?} is not a device number; give all, none, or numbers from 1")
                    })
                })
                .collect::<Result<_, _>>()
                .map(Self::These),
        }
    }
}

/// Why the program cannot run.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A socket cannot be made.
    #[error("the socket {path} cannot be served: {why}")]
    Socket {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The devices cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A device to insert does not exist.
    #[error("--inserted: {0}")]
    Inserted(#[from] crate::room::RoomError),
    /// A YubiHSM to insert does not exist, or is one too many.
    #[error("--inserted: {0}")]
    InsertedHsm(#[from] crate::yubihsm::room::RoomError),
    /// An address cannot be served.
    #[error("the address {0} cannot be served: {1}")]
    Address(SocketAddr, String),
    /// The touch time-out is no time.
    #[error("--touch-timeout: {0} is not a number of seconds from 0 to a day")]
    TouchTimeout(f64),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Streams(#[from] io::Error),
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

/// Prints the line that says everything is ready.
fn announce(ready: &Value) -> Result<(), CliError> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{ready}")?;
    stdout.flush()?;
    Ok(())
}

/// Waits until standard input ends.
fn end_of_input() -> Result<(), CliError> {
    io::copy(&mut io::stdin().by_ref(), &mut io::sink())?;
    Ok(())
}
