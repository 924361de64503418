//! The real smart card service: Debian's pcscd and vpcd, in namespaces of their own, with
//! simulated devices behind them and other programs beside keymoot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod gone;
mod holder;
mod namespace;
mod rehearsal;
mod service;
mod shared;
