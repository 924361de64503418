//! What a subcommand of `keymoot tuf` prints, or why it fails.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use keymoot_tuf::{Change, Document, DocumentError};

/// What goes to the standard output, and whether all is well.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) accepted: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
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
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Changed | Self::Unwritten(_) | Self::Clock(_) => 1,
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
