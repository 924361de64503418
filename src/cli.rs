//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::device;

/// The offline tool for a quorum of root key holders.
#[derive(Debug, Parser)]
#[command(name = "keymoot", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Device(device::Args),
}

impl Cli {
    /// Runs the chosen command. Usage errors have left with code 2 before.
    pub fn run(&self) -> ExitCode {
        match &self.command {
            Command::Device(args) => device::run(args),
        }
    }
}
