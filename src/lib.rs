//! keymoot: the offline tool of a root-key quorum.
//!
//! This package holds what touches a device, a disk, a clock or a screen. What it calls is pure:
//! `keymoot_record` (transcript, plan, rules, engine, bundle, report) over `keymoot_tuf` and
//! `keymoot_attestation` over `keymoot_core`. docs/architecture.md draws the map.
#![forbid(unsafe_code)]

mod commands;
pub mod device;
pub mod driver;
pub mod export;
pub mod host;
pub mod program;
pub mod rehearsal;
pub mod store;
pub mod tui;
