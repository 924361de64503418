//! The rules: every check has one id, one function and one entry in
//! `docs/rules.md`. Nothing here does input or output.

pub mod audit;
pub mod device;
pub mod documents;
pub mod machine;
pub mod policy;
pub mod root;
pub mod roster;
pub mod scenario;
pub mod targets;

pub use keymoot_core::verdict::{Outcome, Verdict, Violation};

/// The longest script, policy or roster that is read, in bytes: those of nine holders
/// have a tenth of it.
const LONGEST_FILE: usize = 256 << 10;

/// The longest name, title or reason, in characters.
pub(crate) const LONGEST_LINE: usize = 200;

/// Reads a file of a plan.
///
/// # Errors
/// What is wrong with it, on one line and safe to show.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.len() > LONGEST_FILE {
        return Err(format!("it is longer than {LONGEST_FILE} bytes"));
    }
    toml::from_str(text).map_err(|error| one_line(&error.to_string()))
}

/// Whether a name, title or reason is of a length that people read.
pub(crate) fn is_line(text: &str) -> bool {
    text.len() <= LONGEST_LINE || text.chars().count() <= LONGEST_LINE
}

/// An error of a parser on one line, made safe to show.
fn one_line(error: &str) -> String {
    let line: Vec<_> = error
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| keymoot_core::text::shortened(line, 300))
        .collect();
    line.join(" · ")
}
