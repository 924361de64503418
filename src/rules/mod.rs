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

pub use crate::transcript::verdict::{Outcome, Verdict, Violation};

/// An error of a parser on one line, made safe to show.
pub(crate) fn one_line(error: &str) -> String {
    let line: Vec<_> = error
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    crate::text::escape(&line.join(" · "))
}
