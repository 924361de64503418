//! How a ceremony ended without its purpose.

use crate::transcript::Cause;

/// How a ceremony ended without its purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The cause.
    pub cause: Cause,
    /// The reason, in one line. Not safe to show.
    pub reason: String,
    /// How many of those present could sign the manifest when it ended.
    pub(super) able: usize,
}

impl Ended {
    /// How many must close the bundle: one of those who can, where anybody can.
    #[must_use]
    pub fn closers(&self) -> usize {
        self.able.min(1)
    }
}
