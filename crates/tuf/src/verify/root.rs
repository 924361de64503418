//! Verifying one root after another.

use std::collections::BTreeSet;

use super::oddities;
use super::quorum::{Checks, Quorum, count};
use crate::line_endings::LINE_ENDINGS;
use crate::{Document, DocumentError, Root, Warning};
use keymoot_core::json::Misfit;

/// A root with the required signatures; only [`verify_root`] and
/// [`History`](super::History) make one.
///
/// Without a previous root it is only consistent with itself; the caller must know
/// whether to trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRoot {
    document: Document,
    root: Root,
    by_previous: Option<Quorum>,
    by_itself: Quorum,
    warnings: BTreeSet<Warning>,
}

/// Why a root does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It cannot be read as a root.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It does not follow the previous root.
    #[error("after version {previous} comes version {}, not {found}", .previous.saturating_add(1))]
    Version {
        /// The previous root's version
        previous: u64,
        /// This one's
        found: u64,
    },
    /// Only its line endings differ from the signed root.
    #[error("{LINE_ENDINGS}")]
    LineEndings,
    /// Too few keys signed.
    #[error("version {version} is not signed by enough keys: {}", list(.unmet))]
    Quorum {
        /// Its version
        version: u64,
        /// The demands that are not met, one or two
        unmet: Vec<Unmet>,
    },
}

/// A root's demand for signatures that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The version of the root that demands them
    pub demanded_by: u64,
    /// What there is
    pub quorum: Quorum,
}

fn list(unmet: &[Unmet]) -> String {
    let shown: Vec<_> = unmet
        .iter()
        .map(|unmet| {
            format!(
                "by the keys of version {}, {}",
                unmet.demanded_by, unmet.quorum
            )
        })
        .collect();
    shown.join(" / ")
}

impl RootError {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Document(error) => error.name(),
            Self::Version { .. } => "WRONG-VERSION",
            Self::LineEndings => "LINE-ENDINGS",
            Self::Quorum { .. } => "TOO-FEW-SIGNATURES",
        }
    }
}

impl VerifiedRoot {
    /// The document, with the signatures as they are in its file.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Its content.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Who of the previous root's keys signed; `None` for the first of a chain.
    #[must_use]
    pub fn by_previous(&self) -> Option<&Quorum> {
        self.by_previous.as_ref()
    }

    /// Who of its own keys signed.
    #[must_use]
    pub fn by_itself(&self) -> &Quorum {
        &self.by_itself
    }

    /// Its oddities, in a fixed order.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        self.warnings.iter()
    }
}

/// Verifies that a root follows the previous one: the version is the next, and
/// a threshold of the previous root's keys and one of its own have signed
/// (TUF 1.0.34, section 5.3). Without a previous root, that its own have.
///
/// # Errors
/// The document is no root, or one of these does not hold.
pub fn verify_root(
    previous: Option<&VerifiedRoot>,
    document: Document,
) -> Result<VerifiedRoot, RootError> {
    let root = Root::read(&document)?;
    let previous = previous.map(|previous| &previous.root);
    if let Some(previous) = previous.map(|previous| previous.version)
        && previous.checked_add(1) != Some(root.version)
    {
        return Err(RootError::Version {
            previous,
            found: root.version,
        });
    }
    let tally = Tally::of(previous, &root, &document)?;
    tally.judge(document, root)
}

/// The signers of a root, for the root before it and for itself: the slow part,
/// which does not depend on whether the root before verifies.
pub(super) struct Tally {
    by_previous: Option<Quorum>,
    by_itself: Quorum,
    /// Whether enough signatures would verify with other line endings
    line_endings: bool,
    warnings: BTreeSet<Warning>,
}

impl Tally {
    /// Verifies each signature, once for each key it may be by.
    pub(super) fn of(
        previous: Option<&Root>,
        root: &Root,
        document: &Document,
    ) -> Result<Self, DocumentError> {
        let (by_itself, by_previous) = counts(previous, root, document)?;
        let met = |by_itself: &Quorum, by_previous: &Option<Quorum>| {
            by_itself.met() && by_previous.as_ref().is_none_or(Quorum::met)
        };
        let line_endings = match document.with_line_feeds() {
            Some(signed) if !met(&by_itself, &by_previous) => {
                let (by_itself, by_previous) = counts(previous, root, &signed)?;
                met(&by_itself, &by_previous)
            }
            _ => false,
        };
        let warnings = oddities::of_root(document, root, &by_itself, by_previous.as_ref());
        Ok(Self {
            by_previous,
            by_itself,
            line_endings,
            warnings,
        })
    }

    /// Whether enough signed.
    pub(super) fn judge(self, document: Document, root: Root) -> Result<VerifiedRoot, RootError> {
        let version = root.version;
        let demands = [
            (version.saturating_sub(1), self.by_previous.as_ref()),
            (version, Some(&self.by_itself)),
        ];
        let unmet: Vec<_> = demands
            .into_iter()
            .filter_map(|(demanded_by, quorum)| Some((demanded_by, quorum.filter(|q| !q.met())?)))
            .map(|(demanded_by, quorum)| Unmet {
                demanded_by,
                quorum: quorum.clone(),
            })
            .collect();
        if self.line_endings {
            return Err(RootError::LineEndings);
        }
        if !unmet.is_empty() {
            return Err(RootError::Quorum { version, unmet });
        }
        Ok(VerifiedRoot {
            document,
            root,
            by_previous: self.by_previous,
            by_itself: self.by_itself,
            warnings: self.warnings,
        })
    }
}

/// The signers, by the demands of the root itself and of the one before.
fn counts(
    previous: Option<&Root>,
    root: &Root,
    document: &Document,
) -> Result<(Quorum, Option<Quorum>), DocumentError> {
    let mut checks = Checks::of(document);
    let by_itself = count_for_root(root, &mut checks)?;
    let by_previous = previous.map(|previous| count_for_root(previous, &mut checks));
    Ok((by_itself, by_previous.transpose()?))
}

fn count_for_root(root: &Root, checks: &mut Checks<'_>) -> Result<Quorum, DocumentError> {
    match root.roles.get("root") {
        Some(role) => Ok(count(role, &root.keys, checks)),
        // Root::read demands the role.
        None => Err(Misfit {
            path: "signed.roles".to_owned(),
            problem: "there is no role \"root\"".to_owned(),
        }
        .into()),
    }
}
