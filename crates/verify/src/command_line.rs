//! Errors of a command line.

use std::process::ExitCode;

use keymoot_core::text::escape;

use crate::output;

/// Prints the help or the error with which a command line ended, and gives its exit code.
#[must_use]
pub fn leave<P: clap::Parser>(error: clap::Error) -> ExitCode {
    let error = escaped::<P>(error);
    let printed = error.print();
    if !error.use_stderr() {
        output::note(printed);
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The error again, about the arguments with control characters escaped: they may be names of
/// files that somebody else chose, and the error repeats them.
fn escaped<P: clap::Parser>(error: clap::Error) -> clap::Error {
    let shown = std::env::args_os().map(|argument| escape(&argument.to_string_lossy()));
    P::try_parse_from(shown).err().unwrap_or(error)
}
