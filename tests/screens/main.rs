//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apart;
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
mod places;
mod rare;
mod records;
mod rehearsal;
mod states;
mod tables;
mod theft;
mod traced;
mod whole;
