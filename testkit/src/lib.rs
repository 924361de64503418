//! Helpers of the tests of several packages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]

pub mod another_program;
pub mod apart;
mod asleep;
pub mod clock;
pub mod forger;
pub mod holders;
pub mod hostile;
pub mod left_out;
pub mod lockstep;
pub mod needle;
pub mod privileged;
pub mod programs;
pub mod room;
pub mod shared;
pub mod stage;
pub mod terminal;
pub mod vendor;
