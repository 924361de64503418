//! The program `keymoot-verify`: what `keymoot` can verify, without its device libraries.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keymoot_attestation::TrustStore;
use keymoot_verify::{Failure, apart, attest, audit, bundle, tuf};

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
    let cli = Cli::try_parse().unwrap_or_else(|error| keymoot_verify::escaped::<Cli>(error).exit());
    let vendor = match TrustStore::vendor() {
        Ok(vendor) => vendor,
        Err(unfit) => return Failure::violations(unfit).report(),
    };
    match cli.command {
        Command::Bundle(args) => {
            bundle::run(&args, &vendor).unwrap_or_else(|failure| failure.report())
        }
        Command::Audit(args) => audit::run(&args).unwrap_or_else(|failure| failure.report()),
        Command::Request(args) => {
            apart::request::run(&args, &vendor).unwrap_or_else(|failure| failure.report())
        }
        Command::Answer(args) => {
            apart::answer::run(&args, &vendor).unwrap_or_else(|failure| failure.report())
        }
        Command::Receipt(args) => {
            apart::receipt::run(&args, &vendor).unwrap_or_else(|failure| failure.report())
        }
        Command::Witness(args) => {
            apart::witness::run(&args, &vendor).unwrap_or_else(|failure| failure.report())
        }
        Command::Tuf(args) => tuf::run(&args),
        Command::Attest(args) => attest::run(&args, &vendor),
    }
}
