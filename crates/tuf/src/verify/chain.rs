//! Why documents are no chain of roots.

use super::root::RootError;

/// Versions that were not given, between two that were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last version before the gap
    pub last: u64,
    /// The first version after it
    pub next: u64,
}

impl Gap {
    /// The first version that is missing.
    #[must_use]
    pub fn missing(self) -> u64 {
        self.last.saturating_add(1)
    }
}

/// Why documents are no chain of roots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is nothing to verify.
    #[error("there is no root to verify")]
    Empty,
    /// Two documents claim one version and differ in what was signed.
    #[error("there are two different roots of version {0}; at most one of them is genuine")]
    Conflict(u64),
    /// A root from before the trusted one, which cannot sign it: a thief
    /// of one old key could have written it.
    #[error(
        "version {version} is older than the trusted root, version {trusted}, from which it cannot follow; leave it out"
    )]
    Older {
        /// The version given
        version: u64,
        /// The version trusted
        trusted: u64,
    },
    /// Versions between two others are missing, so nothing connects them.
    #[error(
        "no root of version {} was given, so version {} cannot be tied to version {}",
        .0.missing(), .0.next, .0.last
    )]
    Missing(Gap),
    /// A root does not verify.
    #[error("root version {version}: {error}")]
    Root {
        /// Its version
        version: u64,
        /// Why
        error: RootError,
    },
}

impl ChainError {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "NO-ROOT",
            Self::Conflict(_) => "CONFLICTING-VERSIONS",
            Self::Older { .. } => "OLDER-THAN-TRUSTED",
            Self::Missing(_) => "MISSING-LINK",
            Self::Root { error, .. } => error.name(),
        }
    }

    /// The version it is about.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Empty => None,
            Self::Conflict(version) | Self::Older { version, .. } | Self::Root { version, .. } => {
                Some(*version)
            }
            Self::Missing(gap) => Some(gap.missing()),
        }
    }
}
