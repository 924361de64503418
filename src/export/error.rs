//! Why nothing is written into a tree.

use keymoot_core::{HostError, Violation};
use keymoot_verify::Failure;

/// Why nothing is written into a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportError {
    /// Rules are violated.
    Violated(Vec<Violation>),
    /// The disk failed.
    Host(HostError),
}

impl From<HostError> for ExportError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Violated(violations) => Self::violations(violations),
            ExportError::Host(error) => Self::Host(error),
        }
    }
}
