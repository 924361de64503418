//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};
use keymoot_core::text::escape;

use crate::commands::{
    Failure, attest, device, export, rehearse, resume, run, script, status, tuf, verify, version,
};

/// The offline tool for a quorum of root key holders.
#[derive(Debug, Parser)]
#[command(name = "keymoot", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rehearse(rehearse::Args),
    Run(run::Args),
    Resume(resume::Args),
    Verify(verify::Args),
    Export(export::Args),
    Status(status::Args),
    Tuf(tuf::Args),
    Attest(attest::Args),
    Script(script::Args),
    Device(device::Args),
}

/// Runs what the command line asks for. Usage errors leave with code 2.
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli.run(),
        Err(asked)
            if asked.kind() == ErrorKind::DisplayVersion
                && std::env::args_os().any(|argument| argument == "--version") =>
        {
            version::run().unwrap_or_else(|failure| failure.report())
        }
        Err(error) => as_shown(error).exit(),
    }
}

/// The error of a command line, about its arguments as they may be shown: they may be
/// names of files that somebody else chose, and come back in it.
fn as_shown(error: clap::Error) -> clap::Error {
    let shown = std::env::args_os().map(|argument| escape(&argument.to_string_lossy()));
    Cli::try_parse_from(shown).err().unwrap_or(error)
}

impl Cli {
    fn run(&self) -> ExitCode {
        let outcome = match &self.command {
            Command::Rehearse(args) => rehearse::run(args),
            Command::Run(args) => run::run(args),
            Command::Resume(args) => resume::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Export(args) => export::run(args),
            Command::Status(args) => status::run(args),
            Command::Script(args) => script::run(args),
            Command::Tuf(args) => return tuf::run(args),
            Command::Attest(args) => return attest::run(args),
            Command::Device(args) => return device::run(args),
        };
        outcome.unwrap_or_else(|failure: Failure| failure.report())
    }
}
