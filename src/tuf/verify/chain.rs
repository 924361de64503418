//! Many roots, given in any order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::root::{RootError, VerifiedRoot, verify_root};
use crate::tuf::Document;

/// Why documents are no chain of roots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is nothing to verify.
    #[error("there is no root to verify")]
    Empty,
    /// Two documents claim one version and differ in what was signed.
    #[error("there are two different roots of version {0}; at most one of them is genuine")]
    Conflict(u64),
    /// A root from before the trusted one, which cannot vouch for it: whoever
    /// held one old key could have written it.
    #[error(
        "version {version} is older than the trusted root, version {trusted}, which cannot vouch for it; leave it out"
    )]
    Older {
        /// The version given
        version: u64,
        /// The version trusted
        trusted: u64,
    },
    /// Between two versions others are missing, so that nothing ties them.
    #[error(
        "no root of version {missing} was given, so version {next} cannot be tied to version {last}"
    )]
    Missing {
        /// The last version before the gap
        last: u64,
        /// The first version that is missing
        missing: u64,
        /// The first version after the gap
        next: u64,
    },
    /// A root does not hold.
    #[error("root version {version}: {error}")]
    Root {
        /// Its version
        version: u64,
        /// Why
        error: RootError,
    },
}

/// Verifies every link from the lowest version to the highest.
///
/// Documents that are the same but for their signatures count as one, the one
/// with most signatures. A trusted root is the first of the chain; any other
/// root of its version is a conflict. Without one the chain only agrees with
/// itself, and whether to believe its first root is the caller's to know.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify_chain(
    trusted: Option<Document>,
    documents: impl IntoIterator<Item = Document>,
) -> Result<Vec<VerifiedRoot>, ChainError> {
    let trusted_version = trusted.as_ref().map(Document::version);
    let mut by_version = BTreeMap::<u64, Document>::new();
    for document in trusted.into_iter().chain(documents) {
        match by_version.entry(document.version()) {
            Entry::Vacant(place) => {
                place.insert(document);
            }
            Entry::Occupied(place) if place.get().signed_bytes() != document.signed_bytes() => {
                return Err(ChainError::Conflict(*place.key()));
            }
            Entry::Occupied(mut place) => {
                if filled(&document) > filled(place.get()) {
                    place.insert(document);
                }
            }
        }
    }
    if let Some(trusted) = trusted_version
        && let Some((&version, _)) = by_version.range(..trusted).next()
    {
        return Err(ChainError::Older { version, trusted });
    }
    let mut chain = Vec::<VerifiedRoot>::new();
    for (version, document) in by_version {
        let previous = chain.last();
        if let Some(last) = previous.map(|previous| previous.root().version)
            && let missing = last.saturating_add(1)
            && version > missing
        {
            return Err(ChainError::Missing {
                last,
                missing,
                next: version,
            });
        }
        let verified =
            verify_root(previous, document).map_err(|error| ChainError::Root { version, error })?;
        chain.push(verified);
    }
    if chain.is_empty() {
        return Err(ChainError::Empty);
    }
    Ok(chain)
}

fn filled(document: &Document) -> usize {
    let signatures = document.signatures().iter();
    signatures
        .filter(|signature| !signature.is_placeholder())
        .count()
}
