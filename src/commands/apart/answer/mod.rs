//! `keymoot answer`: a holder answers a request, or signs in a checkout of another tool's event.

mod args;
mod devices;
mod event;
mod places;
mod request;
mod written;

use std::process::ExitCode;

use crate::{commands::Failure, host::program::Measuring};
pub(crate) use args::Args;
use keymoot_attestation::TrustStore;

/// Exit codes: 0 answered or signed, 1 could not run, 3 a rule was violated, 4 left.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let measuring = Measuring::begin();
    match &args.request {
        Some(path) => request::run(args, path, measuring, vendor),
        None => event::run(args, measuring, vendor),
    }
}
