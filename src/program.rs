//! The program: its command line and its exit codes.
//!
//! The caller gives the vendor's keys that count in live ceremonies. A program built
//! on this library differs from the released one in nothing else.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use keymoot_attestation::TrustStore;
use keymoot_core::Violation;
use keymoot_verify::{
    apart::{receipt, witness},
    attest, audit, bundle, output, tuf,
};

use crate::commands::{
    Failure,
    apart::{answer, collect, request},
    device, escrow, export, plan, rehearse, report, resume, run, script, shell, status, version,
};

/// The offline tool for a quorum of root key holders.
#[derive(Debug, Parser)]
#[command(name = "keymoot", version, args_conflicts_with_subcommands = true)]
struct Cli {
    /// With --version: also the SHA-256 of this program, in hexadecimal and in words
    #[arg(long)]
    verbose: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rehearse(rehearse::Args),
    Run(run::Args),
    Resume(resume::Args),
    Plan(plan::Args),
    Escrow(escrow::Args),
    Request(request::Args),
    Answer(answer::Args),
    Collect(collect::Args),
    Receipt(receipt::Args),
    Witness(witness::Args),
    Verify(bundle::Args),
    Audit(audit::Args),
    Report(report::Args),
    Export(export::Args),
    Status(status::Args),
    Tuf(tuf::Args),
    Attest(attest::Args),
    Script(script::Args),
    Device(device::Args),
    Completions(shell::Completions),
    Man(shell::Manual),
}

/// Runs the command of the command line. Live evidence counts if `vendor` signed it.
/// Usage errors leave with code 2, a store that is not sound with code 3.
pub fn main(vendor: Result<TrustStore, Vec<Violation>>) -> ExitCode {
    output::finish(match Cli::try_parse() {
        Ok(cli) => match vendor {
            Ok(vendor) => cli.run(&vendor),
            Err(unfit) => Failure::violations(unfit).report(),
        },
        Err(asked)
            if asked.kind() == ErrorKind::DisplayVersion
                && std::env::args_os().any(|argument| argument == "--verbose") =>
        {
            version::run().unwrap_or_else(|failure| failure.report())
        }
        Err(error) => keymoot_verify::leave::<Cli>(error),
    })
}

impl Cli {
    fn run(&self, vendor: &TrustStore) -> ExitCode {
        let outcome = match &self.command {
            Command::Rehearse(args) => rehearse::run(args, vendor),
            Command::Run(args) => run::run(args, vendor),
            Command::Resume(args) => resume::run(args, vendor),
            Command::Escrow(args) => escrow::run(args),
            Command::Plan(args) => plan::run(args, vendor),
            Command::Request(args) => request::run(args, vendor),
            Command::Answer(args) => answer::run(args, vendor),
            Command::Collect(args) => collect::run(args, vendor),
            Command::Receipt(args) => receipt::run(args, vendor),
            Command::Witness(args) => witness::run(args, vendor),
            Command::Verify(args) => bundle::run(args, vendor),
            Command::Audit(args) => audit::run(args),
            Command::Report(args) => report::run(args, vendor),
            Command::Export(args) => export::run(args, vendor),
            Command::Status(args) => status::run(args, vendor),
            Command::Script(args) => script::run(args, vendor),
            Command::Tuf(args) => return tuf::run(args),
            Command::Completions(args) => return shell::completions(args, Self::command()),
            Command::Man(args) => shell::manual(args, Self::command()),
            Command::Attest(args) => return attest::run(args, vendor),
            Command::Device(args) => return device::run(args, vendor),
        };
        outcome.unwrap_or_else(|failure: Failure| failure.report())
    }
}
