//! `keymoot collect`: takes answers in, in any order and any number.

use std::{path::PathBuf, process::ExitCode};

use super::Held;
use crate::{
    apart,
    commands::{Failure, arguments},
};
use keymoot_attestation::TrustStore;
use keymoot_core::text::escape_path;
use keymoot_verify::say;

/// Take in the answers of holders who are apart
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// The answers: files as `keymoot answer` writes them, texts that contain their text form, or
    /// PNG or JPEG pictures of their QR codes
    #[arg(required = true, value_name = "ANSWER")]
    answers: Vec<PathBuf>,
}

/// Exit codes: 0 every answer is recorded, 1 could not run, 3 an answer was refused.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    let mut held = Held::open(&dir, vendor)?;
    let taken = apart::collect(&mut held.desk(), &args.answers)?;
    for (shown, taken) in &taken {
        match taken {
            Ok(said) => say!("{shown}: {said}"),
            Err(verdicts) => {
                say!("{shown}: REFUSED");
                keymoot_verify::print_violated(verdicts);
            }
        }
    }
    let open: Vec<_> = held
        .state
        .open_requests()
        .flat_map(|asked| asked.open())
        .collect();
    if !open.is_empty() {
        let names: Vec<_> = open.iter().map(|holder| holder.as_str()).collect();
        say!("Still awaited: {}.", names.join(", "));
    }
    say!("To continue: keymoot resume {}", escape_path(&dir));
    Ok(match taken.iter().any(|(_, taken)| taken.is_err()) {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}
