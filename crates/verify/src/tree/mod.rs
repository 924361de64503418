//! `keymoot verify TREE`: a published repository checked from its files alone.

mod served;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

use keymoot_attestation::TrustStore;
use keymoot_core::{Rule, Verdict, digest::Digest, text::escape_path};
use keymoot_record::{
    bundle::{Expectations, Files},
    expectation::{self, ExpectationSet},
    published::{self, Claim, Judged, Served},
};
use keymoot_tuf::{Dialect, FileFacts, TargetFile, Targets};
use serde::Serialize;

use self::served::as_tree;
use crate::{Failure, expected::expectations, files, read::is_below_a_link};

/// The folder that every tree has.
const METADATA: &str = "metadata";

/// Whether a folder is a repository and no bundle.
#[must_use]
pub fn is_tree(path: &Path) -> bool {
    path.join(METADATA).is_dir() && !path.join(keymoot_record::bundle::MANIFEST).exists()
}

/// A repository as it was read, and before verification.
pub struct Tree {
    /// Its files as a working tree has them
    pub files: Files,
    /// How its documents are written, where its root shows it
    pub dialect: Option<Dialect>,
    /// What only a server has, where it is as one publishes it
    pub served: Served,
}

impl Tree {
    /// Reads a working tree, or a repository as a server publishes it.
    ///
    /// # Errors
    /// Violations of BUNDLE-FILES, or what could not be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let (mut files, served) = as_tree(crate::read_tree(path)?);
        let dialect = Dialect::detect(&|path| files.get(path).cloned());
        add_targets(path, dialect.unwrap_or(Dialect::TufOnCi), &mut files);
        Ok(Self {
            files,
            dialect,
            served,
        })
    }
}

/// A repository, and the verdicts on it.
pub(crate) struct Verified {
    path: PathBuf,
    judged: Judged,
}

/// The output of `keymoot verify TREE --json`.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    /// Whether no rule is violated
    holds: bool,
    /// Whether a rehearsal was asked for
    rehearsal: bool,
    /// Whether the root follows from one that was given
    trusted: bool,
    /// The set of expectations that the repository was compared with
    expected: Option<&'a str>,
    /// Version and SHA-256 of the newest root
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<NewestRoot>,
    verdicts: &'a [Verdict],
}

#[derive(Serialize)]
struct NewestRoot {
    version: u64,
    expires: String,
    sha256: Digest,
}

impl Verified {
    /// Reads and verifies the repository in a folder.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn of(
        path: &Path,
        expected: &Expectations,
        vendor: &TrustStore,
    ) -> Result<Self, Failure> {
        let verified = |judged| Self {
            path: path.to_owned(),
            judged,
        };
        let tree = match Tree::read(path) {
            Ok(tree) => tree,
            Err(Failure::Violated(verdicts)) => {
                return Ok(verified(Judged {
                    verdicts,
                    newest: None,
                }));
            }
            Err(failure) => return Err(failure),
        };
        let set = match &expected.plan {
            Some(set) => set.clone(),
            None => expectations(expectation::DEFAULT)?,
        };
        let target = |name: &str, listed: &TargetFile| target(path, name, listed);
        let judged = published::judge(&Claim {
            files: &tree.files,
            served: &tree.served,
            dialect: tree.dialect.unwrap_or(Dialect::TufOnCi),
            trusted_root: expected.trusted_root.clone(),
            rehearsal: expected.rehearsal,
            set: &set,
            vendor,
            target: &target,
        });
        Ok(verified(judged))
    }

    /// Whether no rule is violated.
    pub(crate) fn holds(&self) -> bool {
        !self.judged.verdicts.iter().any(Verdict::is_violated)
    }

    /// The same, with the option that names the vendor as the help for evidence that the
    /// compiled-in vendor did not sign: that of a rehearsal comes from a simulated one.
    pub(crate) fn without_vendor_dir(mut self) -> Self {
        let verdicts = self.judged.verdicts.iter_mut();
        for verdict in verdicts.filter(|one| one.is_violated() && one.rule == Rule::DeviceChain) {
            "name the simulated vendor of the rehearsal with --vendor-dir: BUNDLE/rehearsal/vendor"
                .clone_into(&mut verdict.next);
        }
        self
    }

    /// The verdict as one JSON object.
    pub(crate) fn json(&self, expected: &Expectations) -> String {
        let report = Report {
            format: "keymoot-verify-tree/1",
            holds: self.holds(),
            rehearsal: expected.rehearsal,
            trusted: self.holds() && expected.trusted_root.is_some(),
            expected: expected.plan.as_ref().map(ExpectationSet::name),
            root: self.judged.newest.as_ref().map(|root| NewestRoot {
                version: root.root().version,
                expires: root.root().expires_text.clone(),
                sha256: root.document().digest(),
            }),
            verdicts: &self.judged.verdicts,
        };
        crate::json::printed(&report)
    }
}

/// In what the newest documents of the repository in a folder are weaker than the set, or why they
/// cannot be compared with it.
///
/// # Errors
/// The disk fails.
pub fn weaker(
    path: &Path,
    set: ExpectationSet,
    rehearsal: bool,
    vendor: &TrustStore,
) -> Result<Vec<Verdict>, Failure> {
    let expected = Expectations {
        rehearsal,
        plan: Some(set),
        ..Expectations::default()
    };
    let mut verdicts = Verified::of(path, &expected, vendor)?.judged.verdicts;
    let of_set = |verdict: &Verdict| verdict.rule == Rule::PolicyExpected;
    let compared = verdicts.iter().any(of_set);
    // Where they were compared, the other rules are those of the ceremony's own step for the
    // previous state.
    verdicts.retain(|verdict| verdict.is_violated() && (!compared || of_set(verdict)));
    Ok(verdicts)
}

/// Adds the files that the top targets document lists, which a server has as `HASH.NAME`.
fn add_targets(tree: &Path, dialect: Dialect, files: &mut Files) {
    let document = dialect.read("targets", None, &|path| files.get(path).cloned());
    let targets = document.ok().flatten();
    let Some(Ok(targets)) = targets.map(|document| Targets::read(&document)) else {
        return;
    };
    for (name, listed) in &targets.targets {
        let path = format!("targets/{name}");
        if !files.contains_key(&path)
            && let Some(bytes) = target_bytes(&tree.join("targets"), name, listed)
        {
            files.insert(path, bytes);
        }
    }
}

/// Length and hashes of a target file: `targets/NAME`, or `HASH.NAME` as servers have it.
/// `None` where there is none, or a longer one than is listed.
pub(crate) fn target(tree: &Path, name: &str, listed: &TargetFile) -> Option<FileFacts> {
    let bytes = target_bytes(&tree.join("targets"), name, listed)?;
    Some(FileFacts::of(&bytes))
}

/// The largest target file that is read, in bytes, also where a document lists a greater length.
const MOST_TARGET: u64 = 256 << 20;

/// The content of a target file below a folder. Links are not followed.
pub(crate) fn target_bytes(folder: &Path, name: &str, listed: &TargetFile) -> Option<Vec<u8>> {
    // A file that is longer than listed is another file.
    let read = |path: &PathBuf| files::read_bounded(path, listed.length.min(MOST_TARGET)).ok();
    target_paths(folder, name, listed).iter().find_map(read)
}

/// The files below a folder that may be a target file, with a hash in the name and without.
pub(crate) fn target_paths(folder: &Path, name: &str, listed: &TargetFile) -> Vec<PathBuf> {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    if !name.split('/').all(plain) {
        return Vec::new();
    }
    let (parent, file) = name.rsplit_once('/').unwrap_or(("", name));
    let hashed = listed.hashes.values().map(|hash| format!("{hash}.{file}"));
    let names = hashed.filter(|name| plain(name) && !name.contains('/'));
    let mut paths: Vec<_> = names
        .chain([file.to_owned()])
        .map(|file| folder.join(parent).join(file))
        .collect();
    paths.retain(|path| {
        let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
        is_file && !is_below_a_link(path, name)
    });
    paths
}

impl Verified {
    fn path(&self) -> String {
        escape_path(&self.path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_target_file_is_not_read_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/file"), "content").unwrap();
        std::os::unix::fs::symlink(path("real"), path("linked")).unwrap();
        std::os::unix::fs::symlink(path("real/file"), path("real/link")).unwrap();
        let listed = TargetFile::of(b"content");
        let read = |name: &str| target_bytes(folder.path(), name, &listed);
        assert_eq!(read("real/file").unwrap(), b"content");
        assert_eq!([read("linked/file"), read("real/link")], [None, None]);
    }
}
