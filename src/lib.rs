//! keymoot: the offline tool for a quorum of root key holders.
//!
//! The pure core (`tuf`, `attestation`, and what is built on them) does no
//! input or output, reads no clock and knows no screen.
#![forbid(unsafe_code)]

pub mod attestation;
pub mod device;
pub mod digest;
pub mod host;
pub mod text;
pub mod tuf;
