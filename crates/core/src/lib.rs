//! The basis of every other crate: rules and verdicts, digests in words, safe text, moments, and
//! canonical JSON. No input or output, no clock, no entropy.
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! - [`Rule`] lists every rule with its id and claim; a [`Verdict`] is what a rule says of a record.
//! - [`digest::Digest`] is a SHA-256 that people can read aloud.
//! - [`text`] escapes foreign text before a screen or a terminal shows it.
//! - [`json`] reads the JSON that may be signed, and writes its canonical form.
//!
//! ```
//! use keymoot_core::{digest::Digest, text};
//!
//! let digest = Digest::of(b"root.json");
//! assert_eq!(digest.words().len(), 32);
//! assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
//!
//! assert_eq!(text::escape("\u{1b}[2J"), "\\u{1b}[2J");
//! ```
#![forbid(unsafe_code)]

// The rules and texts of an imagined later version, for tests of old records.
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
mod rule_id;
pub mod text;
pub mod time;
pub mod verdict;
pub mod violation;

pub use host_error::HostError;
pub use rule::Rule;
pub use rule_id::RuleId;
pub use verdict::{Outcome, Verdict};
pub use violation::Violation;
