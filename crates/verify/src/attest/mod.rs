//! `keymoot attest`: what two certificates prove about a key, from files alone; or all the
//! evidence in a folder.

mod args;
mod examine;
mod folder;
mod json;
mod scan;
mod text;

use std::path::Path;
use std::process::ExitCode;

use keymoot_attestation::TrustStore;
use keymoot_core::HostError;

pub use args::Args;
use args::{failed, usage};
use examine::{Failure, Files, examine, store};

/// Exit codes: 0 proven, 1 a file could not be read, 3 refused.
pub fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    let device = match (&args.device, args.attestation.is_dir()) {
        (None, true) => return folder::run(args, vendor),
        (Some(device), false) => device,
        (Some(_), true) => return usage("a folder holds the device certificates: name it alone"),
        (None, false) => {
            if let Err(error) = args.attestation.metadata() {
                return failed(&HostError::file("read", &args.attestation, &error));
            }
            return usage(
                "give the device certificate after the attestation, or a folder of evidence",
            );
        }
    };
    let files = Files {
        attestation: &args.attestation,
        device,
        public_key: args.public_key.as_deref(),
    };
    let examined = match &args.vendor_dir {
        Some(dir) => store(dir).and_then(|store| examine(files, &store)),
        None => examine(files, vendor),
    };
    let outcome = match examined {
        Ok(facts) => Ok(facts),
        Err(Failure::Refused(violations)) => Err(violations),
        Err(Failure::Unreadable(error)) => return failed(&error),
    };
    match args.json {
        true => json::print(&outcome),
        false => text::print(args, &outcome),
    }
    match outcome {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}

/// The store that a folder's `vendor.toml` lists.
///
/// # Errors
/// A file cannot be read, or the store is not sound.
pub(crate) fn read_store(dir: &Path) -> Result<TrustStore, crate::Failure> {
    store(dir).map_err(|failure| match failure {
        Failure::Refused(violations) => crate::Failure::violations(violations),
        Failure::Unreadable(error) => error.into(),
    })
}
