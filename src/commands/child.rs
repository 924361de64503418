//! Starts this program once more, as a person would: a story and a rehearsal apart consist of
//! whole runs.

use std::process::Command;

use keymoot_core::HostError;

use crate::host::program;

/// A command that starts this program.
///
/// # Errors
/// [`HostError`] when the program cannot be found.
pub(super) fn this_program() -> Result<Command, HostError> {
    program::path().map(Command::new)
}

/// Runs a command to its end and returns its exit code, 1 where a signal ended it.
///
/// # Errors
/// [`HostError`] when it cannot be started.
pub(super) fn finish(mut command: Command) -> Result<u8, HostError> {
    let status = command.status().map_err(|error| {
        HostError::new(
            format!("this program cannot be started: {error}"),
            "try again",
        )
    })?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.unwrap_or(1))
}
