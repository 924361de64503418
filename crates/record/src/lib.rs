//! The record of a ceremony: transcript, plan, rules, engine, bundle and report. No input or
//! output, no clock, no entropy, no screen.
#![forbid(unsafe_code)]

pub mod apart;
pub mod bundle;
pub mod ceremony;
pub mod expectation;
pub mod handle;
pub mod published;
pub mod report;
pub mod rules;
pub mod runbook;
pub mod transcript;

/// The program and its version, as the transcript records them.
pub const PROGRAM: &str = concat!("keymoot ", env!("CARGO_PKG_VERSION"));
