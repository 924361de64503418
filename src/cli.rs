//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use keymoot_verify::{attest, bundle, tuf};

use crate::commands::{
    Failure, device, export, rehearse, report, resume, run, script, status, version,
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
    Verify(bundle::Args),
    Report(report::Args),
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
        Err(error) => keymoot_verify::escaped::<Cli>(error).exit(),
    }
}

impl Cli {
    fn run(&self) -> ExitCode {
        let outcome = match &self.command {
            Command::Rehearse(args) => rehearse::run(args),
            Command::Run(args) => run::run(args),
            Command::Resume(args) => resume::run(args),
            Command::Verify(args) => bundle::run(args),
            Command::Report(args) => report::run(args),
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
