//! keymoot: the offline tool for a quorum of root key holders.
//!
//! The pure core (`digest`, `text`, `tuf`, `attestation`, `transcript`, `rules`,
//! `ceremony`) does no input or output, reads no clock and knows no screen.
#![forbid(unsafe_code)]

pub mod attestation;
pub mod bundle;
pub mod ceremony;
pub mod device;
pub mod digest;
pub mod driver;
pub mod host;
pub mod rehearsal;
pub mod report;
pub mod rules;
pub mod runbook;
pub mod text;
pub mod transcript;
pub mod tuf;
pub mod tui;

/// The program and its version, as the transcript records them.
pub const PROGRAM: &str = concat!("keymoot ", env!("CARGO_PKG_VERSION"));
