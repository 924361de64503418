//! The documents of a tree below its root, and why clients refuse them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keymoot_core::text::excerpt;
use keymoot_tuf::{
    Candidate, Dialect, Document, FileFacts, Lifetime, RoleError, Targets, VerifiedRole,
    VerifiedRoot, agreement, nonconformities, verify_roles,
};

use crate::bundle::Files;

/// The roles whose documents a service makes after the export, the timestamp's first.
const ONLINE: [&str; 2] = ["timestamp", "snapshot"];
const TARGETS: &str = "targets";

/// The documents of a tree below its root: those that services, teams and holders sign.
#[derive(Debug, Clone, Default)]
pub struct BelowRoot {
    /// Those that can be read, each with its role as the first name.
    candidates: Vec<Candidate>,
    /// The verdict on each of them.
    verified: Vec<Result<VerifiedRole, RoleError>>,
    /// Those that cannot be read, and those that are not where clients ask for them.
    unread: Vec<Refusal>,
    /// Why clients refuse the newest root, although it is signed as it must be.
    root: Vec<Refusal>,
    /// Those that clients need and that are not there. Timestamp and snapshot count only where
    /// another document lists them.
    absent: Vec<Refusal>,
}

/// What only the folder of a server has, and no working tree.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// The documents that clients do not find there.
    pub missing: Vec<Refusal>,
    /// Length and hashes of each current document's file, by role.
    pub files: BTreeMap<String, FileFacts>,
}

/// Why clients refuse the document of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The role; not safe to show.
    pub role: String,
    /// The name that scripts may rely on.
    pub name: &'static str,
    /// The reason, safe to show.
    pub why: String,
    /// What ends it.
    pub cure: Cure,
}

/// What ends a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// The role's signers sign a document again.
    Document,
    /// The online key signs a snapshot again.
    Snapshot,
    /// The documents may stay: their files are fetched or served again.
    Files,
}

impl BelowRoot {
    /// Reads them and verifies them from this root downwards. Delegations are followed to any
    /// depth, also those of a document that nobody signed: what it delegates to is refused then.
    #[must_use]
    pub fn read(
        files: &Files,
        dialect: Dialect,
        root: Option<&VerifiedRoot>,
        served: &Served,
    ) -> Self {
        let mut found = Self::default();
        let read = |role: &str| read(files, dialect, role, served);
        let mut waiting = VecDeque::from([ONLINE[0], ONLINE[1], TARGETS].map(str::to_owned));
        // A role is read once, so that delegations in a circle end.
        let mut met: BTreeSet<_> = waiting.iter().cloned().collect();
        while let Some(role) = waiting.pop_front() {
            match read(&role) {
                Ok(None) => {}
                Ok(Some(candidate)) => {
                    let content = Targets::read(&candidate.document).ok();
                    let delegations = content.and_then(|content| content.delegations);
                    let delegated = delegations.into_iter().flat_map(|all| all.roles);
                    let names = delegated.map(|role| role.name);
                    waiting.extend(names.filter(|name| met.insert(name.clone())));
                    found.candidates.push(candidate);
                }
                Err(refusal) => found.unread.push(refusal),
            }
        }
        found.verified = verify_roles(root, &found.candidates);
        found.root = root.map_or_else(Vec::new, |root| nonconforming("root", root.document()));
        found.find_listed(&read);
        if !found.knows(TARGETS) {
            found.absent.push(missing(
                TARGETS,
                "every root names its keys, and there is no targets.json",
            ));
        }
        found.unread.extend_from_slice(&served.missing);
        found
    }

    /// The documents that can be read, each with its role, and why its delegator refuses it.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &Document, Option<&RoleError>)> {
        let all = self.candidates.iter().zip(&self.verified);
        all.map(|(candidate, verdict)| {
            (role(candidate), &candidate.document, verdict.as_ref().err())
        })
    }

    /// The documents that cannot be read, or that clients do not find on a server.
    #[must_use]
    pub fn unread(&self) -> &[Refusal] {
        &self.unread
    }

    /// The documents that are not there, although clients ask for them.
    #[must_use]
    pub fn absent(&self) -> &[Refusal] {
        &self.absent
    }

    /// The roles among timestamp and snapshot of which there is no document, and no other
    /// document lists one: services make both after the export.
    #[must_use]
    pub fn not_made(&self) -> Vec<&'static str> {
        let mut roles = ONLINE.to_vec();
        roles.retain(|role| !self.knows(role));
        roles
    }

    /// Every refusal of a document: of the newest root, and of each below it in their order.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = self.root.clone();
        refusals.extend_from_slice(&self.unread);
        refusals.extend(self.documents().filter_map(|(role, _, error)| {
            let error = error?;
            Some(Refusal {
                role: role.to_owned(),
                name: error.name(),
                why: error.to_string(),
                cure: match error {
                    RoleError::LineEndings => Cure::Files,
                    _ => Cure::Document,
                },
            })
        }));
        let compared = agreement(&self.candidates, &self.verified);
        for (place, contradiction) in compared.contradictions {
            refusals.extend(self.candidates.get(place).map(|candidate| Refusal {
                role: role(candidate).to_owned(),
                name: contradiction.name(),
                why: contradiction.to_string(),
                cure: Cure::Snapshot,
            }));
        }
        let documents = self.documents();
        refusals.extend(documents.flat_map(|(role, document, _)| nonconforming(role, document)));
        refusals.extend_from_slice(&self.absent);
        refusals
    }

    /// Finds what a verified timestamp or snapshot lists and the delegations did not lead to. A
    /// document that is there, can be read and has no delegator is none that clients ask for.
    fn find_listed(&mut self, read: &dyn Fn(&str) -> Result<Option<Candidate>, Refusal>) {
        let listers = self.verified.iter().flatten();
        let listers = listers.filter(|one| ONLINE.contains(&one.role.as_str()));
        let listed: Vec<_> = listers
            .flat_map(|lister| {
                let by = format!("{} version {}", lister.role, lister.version);
                lister.versions().map(move |(role, _)| (role, by.clone()))
            })
            .collect();
        let read_before = self.candidates.iter().map(role);
        let unread = self.unread.iter().map(|refusal| refusal.role.as_str());
        let mut met: BTreeSet<_> = read_before.chain(unread).map(str::to_owned).collect();
        for (role, by) in listed {
            if !met.insert(role.clone()) {
                continue;
            }
            match read(&role) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let why = format!("{by} lists it, and there is no {}.json", excerpt(&role));
                    self.absent.push(missing(&role, &why));
                }
                Err(refusal) => self.unread.push(refusal),
            }
        }
    }

    /// Whether the role's document was read, or is among the refusals.
    fn knows(&self, name: &str) -> bool {
        let refused = self.unread.iter().chain(&self.absent);
        let refused = refused.map(|refusal| refusal.role.as_str());
        self.candidates
            .iter()
            .map(role)
            .chain(refused)
            .any(|one| one == name)
    }
}

/// The targets documents with their roles.
pub(super) fn listings(tree: &BelowRoot) -> impl Iterator<Item = (&str, Targets)> {
    tree.documents()
        .filter_map(|(role, document, _)| Some((role, Targets::read(document).ok()?)))
}

fn role(candidate: &Candidate) -> &str {
    candidate.names.first().map_or("", String::as_str)
}

/// What every client refuses in a document that keymoot can read.
fn nonconforming(role: &str, document: &Document) -> Vec<Refusal> {
    let found = nonconformities(document).into_iter();
    found
        .map(|one| Refusal {
            role: role.to_owned(),
            name: one.name(),
            why: one.to_string(),
            cure: Cure::Document,
        })
        .collect()
}

fn missing(role: &str, why: &str) -> Refusal {
    Refusal {
        role: role.to_owned(),
        name: "MISSING",
        why: why.to_owned(),
        cure: Cure::Document,
    }
}

/// The current document of a role; `None` where there is none.
fn read(
    files: &Files,
    dialect: Dialect,
    role: &str,
    served: &Served,
) -> Result<Option<Candidate>, Refusal> {
    let file = |path: &str| files.get(path).cloned();
    let found = dialect.read(role, None, &file);
    let found = found.and_then(|document| {
        // What has no end is no document, and has no status.
        document.as_ref().map(Lifetime::of).transpose()?;
        Ok(document)
    });
    let found = found.map_err(|error| Refusal {
        role: role.to_owned(),
        name: error.name(),
        why: error.to_string(),
        cure: Cure::Document,
    });
    let Some(document) = found? else {
        return Ok(None);
    };
    // Snapshots list whole files; tuf-ci keeps a document in two, and serves it in one.
    let own = || match &dialect.paths(role, 0)[..] {
        [path] => file(path).map(|bytes| FileFacts::of(&bytes)),
        _ => None,
    };
    let file = served.files.get(role).cloned().or_else(own);
    Ok(Some(Candidate {
        names: vec![role.to_owned()],
        exact: true,
        document,
        file,
    }))
}
