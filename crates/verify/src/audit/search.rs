//! From a verified root to the document that lists a file, as clients search (TUF 1.0.34,
//! section 5.6.7): delegated roles in their order, depth first, until one terminates.

use keymoot_core::{digest::Digest, text::excerpt, time::Time};
use keymoot_tuf::{
    Candidate, Lifetime, RoleError, TargetFile, Targets, VerifiedRole, VerifiedRoot, agreement,
    verify_roles,
};
use serde::Serialize;

use super::repository::{Repository, Stop, clients_refuse};

/// The most documents that are searched: a client stops too.
const MOST: usize = 32;

/// The file as it is listed, and by which role.
pub(super) struct Found {
    pub(super) role: String,
    pub(super) file: TargetFile,
    /// What the snapshot lists, by role: no later snapshot may list less
    pub(super) listed: Vec<(String, u64)>,
}

/// A document on the way to the file.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) role: String,
    pub(super) version: u64,
    pub(super) expires: String,
    #[serde(skip)]
    pub(super) end: Time,
    /// SHA-256 of what is signed
    #[serde(skip)]
    pub(super) signed: Digest,
}

/// Finds a file, and gives the documents on the way to it.
///
/// # Errors
/// In words, why no verified document lists it.
pub(super) fn find(
    repository: &Repository,
    root: &VerifiedRoot,
    target: &str,
) -> Result<(Found, Vec<Step>), Stop> {
    let mut way = Way {
        repository,
        root,
        candidates: Vec::new(),
    };
    let timestamp = way.add("timestamp", None)?;
    let version = timestamp.listed("snapshot.json");
    let snapshot = way.add(
        "snapshot",
        Some(version.ok_or("the timestamp lists no snapshot")?),
    )?;
    let listed = |role: &str| snapshot.listed(&format!("{role}.json"));
    let mut waiting = vec!["targets".to_owned()];
    let mut searched = 0;
    while let Some(role) = waiting.pop() {
        searched += 1;
        if searched > MOST {
            return Err(format!("more than {MOST} roles may list the file").into());
        }
        let shown = excerpt(&role);
        let version = listed(&role).ok_or_else(|| format!("the snapshot does not list {shown}"))?;
        way.add(&role, Some(version))?;
        let targets = way.targets()?;
        if let Some(file) = targets.targets.get(target) {
            way.agrees()?;
            let found = Found {
                role,
                file: file.clone(),
                listed: snapshot
                    .versions()
                    .filter(|(role, _)| is_listed(role))
                    .collect(),
            };
            return Ok((found, way.steps()?));
        }
        let delegated = targets.delegations.iter().flat_map(|all| &all.roles);
        let covering = delegated.filter(|delegated| delegated.covers(target));
        let mut next = Vec::new();
        for delegated in covering {
            next.push(delegated.name.clone());
            if delegated.terminating {
                waiting.clear();
                break;
            }
        }
        waiting.extend(next.into_iter().rev());
    }
    let target = excerpt(target);
    Err(format!("no role lists \"{target}\"; --target is the name in the repository").into())
}

/// Whether versions of a role come from the snapshot. Old ones also list the root, which may be
/// newer there.
fn is_listed(role: &str) -> bool {
    !["root", "timestamp", "snapshot"].contains(&role)
}

struct Way<'a> {
    repository: &'a Repository,
    root: &'a VerifiedRoot,
    candidates: Vec<Candidate>,
}

impl Way<'_> {
    /// Reads the document of a role and verifies it by what was read before.
    fn add(&mut self, role: &str, version: Option<u64>) -> Result<VerifiedRole, Stop> {
        let (document, file) = self.repository.document(role, version)?;
        let refused = clients_refuse(&document);
        self.candidates.push(Candidate {
            names: vec![role.to_owned()],
            exact: true,
            document,
            file,
        });
        let verdict = self.verdicts().pop();
        let shown = excerpt(role);
        let verified = verdict
            .ok_or("nothing was read")?
            .map_err(|error| format!("{shown}: {error}"))?;
        if verified.role != role {
            let other = excerpt(&verified.role);
            return Err(format!("{shown}: it is a document of the role {other}").into());
        }
        refused.map_err(|why| format!("{shown}: {why}"))?;
        Ok(verified)
    }

    fn verdicts(&self) -> Vec<Result<VerifiedRole, RoleError>> {
        verify_roles(Some(self.root), &self.candidates)
    }

    /// The last document that was added.
    fn targets(&self) -> Result<Targets, String> {
        let last = self.candidates.last().ok_or("nothing was read")?;
        Targets::read(&last.document).map_err(|error| error.to_string())
    }

    /// The documents are those that the snapshot lists.
    fn agrees(&self) -> Result<(), String> {
        let found = agreement(&self.candidates, &self.verdicts());
        match found.contradictions.first() {
            None => Ok(()),
            Some((_, contradiction)) => Err(contradiction.to_string()),
        }
    }

    fn steps(&self) -> Result<Vec<Step>, String> {
        let step = |candidate: &Candidate| {
            let lifetime = Lifetime::of(&candidate.document).map_err(|error| error.to_string())?;
            Ok(Step {
                role: candidate.names.concat(),
                version: candidate.document.version(),
                expires: lifetime.expires.to_string(),
                end: lifetime.expires,
                signed: candidate.document.digest(),
            })
        };
        self.candidates.iter().map(step).collect()
    }
}
