//! The screens, through a real pseudo-terminal of 80 by 24, from the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod mishaps;
mod terminal;
mod whole;
