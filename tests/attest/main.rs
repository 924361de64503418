//! `keymoot attest`, through the real program: every genuine sample is
//! accepted with the facts it states, and no other evidence is.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod every_bit;
mod folder;
mod genuine;
mod hierarchies;
mod lookalike;
mod mistaken;
mod program;
mod rules;
mod shapes;
mod vendor_dirs;
mod yubihsm;
