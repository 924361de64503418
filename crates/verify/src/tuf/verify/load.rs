//! Files to documents, on all cores and never more of a file than is allowed.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use keymoot_core::{HostError, json::JsonError};
use keymoot_tuf::{Document, DocumentError, FileFacts, parallel};

use super::super::answer::Failure;
use crate::files::{self, payload_of, signatures_of};

/// The most of a root: one of nine keys has about 10 kB.
const ROOT_LIMIT: usize = 4 * 1024 * 1024;

/// The most of any document: a targets file of every crate on crates.io has
/// about 50 MB.
const LIMIT: usize = 128 * 1024 * 1024;

/// A file and what was made of it.
pub(super) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) document: Result<Document, DocumentError>,
    /// Of what is no root, where it is one file as servers publish it
    pub(super) file: Option<FileFacts>,
}

/// Files by what is in them: roots, of which only the version is kept, and all others.
pub(super) struct Sorted {
    /// By version, and of one version in the order given
    pub(super) roots: Vec<(u64, PathBuf)>,
    /// What is no root, or cannot be read
    pub(super) others: Vec<Loaded>,
}

/// Sorts files. A file of signatures and its payload, as tuf-ci keeps them, are one
/// document, whichever is named. Unless `exact`, a name such as `7.root.json` is believed
/// and the file is not read yet: there may be ten thousand, and each is read once.
///
/// # Errors
/// A file cannot be read from the disk.
pub(super) fn sort(paths: &[PathBuf], exact: bool) -> Result<Sorted, Failure> {
    let mut seen = BTreeSet::new();
    let mut files: Vec<_> = paths.iter().map(|path| payload_of(path)).collect();
    files.retain(|path| seen.insert(path.clone()));
    let mut sorted = Sorted {
        roots: Vec::new(),
        others: Vec::new(),
    };
    let named = |path: &PathBuf| version_of(path).filter(|_| !exact);
    let (believed, read): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| named(path).is_some());
    for path in believed {
        sorted
            .roots
            .extend(named(&path).map(|version| (version, path)));
    }
    let load = |path: &PathBuf| -> Result<_, Failure> {
        let loaded = load(path)?;
        Ok(match &loaded.document {
            Ok(document) if document.kind() == "root" => Err((document.version(), path.clone())),
            _ => Ok(loaded),
        })
    };
    for sort in parallel::map(&read, load) {
        match sort? {
            Ok(other) => sorted.others.push(other),
            Err(root) => sorted.roots.push(root),
        }
    }
    sorted.roots.sort_by_key(|(version, _)| *version);
    Ok(sorted)
}

/// Reads some of the files.
///
/// # Errors
/// A file cannot be read from the disk.
pub(super) fn some(files: &[(u64, PathBuf)]) -> Result<Vec<Loaded>, Failure> {
    parallel::map(files, |(_, path)| load(path))
        .into_iter()
        .collect()
}

/// The version of the root that a file's name speaks of: 7 of `7.root.json`.
fn version_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".root.json")?.parse().ok()
}

/// Reads a document by itself.
///
/// # Errors
/// It cannot be read, or is no document.
pub(in super::super) fn one(path: &Path) -> Result<Document, Failure> {
    let Loaded { path, document, .. } = load(path)?;
    document.map_err(|error| Failure::Refused { path, error })
}

fn load(path: &Path) -> Result<Loaded, Failure> {
    let text = read(path)?;
    let mut file = None;
    let document = match parse(text.as_deref()) {
        Err(DocumentError::BarePayload) if signatures_of(path).exists() => {
            parse_pair(text, read(&signatures_of(path))?)
        }
        document => {
            if document
                .as_ref()
                .is_ok_and(|document| document.kind() != "root")
            {
                file = text.as_deref().map(FileFacts::of);
            }
            document
        }
    };
    Ok(Loaded {
        path: path.to_owned(),
        document,
        file,
    })
}

/// The bytes of a file, or `None` where there are too many.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    read_bounded(path).map_err(|error| HostError::file("read", path, &error).into())
}

fn read_bounded(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = files::open(path)?;
    let bound = LIMIT as u64;
    let length = file.metadata()?.len();
    if length > bound {
        return Ok(None);
    }
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(bound + 1).read_to_end(&mut text)?;
    Ok((text.len() <= LIMIT).then_some(text))
}

fn parse(text: Option<&[u8]>) -> Result<Document, DocumentError> {
    let text = text.ok_or_else(|| too_long(LIMIT))?;
    within(Document::parse(text, LIMIT)?, text.len())
}

fn parse_pair(
    payload: Option<Vec<u8>>,
    signatures: Option<Vec<u8>>,
) -> Result<Document, DocumentError> {
    let payload = payload.ok_or_else(|| too_long(LIMIT))?;
    let signatures = signatures.ok_or_else(|| too_long(ROOT_LIMIT))?;
    let length = payload.len().max(signatures.len());
    within(Document::parse_pair(payload, &signatures, LIMIT)?, length)
}

/// Only targets documents may be larger than a root.
fn within(document: Document, length: usize) -> Result<Document, DocumentError> {
    match document.kind() != "targets" && length > ROOT_LIMIT {
        true => Err(too_long(ROOT_LIMIT)),
        false => Ok(document),
    }
}

fn too_long(limit: usize) -> DocumentError {
    JsonError::TooLong { limit }.into()
}
