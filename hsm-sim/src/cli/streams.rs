//! Standard output says that everything is ready, and the end of standard input ends the program.

use super::error::CliError;
use serde_json::Value;
use std::io::{self, Read, Write};

/// Prints the line that says everything is ready.
pub(super) fn announce(ready: &Value) -> Result<(), CliError> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{ready}")?;
    stdout.flush()?;
    Ok(())
}

/// Waits until standard input ends.
pub(super) fn end_of_input() -> Result<(), CliError> {
    io::copy(&mut io::stdin().by_ref(), &mut io::sink())?;
    Ok(())
}
