//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod complete;
mod escrow;
mod everywhere;
mod frame;
mod hostile;
mod memory;
mod mishaps;
#[path = "../needle/mod.rs"]
mod needle;
mod occasions;
mod rare;
mod rehearsal;
#[path = "../data/hostile_script.rs"]
mod script;
mod steady;
#[path = "../data/hostile_strings.rs"]
mod strings;
mod tables;
mod terminal;
mod traced;
mod whole;
