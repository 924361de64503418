//! `keymoot --version`: which program this is, in words that can be read aloud.

use keymoot_verify::say;
use std::process::ExitCode;

use crate::host::program::Measuring;
use keymoot_record::{bundle::this_program, transcript::Program};

use super::Failure;

/// Prints name, version and digest. Exit codes: 0 done, 1 its file cannot be read.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let (program, _) = this_program(Measuring::begin().digest()?);
    say!("{}", in_words(&program));
    Ok(ExitCode::SUCCESS)
}

/// A program's name and version, and its whole digest: in hexadecimal, and in words,
/// four a line.
pub(crate) fn in_words(program: &Program) -> String {
    let words = program.sha256.words();
    let words = words
        .chunks(4)
        .map(|line| format!("\n  {}", line.join(" ")));
    format!(
        "{}\nSHA-256 of this program: {}{}",
        keymoot_core::text::escape(&program.name),
        program.sha256,
        words.collect::<String>()
    )
}
