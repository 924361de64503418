//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod complete;
mod console;
mod ended;
mod escrow;
mod everywhere;
mod hostile;
mod late;
mod memory;
mod mishaps;
mod occasions;
mod rare;
mod rehearsal;
mod states;
mod tables;
mod theft;
mod traced;
mod whole;
