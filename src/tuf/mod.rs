//! TUF metadata.
pub mod json;
pub mod key;
pub use key::PublicKey;
