//! The JSON that may be signed, and nothing more.
//!
//! Signed JSON must mean one thing to every reader. So there are no floats, no
//! integers beyond 64 bits, no member named twice, no nesting deeper than
//! [`MAX_DEPTH`], and no more values than [`MAX_VALUES`]. Strings are Unicode
//! scalar values, as the text gave them.

mod at;
mod difference;
mod parse;
#[cfg(test)]
mod properties;
mod serialize;
mod value;
mod write;

pub use at::{At, Misfit};
pub use difference::{Place, differences};
pub use parse::{JsonError, MAX_DEPTH, MAX_VALUES, parse};
pub use serialize::pretty_utf8;
pub use value::{Json, Object};
pub use write::{canonical, pretty};
