//! Writing what a bundle publishes into a git working tree.
//!
//! [`Tree::read`] looks at the tree, [`laying`] checks it and lists the files to
//! write, and [`Laying::write`] writes them. It touches nothing in the tree
//! before every rule holds.

mod error;
mod evidence;
mod history;
mod layout;
mod tree;
pub mod tufops;

use std::{collections::BTreeSet, fmt};

pub use error::ExportError;
pub use evidence::{devices, hardware_keys};
pub use tree::Tree;

use keymoot_core::{HostError, Rule, Violation};
use keymoot_record::bundle::{ATTESTATIONS, Bundle, Files, TUF_CRATES, TUF_ROOT};
use keymoot_record::{
    ceremony::{
        previous::REVOKED,
        propose::{CRATES_ROOT, CRATES_ROOT_SIGNATURES},
        script::Document,
    },
    rules::policy::Policy,
};
use keymoot_tuf::{Dialect, Targets};
use layout::{ATTRIBUTES, HISTORY, ROOT, ROOT_SIGNATURES, is_current, version};

/// A repository for whose working tree a bundle has files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repository {
    /// The root of everything, which the holders sign
    TufRoot,
    /// The repository of crates.io, whose root the holders sign
    TufCrates,
}

/// The files to write into a tree, after every rule has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laying {
    /// The files that differ, in the order in which they are written.
    writes: Vec<(String, Vec<u8>)>,
    /// How many files of the tree are already as the bundle has them.
    same: usize,
    /// Whether the tree had no root, so that nothing in it names the right one.
    begins: bool,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TufRoot => "tuf-root",
            Self::TufCrates => "tuf-crates",
        })
    }
}

impl Laying {
    /// The paths to write, in their order; none when the tree holds
    /// everything already.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.writes.iter().map(|(path, _)| path.as_str())
    }

    /// How many files of the tree are already as the bundle has them.
    #[must_use]
    pub fn same(&self) -> usize {
        self.same
    }

    /// Whether the tree had no root before.
    #[must_use]
    pub fn begins(&self) -> bool {
        self.begins
    }

    /// Writes the files, each so that it lasts before the next is begun. A cut leaves
    /// the tree with its old root.json and a part of the new files; another export
    /// writes the rest.
    ///
    /// # Errors
    /// [`HostError`] naming the file that could not be written.
    pub fn write(&self, tree: &Tree) -> Result<(), HostError> {
        self.writes
            .iter()
            .try_for_each(|(path, bytes)| tree::write(tree.path(), path, bytes))
    }
}

/// The policy by which a verified bundle was made, where its documents are written in
/// this dialect.
///
/// # Errors
/// A [`Violation`] of EXPORT-DIALECT.
pub fn policy(bundle: &Bundle, dialect: Dialect) -> Result<Policy, Violation> {
    let text = bundle.files().get("policy.toml");
    let text = String::from_utf8_lossy(text.map(Vec::as_slice).unwrap_or_default());
    match Policy::parse(&text) {
        Ok(policy) if policy.dialect == dialect => Ok(policy),
        Ok(Policy { dialect, .. }) => Err(Violation::new(
            Rule::ExportDialect,
            format!("the bundle's documents have the dialect {dialect}"),
            format!(
                "export it with --dialect {dialect}; in another dialect its signatures do not verify"
            ),
        )),
        Err(_) => Err(Violation::new(
            Rule::ExportDialect,
            "the bundle has no policy with its dialect",
            "get the bundle again from its publisher",
        )),
    }
}

/// The files that a verified bundle has for the working tree of a repository: path in
/// the tree to content. Files that services sign, and other files of a tree, are not among them.
///
/// # Errors
/// A [`Violation`] of EXPORT-REPOSITORY when it holds no root of that repository.
pub fn published(
    bundle: &Bundle,
    repository: Repository,
    dialect: Dialect,
) -> Result<Files, Violation> {
    let folder = match repository {
        Repository::TufRoot => TUF_ROOT,
        Repository::TufCrates => TUF_CRATES,
    };
    let mut files = Files::new();
    let signed = match repository {
        Repository::TufRoot => signed_files(bundle, dialect),
        Repository::TufCrates => BTreeSet::new(),
    };
    for (path, bytes) in bundle.files() {
        let kept = match path.strip_prefix(folder).and_then(|p| p.strip_prefix('/')) {
            Some(path) => {
                let kept = is_laid(path, repository, dialect) || signed.contains(path);
                kept.then_some(path)
            }
            None => {
                (repository == Repository::TufRoot && is_published(path)).then_some(path.as_str())
            }
        };
        if let Some(path) = kept {
            files.insert(path.to_owned(), bytes.clone());
        }
    }
    // tuf-ci keeps signatures apart, and what the quorum signs is the payload alone:
    // without them nobody could verify the root in the tree.
    let signatures = bundle
        .files()
        .get(&format!("{TUF_CRATES}/{ROOT_SIGNATURES}"));
    if let Some(signatures) = signatures
        && files.contains_key(&format!("targets/{CRATES_ROOT}"))
    {
        let path = format!("targets/{CRATES_ROOT_SIGNATURES}");
        files.insert(path, signatures.clone());
    }
    match files.contains_key(ROOT) {
        true => Ok(files),
        false => Err(Violation::new(
            Rule::ExportRepository,
            format!("the bundle holds no root of {repository}"),
            "export another repository, or the bundle of a ceremony that had this one",
        )),
    }
}

/// Checks a tree, and lists what to write into it, in the
/// order attributes for git, history, other documents, evidence, root.json.
///
/// # Errors
/// Every [`Violation`] found: EXPORT-EVENT, EXPORT-HISTORY, EXPORT-VERSION and
/// EXPORT-REVOKED.
pub fn laying(files: &Files, tree: &Tree, dialect: Dialect) -> Result<Laying, Vec<Violation>> {
    let violations = history::violations(files, tree, dialect);
    if !violations.is_empty() {
        return Err(violations);
    }
    let mut files = files.clone();
    let there = tree.files().get(ATTRIBUTES).map(Vec::as_slice);
    files.insert(ATTRIBUTES.to_owned(), attributes(&files, there));
    let differs = |(path, bytes): &(&String, &Vec<u8>)| tree.files().get(*path) != Some(bytes);
    let mut writes: Vec<_> = files
        .iter()
        .filter(differs)
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect();
    writes.sort_by_key(|(path, _)| (turn(path), version(path)));
    Ok(Laying {
        same: files.len() - writes.len(),
        writes,
        begins: !tree.has_root(),
    })
}

/// The attributes of a tree that holds these files: the lines that are there, and those
/// that are missing.
fn attributes(files: &Files, there: Option<&[u8]>) -> Vec<u8> {
    let mut text = there.map(<[u8]>::to_vec).unwrap_or_default();
    let lines: BTreeSet<String> = files
        .keys()
        .map(|path| match path.split_once('/') {
            Some((folder, _)) => format!("{folder}/** -text"),
            None => format!("{path} -text"),
        })
        .collect();
    for line in lines {
        let same = |there: &[u8]| there.trim_ascii() == line.as_bytes();
        if text.split(|byte| *byte == b'\n').any(same) {
            continue;
        }
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend(line.as_bytes());
        text.push(b'\n');
    }
    text
}

/// When a file is written: the root comes last, because it completes the rest.
fn turn(path: &str) -> u8 {
    match path {
        ATTRIBUTES => 0,
        path if is_current(path) => 2,
        path if path.starts_with(HISTORY) => 0,
        _ => 1,
    }
}

/// Whether a file of a bundle's repository is one that its ceremony, or an earlier one,
/// signed. Other files in the repository came from a tree and may be out of date there.
fn is_laid(path: &str, repository: Repository, dialect: Dialect) -> bool {
    let current = |role| dialect.paths(role, 0).iter().any(|p| p == path);
    let signed = match repository {
        Repository::TufRoot => Document::ALL.iter().any(|d| current(d.role())),
        Repository::TufCrates => current(Document::Root.role()),
    };
    signed || version(path).is_some()
}

/// The files that `targets.json` and `crates.json` of a bundle sign: their paths in the tree.
fn signed_files(bundle: &Bundle, dialect: Dialect) -> BTreeSet<String> {
    let file = |path: &str| bundle.files().get(&format!("{TUF_ROOT}/{path}")).cloned();
    let documents = [Document::Targets, Document::Crates].into_iter();
    documents
        .filter_map(|document| dialect.read(document.role(), None, &file).ok().flatten())
        .filter_map(|document| Targets::read(&document).ok())
        .flat_map(|content| content.targets.into_keys())
        .map(|name| format!("targets/{name}"))
        .collect()
}

/// Whether a file of a bundle is published beside the metadata.
fn is_published(path: &str) -> bool {
    let evidence = path.strip_prefix(ATTESTATIONS);
    path == REVOKED || evidence.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
