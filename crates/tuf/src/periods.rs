//! How long metadata is valid.

/// How long metadata is valid, and how long before its expiry the next is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Days from signing to expiry
    pub expiry_days: u32,
    /// Days before expiry at which signing begins
    pub signing_days: u32,
}
