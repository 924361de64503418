//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apart;
mod bags;
mod complete;
mod console;
mod ended;
mod escrow;
mod everywhere;
mod frames;
mod handing;
mod hostile;
mod late;
mod memory;
mod mishaps;
mod occasions;
mod opening;
mod places;
mod projector;
mod rare;
mod records;
mod rehearsal;
mod states;
mod tables;
mod theft;
mod traced;
mod whole;
