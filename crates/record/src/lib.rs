//! The record of a ceremony: transcript, plan, rules, engine, bundle and report. No input or
//! output, no clock, no entropy, no screen.
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! - [`transcript`] makes and reads the hash-chained log of events.
//! - [`rules`] reads policy and roster and checks them.
//! - [`ceremony`] is the engine: the state is a fold of the events, and says what comes next.
//! - [`bundle`] makes and verifies the files that a ceremony publishes.
//! - [`expectation`] is what a verifier demands of them.
//! - [`report`] and [`runbook`] are the pages for people.
//! - [`signing_event`] is a branch of another tool's repository that a holder signs.
//!
//! ```
//! use keymoot_record::transcript::{Chain, Event};
//!
//! let transcript = include_bytes!(
//!     "../../../tests/data/bundles/0.2.0-live/bundle/transcript.jsonl"
//! );
//! let chain = Chain::read(transcript)?;
//! let signatures = chain
//!     .entries()
//!     .iter()
//!     .filter(|entry| matches!(entry.event, Event::Signed { .. }));
//! assert_eq!(signatures.count(), 9, "three holders signed three documents each");
//! # Ok::<(), keymoot_record::transcript::ChainError>(())
//! ```
#![forbid(unsafe_code)]

pub mod apart;
pub mod bundle;
pub mod ceremony;
pub mod clients;
pub mod expectation;
pub mod handle;
pub mod published;
pub mod report;
pub mod rules;
pub mod runbook;
pub mod signing_event;
pub mod transcript;

/// The program and its version, as the transcript records them.
pub const PROGRAM: &str = concat!("keymoot ", env!("CARGO_PKG_VERSION"));
