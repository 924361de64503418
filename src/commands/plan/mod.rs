//! `keymoot plan`: script, policy and roster, before the day.

mod check;
mod new;
mod notes;
mod write;

use std::process::ExitCode;

use keymoot_attestation::TrustStore;

use super::Failure;

/// Write the plan of a ceremony, or try it in advance
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Check(check::Args),
    New(new::Args),
}

/// Exit codes: 0 done or accepted, 1 could not run, 3 a rule was violated.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    match &args.what {
        What::Check(args) => check::run(args, vendor),
        What::New(args) => new::run(args, vendor),
    }
}
