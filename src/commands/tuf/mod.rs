//! `keymoot tuf`: look at TUF roots, compare and verify them, from files alone.

mod show;
mod verify;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use keymoot::tuf::{Document, DocumentError};

/// A root of nine keys has about 10 kB; sigstore's largest has 12 kB.
const LIMIT: usize = 4 * 1024 * 1024;

/// Look at TUF roots, compare and verify them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell what a root says and who has signed it
    Show {
        /// The root
        file: PathBuf,
    },
    /// Tell what differs between two roots
    Diff {
        /// The root before
        old: PathBuf,
        /// The root after
        new: PathBuf,
    },
    /// Verify roots in any order, and the documents they vouch for
    Verify(verify::Args),
}

/// Exit codes: 0 done, 1 a file could not be read, 3 refused.
pub fn run(args: &Args) -> ExitCode {
    let outcome = match &args.command {
        Command::Show { file } => show::show(file),
        Command::Diff { old, new } => show::diff(old, new),
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
    #[error("cannot read {}: {error}; check the path and the permissions", keymoot::text::escape_path(.path))]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is refused: {error}", keymoot::text::escape_path(.path))]
    Refused { path: PathBuf, error: DocumentError },
    #[error("{0}")]
    Clock(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Clock(_) => 1,
            Self::Refused { .. } => 3,
        }
    }
}

/// Reads a document, and never more of a file than a document may have.
fn read(path: &Path) -> Result<Document, Failure> {
    let unreadable = |error| Failure::Unreadable {
        path: path.to_owned(),
        error,
    };
    let mut text = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(LIMIT as u64 + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    Document::parse(&text, LIMIT).map_err(|error| Failure::Refused {
        path: path.to_owned(),
        error,
    })
}
