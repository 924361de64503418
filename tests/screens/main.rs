//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod complete;
mod everywhere;
mod frame;
mod mishaps;
mod occasions;
mod rare;
mod rehearsal;
mod steady;
mod tables;
mod terminal;
mod whole;
