//! TUF metadata.
pub mod json;
pub mod key;
