//! The subcommands, one file each.

pub mod attest;
pub mod device;
