//! The program `keymoot-verify`: what `keymoot` can verify, without its device libraries.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keymoot_attestation::TrustStore;
use keymoot_verify::{Failure, apart, attest, audit, bundle, output, tuf};

/// Verify bundles, TUF metadata and attestations, with no device and no network.
#[derive(Debug, Parser)]
#[command(name = "keymoot-verify", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(visible_aliases = ["tree", "verify"])]
    Bundle(bundle::Args),
    Request(apart::request::Args),
    Answer(apart::answer::Args),
    Receipt(apart::receipt::Args),
    Witness(apart::witness::Args),
    Audit(audit::Args),
    Tuf(tuf::Args),
    Attest(attest::Args),
}

fn main() -> ExitCode {
    output::finish(match (Cli::try_parse(), TrustStore::vendor()) {
        (Ok(cli), Ok(vendor)) => run(&cli.command, &vendor),
        (Ok(_), Err(unfit)) => Failure::violations(unfit).report(),
        (Err(error), _) => keymoot_verify::leave::<Cli>(error),
    })
}

fn run(command: &Command, vendor: &TrustStore) -> ExitCode {
    let outcome = match command {
        Command::Bundle(args) => bundle::run(args, vendor),
        Command::Audit(args) => audit::run(args),
        Command::Request(args) => apart::request::run(args, vendor),
        Command::Answer(args) => apart::answer::run(args, vendor),
        Command::Receipt(args) => apart::receipt::run(args, vendor),
        Command::Witness(args) => apart::witness::run(args, vendor),
        Command::Tuf(args) => return tuf::run(args),
        Command::Attest(args) => return attest::run(args, vendor),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}
