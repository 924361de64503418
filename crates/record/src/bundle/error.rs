//! Why a bundle cannot be made.

/// Why a bundle cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bundle cannot be made: {0}")]
pub struct ContentsError(String);

impl ContentsError {
    pub(super) fn of(what: &str) -> Self {
        Self(what.to_owned())
    }
}
