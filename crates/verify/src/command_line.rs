//! Errors of a command line.

use keymoot_core::text::escape;

/// The error again, about the arguments with control characters escaped: they may be names of
/// files that somebody else chose, and the error repeats them.
#[must_use]
pub fn escaped<P: clap::Parser>(error: clap::Error) -> clap::Error {
    let shown = std::env::args_os().map(|argument| escape(&argument.to_string_lossy()));
    P::try_parse_from(shown).err().unwrap_or(error)
}
