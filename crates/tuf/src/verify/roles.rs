//! Everything that is not a root: targets, snapshot and timestamp by the root,
//! delegated roles by what delegates to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::oddities;
use super::quorum::{Checks, Quorum, count};
use super::root::VerifiedRoot;
use crate::common::Common;
use crate::{Delegations, Document, DocumentError, KeyEntry, KeyId, RoleKeys, Targets, Warning};
use keymoot_core::json::At;
use keymoot_core::text::excerpt;
use keymoot_core::time::Time;

/// A document, and the names its role may have. Targets documents do not tell
/// their role; the name of their file does.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The names, the likeliest first
    pub names: Vec<String>,
    /// The document
    pub document: Document,
}

/// A document of a role, signed as what delegates to the role demands.
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
    /// What is odd about it
    pub warnings: BTreeSet<Warning>,
}

/// What delegates to a role.
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

/// Why a document is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Nothing given says who may sign it.
    #[error(
        "nothing given here delegates to the role {}; give the document that does, and name the \
         file as the role, such as targets.json",
        list(.0)
    )]
    NoDelegator(Vec<String>),
    /// Two documents claim one role and version and differ in what was signed.
    #[error(
        "there are two different documents of version {version}; at most one of them is genuine"
    )]
    Conflict {
        /// The version of both
        version: u64,
    },
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
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Document(error) => error.name(),
            Self::NoDelegator(_) => "NO-DELEGATOR",
            Self::Conflict { .. } => "CONFLICTING-VERSIONS",
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
                search.try_role(role, keys, &root.keys, &Delegator::Root(root.version));
            }
        }
    }
    while let Some((delegator, delegations)) = search.waiting.pop_front() {
        for role in &delegations.roles {
            search.try_role(&role.name, &role.keys, &delegations.keys, &delegator);
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

    /// Judges the documents of a role that nobody has accepted yet.
    fn try_role(
        &mut self,
        role: &str,
        keys: &RoleKeys,
        entries: &BTreeMap<KeyId, KeyEntry>,
        delegator: &Delegator,
    ) {
        let kind = match role {
            "timestamp" | "snapshot" => role,
            _ => "targets",
        };
        let mut newest: Option<(u64, Delegations)> = None;
        for (candidate, result) in self.candidates.iter().zip(&mut self.results) {
            let named = kind != "targets" || candidate.names.iter().any(|name| name == role);
            let open = matches!(result, None | Some(Err(RoleError::Quorum { .. })));
            if !open || !named || candidate.document.kind() != kind {
                continue;
            }
            match judge(role, keys, entries, delegator, &candidate.document) {
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

/// Whether enough of the role's keys signed, and to whom the document delegates
/// in turn. Its content is looked at only then.
fn judge(
    role: &str,
    keys: &RoleKeys,
    entries: &BTreeMap<KeyId, KeyEntry>,
    delegator: &Delegator,
    document: &Document,
) -> Result<(VerifiedRole, Option<Delegations>), RoleError> {
    let quorum = count(keys, entries, &mut Checks::of(document));
    if !quorum.met() {
        return Err(RoleError::Quorum {
            delegator: delegator.clone(),
            quorum: Box::new(quorum),
        });
    }
    let mut warnings = oddities::of_role(document, &quorum);
    let (expires, delegations) = if document.kind() == "targets" {
        let content = Targets::read(document)?;
        warnings.extend(content.warnings().iter().cloned());
        (content.expires, content.delegations)
    } else {
        let mut content = Vec::new();
        let common = Common::read(&At::top(document.signed(), "signed"), &mut content)
            .map_err(DocumentError::from)?;
        warnings.extend(content);
        (common.expires, None)
    };
    let verified = VerifiedRole {
        role: role.to_owned(),
        delegator: delegator.clone(),
        version: document.version(),
        expires,
        quorum,
        warnings,
    };
    Ok((verified, delegations))
}
