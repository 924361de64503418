//! `keymoot verify`: a bundle, from the bundle alone.

use std::{path::PathBuf, process::ExitCode};

use keymoot::{
    bundle::{self, Expectations},
    host::folder,
    rules::{Outcome, Verdict},
};
use serde_json::json;

use super::{Failure, conduct};

/// The largest trusted root, in bytes.
const LARGEST_ROOT: u64 = 1 << 20;

/// Check a whole ceremony from its bundle, with no device and no network
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle
    bundle: PathBuf,
    /// A root that is trusted already, from which the bundle's root must follow
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// The bundle is to be one of a rehearsal
    #[arg(long)]
    rehearsal: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Exit codes: 0 every rule holds, 1 it could not be read, 3 a rule is violated.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let trusted_root = match &args.trusted_root {
        Some(path) => Some(folder::read_bounded(path, LARGEST_ROOT)?),
        None => None,
    };
    let verdicts = match bundle::read(&args.bundle) {
        Ok(bundle) => bundle::verify(
            &bundle,
            &Expectations {
                rehearsal: args.rehearsal,
                trusted_root,
            },
        ),
        Err(violated) => violated,
    };
    let unread = verdicts.iter().any(|verdict| verdict.rule == "BUNDLE-READ");
    let holds = !verdicts.iter().any(Verdict::is_violated);
    if args.json {
        let object = json!({ "format": "keymoot-verify-1", "holds": holds, "verdicts": verdicts });
        say!("{object}");
    } else {
        print(args, &verdicts, holds);
    }
    Ok(match (unread, holds) {
        (true, _) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(3),
    })
}

fn print(args: &Args, verdicts: &[Verdict], holds: bool) {
    for verdict in verdicts {
        let word = match verdict.outcome {
            Outcome::Held => "held",
            Outcome::Violated => "VIOLATED",
            Outcome::NotAsked => "not asked",
        };
        say!("{:<20} {word:<9}  {}", verdict.rule, verdict.detail);
        if !verdict.next.is_empty() {
            say!("{:<20} next       {}", "", verdict.next);
        }
    }
    let bundle = conduct::shown(&args.bundle);
    match (holds, args.rehearsal) {
        (true, false) => say!("{bundle}: every rule holds."),
        (true, true) => {
            say!("{bundle}: every rule holds. It is a REHEARSAL: nothing in it is for the world.")
        }
        (false, _) => {
            let violated = verdicts
                .iter()
                .filter(|verdict| verdict.is_violated())
                .count();
            say!("{bundle}: NOT to be trusted: {violated} violated.");
        }
    }
}
