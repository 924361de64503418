//! Digests in words, text made safe to show, moments, canonical JSON, rules and verdicts.
//! No input or output, no clock, no entropy.
#![forbid(unsafe_code)]

// The rules and texts of an imagined later version, against which tests hold old records.
#[cfg(all(later_version, not(debug_assertions)))]
compile_error!("cfg(later_version) is for tests alone, and never in a release");
#[cfg(all(mutants, not(debug_assertions)))]
compile_error!("cfg(mutants) is for tests alone, and never in a release");

pub mod digest;
mod host_error;
pub mod json;
#[cfg(mutants)]
pub mod mutant;
pub mod rule;
pub mod text;
pub mod time;
pub mod verdict;
pub mod violation;

pub use host_error::HostError;
pub use rule::{Rule, RuleId};
pub use verdict::{Outcome, Verdict};
pub use violation::Violation;
