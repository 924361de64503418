//! What a subcommand of `keymoot tuf` prints, or why it fails.

use std::fmt::Write as _;
use std::path::PathBuf;

use keymoot_core::{HostError, text::escape_path};
use keymoot_tuf::{Change, Document, DocumentError};

use super::help;

/// What goes to the standard output, and whether all is well.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) accepted: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Host(#[from] HostError),
    #[error("{} is refused: {error}\n  help: {}", escape_path(.path), help::of(.error.name()))]
    Refused { path: PathBuf, error: DocumentError },
}

impl Failure {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Host(_) => 1,
            Self::Refused { .. } => 3,
        }
    }
}

/// A sentence a line.
pub(super) fn tell(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        line(&mut text, &change.to_string());
    }
    text
}

/// The digest of the signed bytes, in hex and in words, eight to a line.
pub(super) fn digest(document: &Document) -> String {
    let digest = document.digest();
    let words = digest.in_words();
    format!("\nSHA-256 of the signed bytes\n  {digest}\n{words}\n")
}

pub(super) fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
