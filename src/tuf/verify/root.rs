//! One root after another.

use std::collections::{BTreeMap, BTreeSet};

use super::quorum::{Checks, Quorum, Rejection, count};
use crate::digest::Digest;
use crate::tuf::json::Misfit;
use crate::tuf::{Document, DocumentError, KeyId, Root, Warning};

/// A root that is signed as it must be; only [`verify_root`] makes one.
///
/// Without a previous root it is only consistent with itself, and whether to
/// believe it is the caller's to know from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRoot {
    document: Document,
    root: Root,
    by_previous: Option<Quorum>,
    by_itself: Quorum,
    warnings: BTreeSet<Warning>,
}

/// Why a root is not to be believed.
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

impl VerifiedRoot {
    /// The document, with the signatures as they stand in its file.
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

    /// What is odd about it, in a fixed order.
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
    let version = root.version;
    if let Some(previous) = previous.map(|previous| previous.root.version)
        && previous.checked_add(1) != Some(version)
    {
        return Err(RootError::Version {
            previous,
            found: version,
        });
    }

    let mut checks = Checks::of(&document);
    let by_itself = count_for_root(&root, &mut checks)?;
    let by_previous = previous
        .map(|previous| count_for_root(&previous.root, &mut checks))
        .transpose()?;
    let demands = [
        (version.saturating_sub(1), by_previous.as_ref()),
        (version, Some(&by_itself)),
    ];
    let unmet: Vec<_> = demands
        .into_iter()
        .filter_map(|(demanded_by, quorum)| Some((demanded_by, quorum.filter(|q| !q.met())?)))
        .map(|(demanded_by, quorum)| Unmet {
            demanded_by,
            quorum: quorum.clone(),
        })
        .collect();
    if !unmet.is_empty() {
        return Err(RootError::Quorum { version, unmet });
    }
    Ok(VerifiedRoot {
        warnings: oddities(&document, &root, by_previous.as_ref(), &by_itself),
        document,
        root,
        by_previous,
        by_itself,
    })
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

fn oddities(
    document: &Document,
    root: &Root,
    by_previous: Option<&Quorum>,
    by_itself: &Quorum,
) -> BTreeSet<Warning> {
    let quorums = || by_previous.into_iter().chain([by_itself]);
    let mut warnings: BTreeSet<_> = document
        .warnings()
        .iter()
        .chain(root.warnings())
        .filter(|warning| !matches!(warning, Warning::KeyUnderSeveralIds { .. }))
        .cloned()
        .collect();
    for signature in document.signatures() {
        let keyid = &signature.keyid;
        if signature.is_placeholder() {
            warnings.insert(Warning::Placeholder(keyid.clone()));
        } else if by_previous.is_some() && quorums().all(|quorum| quorum.others.contains(keyid)) {
            warnings.insert(Warning::UnknownSigner(keyid.clone()));
        }
    }
    for (keyid, reason) in quorums().flat_map(|quorum| &quorum.rejected) {
        if !matches!(reason, Rejection::Placeholder | Rejection::SameKey(_)) {
            warnings.insert(Warning::RejectedSignature {
                keyid: keyid.clone(),
                reason: reason.to_string(),
            });
        }
    }
    warnings.extend(several_names(root, quorums()));
    warnings
}

/// The keys that stand under more than one id in the root or in signatures.
fn several_names<'q>(root: &Root, quorums: impl Iterator<Item = &'q Quorum>) -> Vec<Warning> {
    let mut names = BTreeMap::<Digest, BTreeSet<&KeyId>>::new();
    let listed = root
        .keys
        .iter()
        .filter_map(|(keyid, entry)| Some((entry.fingerprint()?, keyid)));
    let signed = quorums
        .flat_map(|quorum| &quorum.valid)
        .map(|valid| (valid.fingerprint, &valid.keyid));
    for (fingerprint, keyid) in listed.chain(signed) {
        names.entry(fingerprint).or_default().insert(keyid);
    }
    names
        .into_iter()
        .filter(|(_, keyids)| keyids.len() > 1)
        .map(|(fingerprint, keyids)| Warning::KeyUnderSeveralIds {
            fingerprint,
            keyids: keyids.into_iter().cloned().collect(),
        })
        .collect()
}
