//! `keymoot collect`: takes answers in, in any order and any number.

use std::{path::PathBuf, process::ExitCode};

use super::Held;
use crate::{
    apart::{self, Outcome, Taken},
    commands::{Failure, arguments},
};
use keymoot_attestation::TrustStore;
use keymoot_core::text::{escape_path, quoted_path};
use keymoot_record::rules::roster::Handle;
use keymoot_verify::say;

/// Take in the answers of holders who are apart
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ceremony's folder
    dir: PathBuf,
    /// The answers: files as `keymoot answer` writes them, texts that contain their text form,
    /// PNG or JPEG pictures of their QR codes, or folders of such files
    #[arg(required = true, value_name = "ANSWER")]
    answers: Vec<PathBuf>,
    /// Record that these holders decline, separated by commas. Nobody signed their refusals: call
    /// them first
    #[arg(long, value_name = "HANDLES", value_delimiter = ',', value_parser = handle)]
    declined: Vec<Handle>,
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::try_from(text.to_owned())
}

/// Exit codes: 0 every answer is recorded, 1 could not run, 3 an answer was refused.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> Result<ExitCode, Failure> {
    let dir = arguments::absolute(&args.dir)?;
    let mut held = Held::open(&dir, vendor)?;
    let mut refused = false;
    apart::collect(
        &mut held.desk(),
        &args.answers,
        &args.declined,
        &mut |Taken { shown, outcome }| match outcome {
            Outcome::Recorded(said) | Outcome::Known(said) => say!("{shown}: {said}"),
            Outcome::Refused(verdicts) => {
                refused = true;
                say!("{shown}: REFUSED");
                keymoot_verify::print_violated(&verdicts);
            }
        },
    )?;
    let open = Handle::list(held.state.unanswered());
    if !open.is_empty() {
        say!("Still awaited: {open}.");
    }
    match held.state.is_finished() {
        true => say!("The ceremony in {} is finished.", escape_path(&dir)),
        false => say!("To continue: keymoot resume {}", quoted_path(&dir)),
    }
    Ok(match refused {
        true => ExitCode::from(3),
        false => ExitCode::SUCCESS,
    })
}
