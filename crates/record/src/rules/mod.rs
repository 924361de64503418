//! The rules: every check has one id, one function and one entry in
//! `docs/rules.md`. Nothing here does input or output.

pub(crate) mod algorithm;
pub mod audit;
pub mod device;
pub mod documents;
pub mod evidence;
pub mod machine;
pub mod mark;
pub mod policy;
pub mod root;
pub mod roster;
pub mod scenario;
pub mod targets;
pub(crate) mod toml_file;

pub use keymoot_core::verdict::{Outcome, Verdict, Violation};

/// The longest name, title or reason, in characters.
pub const LONGEST_LINE: usize = 200;

/// Whether a name, title or reason has a readable length.
pub(crate) fn is_line(text: &str) -> bool {
    text.len() <= LONGEST_LINE || text.chars().count() <= LONGEST_LINE
}

/// Whether people wrote something in one line, of a readable length.
pub(crate) fn is_written_line(text: &str) -> bool {
    is_line(text) && !text.trim().is_empty() && !text.chars().any(char::is_control)
}
