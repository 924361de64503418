//! `keymoot tuf`: look at TUF metadata, compare and verify it, from files alone.

mod diff;
mod file;
mod names;
mod show;
mod verify;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use keymoot_tuf::{Change, Document, DocumentError};

/// Look at TUF metadata, compare and verify it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell what a document says and who has signed it
    Show {
        /// The document; of tuf-ci the payload, beside which its .sig.json lies
        file: PathBuf,
    },
    /// Tell what differs between two documents of one role
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
        Ok(Answer { text, accepted }) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) if accepted => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(3),
            Err(_) => ExitCode::from(1),
        },
        Err(failure) => {
            eprintln!("keymoot tuf: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// What goes to the standard output, and whether all is well.
struct Answer {
    text: String,
    accepted: bool,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {}: {error}; check the path and the permissions", keymoot_core::text::escape_path(.path))]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is refused: {error}", keymoot_core::text::escape_path(.path))]
    Refused { path: PathBuf, error: DocumentError },
    #[error("a file changed while it was read; verify it again when nobody writes to it")]
    Changed,
    #[error("cannot write the report: {0}")]
    Unwritten(io::Error),
    #[error("{0}")]
    Clock(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Changed | Self::Unwritten(_) | Self::Clock(_) => 1,
            Self::Refused { .. } => 3,
        }
    }
}

/// A sentence a line.
fn tell(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        line(&mut text, &change.to_string());
    }
    text
}

/// The digest of the signed bytes, in hex and in words, eight to a line.
fn digest(document: &Document) -> String {
    let digest = document.digest();
    let words = digest.in_words();
    format!("\nSHA-256 of the signed bytes\n  {digest}\n{words}\n")
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
