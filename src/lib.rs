//! keymoot: the offline tool of a root-key quorum.
//!
//! This package has the code for devices, disks, clock and screens. The crates it calls are pure:
//! `keymoot_record` (transcript, plan, rules, engine, bundle, report) over `keymoot_tuf` and
//! `keymoot_attestation` over `keymoot_core`. docs/architecture.md is a guided tour.
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! - [`driver`] asks people, moves devices, and records what happened.
//! - [`store`] owns the ceremony's folder; [`export`] writes into a repository.
//! - [`device`] speaks to YubiKeys and YubiHSM 2s; [`host`] is the machine.
//! - [`tui`] and [`rehearsal`] are the people: at a terminal, or simulated.
//!
//! ```
//! use keymoot::rehearsal::cast::Cast;
//! use keymoot_record::rules::roster::Roster;
//!
//! let roster = Roster::parse(&Cast::of(9).roster()).expect("simulated holders keep the rules");
//! assert_eq!(roster.holders.len(), 9);
//! ```
#![forbid(unsafe_code)]

mod apart;
mod commands;
pub mod device;
pub mod driver;
pub mod export;
mod frames;
pub mod host;
pub mod program;
pub mod rehearsal;
pub mod store;
pub mod tui;
