//! keymoot: the offline tool for a quorum of root key holders.
//!
//! The pure core (`digest`, `text`, `tuf`, `attestation`, `transcript`, `rules`,
//! `ceremony`) does no input or output, reads no clock and knows no screen.
#![forbid(unsafe_code)]

mod commands;
pub mod device;
pub mod driver;
pub mod export;
pub mod host;
pub mod program;
pub mod rehearsal;
pub mod tui;
