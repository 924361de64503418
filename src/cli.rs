//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::tuf;

/// The offline tool for a quorum of root key holders.
#[derive(Debug, Parser)]
#[command(name = "keymoot", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Tuf(tuf::Args),
}

impl Cli {
    /// Runs the chosen command. Usage errors have left with code 2 before.
    pub fn run(&self) -> ExitCode {
        match &self.command {
            Command::Tuf(args) => tuf::run(args),
        }
    }
}
