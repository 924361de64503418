//! The history of roots, read in the order of the versions and forgotten behind.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keymoot_core::digest::Digest;
use keymoot_core::text::escape_path;
use keymoot_core::time::Time;
use keymoot_tuf::{ChainError, Document, KeyId, Quorum, VerifiedRoot, Walk};

use super::super::answer::Failure;
use super::expiry::{Expiry, Judging};
use super::finding::{Finding, Named};
use super::load::{self, Loaded};
use super::rehearsal;
use super::signers::{Signer, Signers};

/// How many files are read before their documents are forgotten.
const PART: usize = 32;

/// Every root that holds, in a few words each, and what does not hold.
#[derive(Default)]
pub(super) struct Roots {
    pub(super) roots: Vec<RootReport>,
    pub(super) chains: Vec<ChainReport>,
    pub(super) warnings: Vec<Finding>,
    pub(super) errors: Vec<Finding>,
    /// The root to check other documents by: that of the highest version, and where a
    /// root is trusted, of those that follow from it
    pub(super) newest: Option<VerifiedRoot>,
    /// The file of the newest
    pub(super) newest_file: Option<PathBuf>,
}

/// A root that holds.
pub(super) struct RootReport {
    pub(super) version: u64,
    pub(super) file: Option<String>,
    pub(super) chain: usize,
    pub(super) trusted: bool,
    pub(super) expires: String,
    pub(super) expiry: Expiry,
    pub(super) sha256: Digest,
    pub(super) signed: Signers,
    pub(super) signed_by_previous: Option<Signers>,
    pub(super) warnings: Vec<Named>,
}

/// Roots that follow each other without a gap.
pub(super) struct ChainReport {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) expires: Time,
    pub(super) expires_text: String,
    pub(super) sha256: Digest,
    pub(super) trusted: bool,
}

/// The result of verifying roots.
pub(super) enum Walked {
    /// Everything was read.
    Whole(Box<Roots>),
    /// A file is no root of the version that its name speaks of.
    Misnamed,
}

/// Reads and verifies the roots of these files, given in the order of their versions.
///
/// # Errors
/// A file cannot be read from the disk.
pub(super) fn walk(
    mut trusted: Option<Document>,
    files: &[(u64, PathBuf)],
    judging: Judging,
) -> Result<Walked, Failure> {
    let anchor = trusted.as_ref().map(Document::version);
    let mut walk = Walk::from(anchor);
    let mut roots = Roots::default();
    let mut names = Names::default();
    let mut rest = files;
    while !rest.is_empty() || trusted.is_some() {
        let part;
        (part, rest) = rest.split_at(part_of(rest));
        let mut documents = Vec::with_capacity(part.len() + 1);
        let mut paths = BTreeMap::<u64, &Path>::new();
        for ((version, path), Loaded { document, .. }) in part.iter().zip(load::some(part)?) {
            match document {
                Ok(document) if document.kind() == "root" && document.version() == *version => {
                    paths.entry(*version).or_insert(path);
                    documents.push(document);
                }
                Ok(_) => return Ok(Walked::Misnamed),
                Err(error) => roots.errors.push(Finding {
                    name: error.name(),
                    message: error.to_string(),
                    path: Some(path.clone()),
                }),
            }
        }
        let last = part.last().map(|(version, _)| *version);
        if rest.is_empty() || anchor <= last {
            documents.extend(trusted.take());
        }
        walk.judge(documents, |chain, verified| {
            let file = paths.get(&verified.root().version).copied();
            roots.add(chain, verified, file, anchor, judging, &mut names);
        });
        for error in walk.take_errors() {
            let path = error.version().and_then(|version| paths.get(&version));
            roots.errors.push(Finding {
                name: error.name(),
                message: error.to_string(),
                path: path.map(|path| (*path).to_owned()),
            });
        }
    }
    for gap in walk.gaps() {
        let missing = ChainError::Missing(*gap);
        roots.warnings.push(Finding {
            name: missing.name(),
            message: missing.to_string(),
            path: None,
        });
    }
    Ok(Walked::Whole(Box::new(roots)))
}

/// How many of the files are read next: all files of a version together.
fn part_of(files: &[(u64, PathBuf)]) -> usize {
    let end = files
        .get(PART.saturating_sub(1))
        .map(|(version, _)| *version);
    match end {
        None => files.len(),
        Some(end) => files.partition_point(|(version, _)| *version <= end),
    }
}

impl Roots {
    fn add(
        &mut self,
        chain: usize,
        verified: VerifiedRoot,
        file: Option<&Path>,
        anchor: Option<u64>,
        judging: Judging,
        names: &mut Names,
    ) {
        let root = verified.root();
        let sha256 = verified.document().digest();
        let begins = self.chains.len() <= chain;
        let trusted = match self.chains.get(chain) {
            Some(chain) => chain.trusted,
            None => anchor == Some(root.version),
        };
        let report = ChainReport {
            first: match self.chains.get(chain) {
                Some(chain) => chain.first,
                None => root.version,
            },
            last: root.version,
            expires: root.expires,
            expires_text: root.expires_text.clone(),
            sha256,
            trusted,
        };
        match self.chains.get_mut(chain) {
            Some(chain) if !begins => *chain = report,
            _ => self.chains.push(report),
        }
        self.roots.push(RootReport {
            version: root.version,
            file: file.map(escape_path),
            chain,
            trusted,
            expires: root.expires_text.clone(),
            expiry: Expiry::of(judging, root.expires),
            sha256,
            signed: names.signers(verified.by_itself()),
            signed_by_previous: verified.by_previous().map(|quorum| names.signers(quorum)),
            warnings: verified
                .warnings()
                .map(Named::warning)
                .chain(rehearsal::finding(verified.document(), None).map(|f| Named::finding(&f)))
                .collect(),
        });
        if trusted || anchor.is_none() {
            self.newest = Some(verified);
            self.newest_file = file.map(Path::to_owned);
        }
    }
}

/// Every signer once, however many roots it signed.
#[derive(Default)]
struct Names(HashMap<(Digest, KeyId, Option<String>), Rc<Signer>>);

impl Names {
    fn signers(&mut self, quorum: &Quorum) -> Signers {
        Signers::of(quorum, |valid| {
            let key = (valid.fingerprint, valid.keyid.clone(), valid.holder.clone());
            let known = self.0.entry(key);
            Rc::clone(known.or_insert_with(|| Rc::new(Signer::of(valid))))
        })
    }
}
