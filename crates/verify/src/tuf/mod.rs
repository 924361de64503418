//! `keymoot tuf`: look at TUF metadata, compare and verify it, from files alone.

mod answer;
mod diff;
mod file;
mod help;
mod names;
mod show;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use self::answer::Answer;
use crate::{complain, output};

/// Look at TUF metadata, compare and verify it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what a document says and who signed it
    Show {
        /// The document; of tuf-ci the payload, with its .sig.json beside it
        file: PathBuf,
    },
    /// Show what differs between two documents of one role
    Diff {
        /// The document before
        old: PathBuf,
        /// The document after
        new: PathBuf,
    },
    /// Verify roots in any order, and the documents below them
    Verify(verify::Args),
}

/// Exit codes: 0 done, 1 a file could not be read, 3 refused.
pub fn run(args: &Args) -> ExitCode {
    let outcome = match &args.command {
        Command::Show { file } => show::show(file),
        Command::Diff { old, new } => diff::diff(old, new),
        Command::Verify(args) => verify::verify(args),
    };
    match outcome {
        Ok(Answer { text, accepted }) => {
            output::text(&text);
            match accepted {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(3),
            }
        }
        Err(failure) => {
            complain!("keymoot tuf: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
