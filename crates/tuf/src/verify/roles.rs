//! Everything that is not a root: targets, snapshot and timestamp by the root,
//! delegated roles by their delegators.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::oddities;
use super::quorum::{Checks, Quorum, count};
use super::root::VerifiedRoot;
use crate::common::Common;
use crate::conformance::{self, nonconformities};
use crate::document::ROLES;
use crate::line_endings::LINE_ENDINGS;
use crate::meta::{self, FileFacts, Listing};
use crate::{
    DelegatedRole, Delegations, Document, DocumentError, KeyEntry, KeyId, RoleKeys, Targets,
    Warning,
};
use keymoot_core::json::At;
use keymoot_core::text::excerpt;
use keymoot_core::time::Time;

/// A document, and the names its role may have. Targets documents do not name
/// their role; the name of their file does.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The names, the likeliest first
    pub names: Vec<String>,
    /// Whether the reader looked for the first name, as clients do. Otherwise a name that is no
    /// role's may belong to any timestamp or snapshot.
    pub exact: bool,
    /// The document
    pub document: Document,
    /// The file it was read from, where it is one file as servers publish it
    pub file: Option<FileFacts>,
}

impl Candidate {
    /// Whether clients look for a document of another type under its name.
    fn misnamed(&self) -> Option<RoleError> {
        let found = self.document.kind();
        let wanted = |name: &String| {
            let top = ROLES.into_iter().find(|role| role == name);
            top.unwrap_or("targets")
        };
        let other = match self.exact {
            true => self.names.first().map(wanted),
            // A name such as `7.snapshot` is a delegated role's, or that of a snapshot.
            false if found == "targets" => {
                let any = self.names.iter().any(|name| wanted(name) == found);
                self.names.last().map(wanted).filter(|_| !any)
            }
            false => {
                let mut names = self.names.iter().rev();
                let top = names.find(|name| ROLES.contains(&name.as_str()));
                top.map(wanted)
            }
        };
        let wanted = other.filter(|wanted| *wanted != found)?;
        let found = found.to_owned();
        Some(RoleError::WrongRole { found, wanted })
    }
}

/// A document of a role with the signatures that its delegator demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRole {
    /// The role's name, as the delegation has it; not safe to show
    pub role: String,
    /// Who delegates to the role
    pub delegator: Delegator,
    /// The document's version
    pub version: u64,
    /// When it expires
    pub expires: Time,
    /// Who signed
    pub quorum: Quorum,
    /// Its oddities
    pub warnings: BTreeSet<Warning>,
    /// The entries of a snapshot or timestamp for other files
    pub(crate) listing: Listing,
}

impl VerifiedRole {
    /// The version of a file, such as `targets.json`, that this snapshot or timestamp lists.
    #[must_use]
    pub fn listed(&self, file: &str) -> Option<u64> {
        self.listing.get(file).map(|listed| listed.version)
    }

    /// The roles that this snapshot or timestamp lists, with their versions.
    pub fn versions(&self) -> impl Iterator<Item = (String, u64)> {
        let listing = self.listing.iter();
        listing.filter_map(|(name, listed)| {
            Some((name.strip_suffix(".json")?.to_owned(), listed.version))
        })
    }
}

/// The delegator of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delegator {
    /// The root of that version
    Root(u64),
    /// The targets document of a role, by the role's name and its version
    Role(String, u64),
}

/// For people; safe to show.
impl std::fmt::Display for Delegator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root(version) => write!(f, "root version {version}"),
            Self::Role(name, version) => write!(f, "{} version {version}", excerpt(name)),
        }
    }
}

/// Why a document does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Nothing that verified says who may sign it.
    #[error(
        "no verified document delegates to the role {}; fix the other errors, or \
         give the document that does, and name the file as the role, such as targets.json",
        list(.0)
    )]
    NoDelegator(Vec<String>),
    /// Its file name says that it is of another role than its `_type`.
    #[error(
        "it is a {} document, and clients look for a {wanted} document under its name",
        excerpt(.found)
    )]
    WrongRole {
        /// Its `_type`
        found: String,
        /// The type that clients look for
        wanted: &'static str,
    },
    /// Two documents claim one role and version and differ in what was signed.
    #[error(
        "there are two different documents of version {version}; at most one of them is genuine"
    )]
    Conflict {
        /// The version of both
        version: u64,
    },
    /// It lists a file that its delegator does not let it sign for.
    #[error(
        "it lists \"{}\", which is outside of the paths that {delegator} delegates to it; \
         no client looks for that file here",
        excerpt(.file)
    )]
    OutsideDelegation {
        /// Who delegates to it
        delegator: Delegator,
        /// The first such file, by name
        file: String,
    },
    /// Only its line endings differ from the signed document.
    #[error("{LINE_ENDINGS}")]
    LineEndings,
    /// Too few keys signed.
    #[error("it is not signed by enough keys of {delegator}: {quorum}")]
    Quorum {
        /// Who delegates to it
        delegator: Delegator,
        /// What there is
        quorum: Box<Quorum>,
    },
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("\"{}\"", excerpt(name)))
        .collect();
    quoted.join(" or ")
}

impl RoleError {
    /// Whether another delegator may still accept the document.
    fn depends_on_delegator(&self) -> bool {
        matches!(self, Self::Quorum { .. } | Self::OutsideDelegation { .. })
    }

    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Document(error) => error.name(),
            Self::NoDelegator(_) => "NO-DELEGATOR",
            Self::WrongRole { .. } => "WRONG-ROLE",
            Self::Conflict { .. } => "CONFLICTING-VERSIONS",
            Self::LineEndings => "LINE-ENDINGS",
            Self::OutsideDelegation { .. } => "OUTSIDE-DELEGATION",
            Self::Quorum { .. } => "TOO-FEW-SIGNATURES",
        }
    }
}

/// Verifies documents of roles, given in any order, from the root downwards:
/// each against the first that delegates to it and whose keys accept it. Of
/// several versions of a role the newest delegates. The results are in the
/// order of the candidates.
#[must_use]
pub fn verify_roles(
    root: Option<&VerifiedRoot>,
    candidates: &[Candidate],
) -> Vec<Result<VerifiedRole, RoleError>> {
    let mut search = Search::begin(candidates);
    if let Some(root) = root.map(VerifiedRoot::root) {
        for role in ["timestamp", "snapshot", "targets"] {
            if let Some(keys) = root.roles.get(role) {
                let delegator = Delegator::Root(root.version);
                search.try_role(role, keys, &root.keys, &delegator, None);
            }
        }
    }
    while let Some((delegator, delegations)) = search.waiting.pop_front() {
        for role in &delegations.roles {
            let (name, keys) = (&role.name, &role.keys);
            search.try_role(name, keys, &delegations.keys, &delegator, Some(role));
        }
    }
    search.finish()
}

/// The state of the search from the root downwards.
struct Search<'c> {
    candidates: &'c [Candidate],
    results: Vec<Option<Result<VerifiedRole, RoleError>>>,
    /// Delegations of verified documents that were not followed yet
    waiting: VecDeque<(Delegator, Delegations)>,
}

impl<'c> Search<'c> {
    fn begin(candidates: &'c [Candidate]) -> Self {
        let mut search = Self {
            candidates,
            results: candidates.iter().map(|_| None).collect(),
            waiting: VecDeque::new(),
        };
        search.find_conflicts();
        for (candidate, result) in candidates.iter().zip(&mut search.results) {
            if let Some(error) = candidate.misnamed() {
                *result = Some(Err(error));
            }
        }
        search
    }

    /// Documents of one file name and version that differ.
    fn find_conflicts(&mut self) {
        let mut seen = BTreeMap::<(&str, Option<&String>, u64), &Document>::new();
        let mut conflicts = BTreeSet::new();
        let key = |candidate: &'c Candidate| {
            let document = &candidate.document;
            (document.kind(), candidate.names.last(), document.version())
        };
        for candidate in self.candidates {
            let first = seen.entry(key(candidate)).or_insert(&candidate.document);
            if first.signed_bytes() != candidate.document.signed_bytes() {
                conflicts.insert(key(candidate));
            }
        }
        for (candidate, result) in self.candidates.iter().zip(&mut self.results) {
            if conflicts.contains(&key(candidate)) {
                let version = candidate.document.version();
                *result = Some(Err(RoleError::Conflict { version }));
            }
        }
    }

    /// Checks the documents of a role that nobody has accepted yet.
    fn try_role(
        &mut self,
        role: &str,
        keys: &RoleKeys,
        entries: &BTreeMap<KeyId, KeyEntry>,
        delegator: &Delegator,
        delegated: Option<&DelegatedRole>,
    ) {
        let kind = match role {
            "timestamp" | "snapshot" => role,
            _ => "targets",
        };
        let mut newest: Option<(u64, Delegations)> = None;
        for (candidate, result) in self.candidates.iter().zip(&mut self.results) {
            // A timestamp or snapshot under another role's name was refused before.
            let named = kind != "targets" || candidate.names.iter().any(|name| name == role);
            let open = match result {
                None => true,
                Some(Err(error)) => error.depends_on_delegator(),
                Some(Ok(_)) => false,
            };
            if !open || !named || candidate.document.kind() != kind {
                continue;
            }
            let judged = judge(
                role,
                keys,
                entries,
                delegator,
                delegated,
                &candidate.document,
            );
            match judged {
                Ok((verified, delegations)) => {
                    let version = verified.version;
                    *result = Some(Ok(verified));
                    if let Some(delegations) = delegations
                        && newest.as_ref().is_none_or(|(other, _)| *other < version)
                    {
                        newest = Some((version, delegations));
                    }
                }
                Err(error) if result.is_none() => *result = Some(Err(error)),
                Err(_) => {}
            }
        }
        self.waiting.extend(newest.map(|(version, delegations)| {
            (Delegator::Role(role.to_owned(), version), delegations)
        }));
    }

    fn finish(self) -> Vec<Result<VerifiedRole, RoleError>> {
        self.candidates
            .iter()
            .zip(self.results)
            .map(|(candidate, result)| {
                result.unwrap_or_else(|| Err(RoleError::NoDelegator(candidate.names.clone())))
            })
            .collect()
    }
}

/// Whether enough of the role's keys signed, and the document's own delegations.
/// Its content is read only then.
fn judge(
    role: &str,
    keys: &RoleKeys,
    entries: &BTreeMap<KeyId, KeyEntry>,
    delegator: &Delegator,
    delegated: Option<&DelegatedRole>,
    document: &Document,
) -> Result<(VerifiedRole, Option<Delegations>), RoleError> {
    let quorum = count(keys, entries, &mut Checks::of(document));
    if !quorum.met() {
        let accepted = |document: Document| count(keys, entries, &mut Checks::of(&document)).met();
        if document.with_line_feeds().is_some_and(accepted) {
            return Err(RoleError::LineEndings);
        }
        return Err(RoleError::Quorum {
            delegator: delegator.clone(),
            quorum: Box::new(quorum),
        });
    }
    let mut warnings = oddities::of_role(document, &quorum);
    let mut listing = Listing::new();
    let (expires, delegations) = if document.kind() == "targets" {
        let content = Targets::read(document)?;
        warnings.extend(content.warnings().iter().cloned());
        let files = content.targets.keys().map(String::as_str);
        let strange = delegated.and_then(|delegated| delegated.first_outside(files));
        if let Some(file) = strange {
            return Err(RoleError::OutsideDelegation {
                delegator: delegator.clone(),
                file: file.to_owned(),
            });
        }
        let conformance = conformance::of_targets(document, content.delegations.as_ref());
        warnings.extend(Warning::nonconforming(conformance));
        (content.expires, content.delegations)
    } else {
        let mut content = Vec::new();
        let at = At::top(document.signed(), "signed");
        let common = Common::read(&at, &mut content).map_err(DocumentError::from)?;
        listing = meta::read(&at).map_err(DocumentError::from)?;
        warnings.extend(content);
        warnings.extend(Warning::nonconforming(nonconformities(document)));
        (common.expires, None)
    };
    let verified = VerifiedRole {
        role: role.to_owned(),
        delegator: delegator.clone(),
        version: document.version(),
        expires,
        quorum,
        warnings,
        listing,
    };
    Ok((verified, delegations))
}
