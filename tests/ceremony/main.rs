//! Whole ceremonies, through the real binaries.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod administrators;
mod bad_input;
mod bundle;
mod closing;
mod crash;
mod device_faults;
mod dialects;
mod expected;
mod export;
mod forged;
mod gigabyte;
mod matrix;
mod network;
mod plans;
mod program;
mod python;
mod replay;
mod report;
mod secrets;
mod status;
mod story;
mod tampered;
mod unattended;
mod unlawful;
mod yubihsm;
