//! Comparing documents with each other: the lists of timestamp and snapshot, and the given
//! documents.
//!
//! Each document may be signed correctly, and clients still refuse them together. Examples are a
//! snapshot from before the timestamp, a delegated role that the snapshot does not list, and a file
//! of another length (TUF 1.0.34, sections 5.4 to 5.6).

use std::collections::{BTreeMap, BTreeSet};

use super::roles::{Candidate, RoleError, VerifiedRole};
use crate::line_endings::LINE_ENDINGS;
use crate::meta::{self, FileFacts, Listed};
use keymoot_core::text::excerpt;

/// The result of comparing a set of verified documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The roles among timestamp and snapshot of which no document was given, although
    /// others were. Clients refuse a repository without them.
    pub missing: Vec<&'static str>,
    /// The contradictions, each with the place of the document among the candidates
    pub contradictions: Vec<(usize, Contradiction)>,
}

/// Why clients refuse a document that is signed as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Another version of it is listed than any that is given.
    #[error("{lister} lists {} version {listed}, and version {given} is given", excerpt(.file))]
    Version {
        /// The listing document; safe to show
        lister: String,
        /// The name it is listed under
        file: String,
        /// The version listed
        listed: u64,
        /// The newest version given
        given: u64,
    },
    /// It is not listed at all.
    #[error("{lister} does not list {}", excerpt(.file))]
    NotListed {
        /// The document that does not list it; safe to show
        lister: String,
        /// The name it would be listed under
        file: String,
    },
    /// Another length is listed.
    #[error("{lister} lists {} with {listed} bytes, and the file has {given}", excerpt(.file))]
    Length {
        /// The listing document; safe to show
        lister: String,
        /// The name it is listed under
        file: String,
        /// The length listed, in bytes
        listed: u64,
        /// That of the file, in bytes
        given: u64,
    },
    /// Another hash is listed.
    #[error("{lister} lists {} with another {} than the file has", excerpt(.file), excerpt(.algorithm))]
    Hash {
        /// The listing document; safe to show
        lister: String,
        /// The name it is listed under
        file: String,
        /// The algorithm's name
        algorithm: String,
    },
    /// Hashes of other algorithms alone are listed, so the file could be any.
    #[error("{lister} lists {} with no hash that keymoot computes", excerpt(.file))]
    UnknownHashes {
        /// The listing document; safe to show
        lister: String,
        /// The name it is listed under
        file: String,
    },
    /// It is as listed except its line endings.
    #[error("{LINE_ENDINGS}")]
    LineEndings,
}

impl Contradiction {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Version { .. } => "VERSION-MISMATCH",
            Self::NotListed { .. } => "NOT-LISTED",
            Self::Length { .. } => "LENGTH-MISMATCH",
            Self::Hash { .. } | Self::UnknownHashes { .. } => "HASH-MISMATCH",
            Self::LineEndings => "LINE-ENDINGS",
        }
    }
}

/// Compares verified documents with what the newest timestamp says of the snapshot, and
/// with what that snapshot says of targets and delegated roles. `verdicts` are those of
/// [`verify_roles`](super::verify_roles) over the same candidates.
#[must_use]
pub fn agreement(
    candidates: &[Candidate],
    verdicts: &[Result<VerifiedRole, RoleError>],
) -> Agreement {
    let given = |kind: &str| {
        let mut kinds = candidates.iter().map(|one| one.document.kind());
        kinds.any(|found| found == kind)
    };
    let mut found = Agreement::default();
    if !candidates.is_empty() {
        let needed = ["timestamp", "snapshot"];
        found.missing = needed.into_iter().filter(|kind| !given(kind)).collect();
    }
    let roles = Roles::of(candidates, verdicts);
    let mut snapshot = roles.newest("snapshot");
    if let Some((_, timestamp)) = roles.newest("timestamp") {
        let named = roles.compare(timestamp, "snapshot", &mut found.contradictions);
        snapshot = named.or(snapshot);
    }
    if let Some((_, snapshot)) = snapshot {
        for role in roles.names() {
            roles.compare(snapshot, role, &mut found.contradictions);
        }
    }
    found
}

/// A verified document and its place among the candidates.
type Placed<'v> = (usize, &'v VerifiedRole);

/// The verified documents of each role by version.
struct Roles<'v> {
    candidates: &'v [Candidate],
    by_name: BTreeMap<&'v str, BTreeMap<u64, Placed<'v>>>,
}

impl<'v> Roles<'v> {
    fn of(candidates: &'v [Candidate], verdicts: &'v [Result<VerifiedRole, RoleError>]) -> Self {
        let mut by_name = BTreeMap::<_, BTreeMap<_, _>>::new();
        for (place, verdict) in verdicts.iter().enumerate() {
            if let Ok(verified) = verdict {
                let versions = by_name.entry(verified.role.as_str()).or_default();
                versions.insert(verified.version, (place, verified));
            }
        }
        Self {
            candidates,
            by_name,
        }
    }

    fn newest(&self, role: &str) -> Option<Placed<'v>> {
        let versions = self.by_name.get(role)?;
        versions.last_key_value().map(|(_, placed)| *placed)
    }

    /// The roles that a snapshot lists.
    fn names(&self) -> BTreeSet<&'v str> {
        let names = self.by_name.keys().copied();
        names
            .filter(|name| !["timestamp", "snapshot"].contains(name))
            .collect()
    }

    /// Compares a role's documents with what a lister says of them. Gives the document
    /// of the version that is listed.
    fn compare(
        &self,
        lister: &VerifiedRole,
        role: &str,
        found: &mut Vec<(usize, Contradiction)>,
    ) -> Option<Placed<'v>> {
        let (newest, document) = self.newest(role)?;
        let by = format!("{} version {}", lister.role, lister.version);
        let file = format!("{role}.json");
        let Some(listed) = lister.listing.get(&file) else {
            found.push((newest, Contradiction::NotListed { lister: by, file }));
            return None;
        };
        let Some(&placed) = self.by_name.get(role)?.get(&listed.version) else {
            let contradiction = Contradiction::Version {
                lister: by,
                file,
                listed: listed.version,
                given: document.version,
            };
            found.push((newest, contradiction));
            return None;
        };
        let facts = self
            .candidates
            .get(placed.0)
            .and_then(|one| one.file.as_ref());
        if let Some(facts) = facts {
            let other = differences(&by, &file, listed, facts);
            let line_feeds = facts.line_feeds();
            let only_lines =
                line_feeds.is_some_and(|facts| differences(&by, &file, listed, facts).is_empty());
            if only_lines && !other.is_empty() {
                found.push((placed.0, Contradiction::LineEndings));
            } else {
                found.extend(other.into_iter().map(|other| (placed.0, other)));
            }
        }
        Some(placed)
    }
}

fn differences(lister: &str, file: &str, listed: &Listed, facts: &FileFacts) -> Vec<Contradiction> {
    let given = facts.length();
    let length = listed.length.filter(|length| *length != given);
    let length = length.map(|listed| Contradiction::Length {
        lister: lister.to_owned(),
        file: file.to_owned(),
        listed,
        given,
    });
    let other = listed.hashes.iter().filter(|(algorithm, hash)| {
        let given = facts.hash(algorithm);
        given.is_some_and(|given| !given.eq_ignore_ascii_case(hash))
    });
    let hashes = other.map(|(algorithm, _)| Contradiction::Hash {
        lister: lister.to_owned(),
        file: file.to_owned(),
        algorithm: algorithm.clone(),
    });
    let computed = listed.hashes.keys().any(|name| meta::is_computed(name));
    let unknown = !computed && !listed.hashes.is_empty();
    let unknown = unknown.then(|| Contradiction::UnknownHashes {
        lister: lister.to_owned(),
        file: file.to_owned(),
    });
    length.into_iter().chain(hashes).chain(unknown).collect()
}
