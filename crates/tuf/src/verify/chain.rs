//! Many roots that must be one chain.

use super::history::{Gap, History};
use super::root::{RootError, VerifiedRoot};
use crate::Document;

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

/// Verifies every link from the lowest version to the highest, and demands that
/// there is one between each and the next: a [`History`] with no flaw.
///
/// Without a trusted root the chain only agrees with itself; the caller must know whether
/// to trust its first root.
///
/// # Errors
/// The first fault.
pub fn verify_chain(
    trusted: Option<Document>,
    documents: impl IntoIterator<Item = Document>,
) -> Result<Vec<VerifiedRoot>, ChainError> {
    let history = History::of(trusted, documents);
    if let Some(error) = history.errors().first() {
        return Err(error.clone());
    }
    if let Some(gap) = history.gaps().first() {
        return Err(ChainError::Missing(*gap));
    }
    let chain = history.into_chains().into_iter().next();
    chain.ok_or(ChainError::Empty)
}
