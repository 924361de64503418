//! Documents of the size that the benchmarks need: made from seeds, the same
//! each time, in the plain form of POUF-1 that every reader accepts.

mod chain;
mod document;
mod targets;

pub use chain::{Chain, SIGNATURES};
pub use document::Holder;
pub use targets::{Files, delegated};
