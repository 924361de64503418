//! The screens, through a real pseudo-terminal, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod everywhere;
mod frame;
mod mishaps;
mod occasions;
mod rehearsal;
mod terminal;
mod whole;
