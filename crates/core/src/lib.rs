//! Digests in words, text made safe to show, moments, canonical JSON, rules and verdicts.
//! No input or output, no clock, no entropy.
#![forbid(unsafe_code)]

pub mod digest;
mod host_error;
pub mod json;
pub mod rule;
pub mod text;
pub mod time;
pub mod verdict;
pub mod violation;

pub use host_error::HostError;
pub use rule::{Rule, RuleId};
pub use verdict::{Outcome, Verdict};
pub use violation::Violation;
