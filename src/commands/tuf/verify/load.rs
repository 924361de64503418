//! Files to documents, on all cores and never more of a file than is allowed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use keymoot::tuf::json::JsonError;
use keymoot::tuf::{Document, DocumentError, parallel};

use super::super::Failure;

/// The most of a root: one of nine keys has about 10 kB.
const ROOT_LIMIT: usize = 4 * 1024 * 1024;

/// The most of any document: a targets file of every crate on crates.io has
/// about 50 MB.
const LIMIT: usize = 128 * 1024 * 1024;

/// A file and what was made of it.
pub(super) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) document: Result<Document, DocumentError>,
}

/// Reads every file; what is in them is judged later.
///
/// # Errors
/// A file cannot be read from the disk.
pub(super) fn all(paths: &[PathBuf]) -> Result<Vec<Loaded>, Failure> {
    parallel::map(paths, |path| load(path))
        .into_iter()
        .collect()
}

/// Reads the root that everything rests on.
///
/// # Errors
/// It cannot be read, or is no document.
pub(super) fn trusted(path: &Path) -> Result<Document, Failure> {
    let Loaded { path, document } = load(path)?;
    document.map_err(|error| Failure::Refused { path, error })
}

fn load(path: &Path) -> Result<Loaded, Failure> {
    let text = read(path).map_err(|error| Failure::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Ok(Loaded {
        path: path.to_owned(),
        document: text.map_or_else(|| Err(too_long(LIMIT)), |text| parse(&text)),
    })
}

/// The bytes of a file, or `None` where there are too many.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let bound = LIMIT as u64;
    let length = file.metadata()?.len();
    if length > bound {
        return Ok(None);
    }
    // What is no regular file does not tell its length.
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(bound + 1).read_to_end(&mut text)?;
    Ok((text.len() <= LIMIT).then_some(text))
}

fn parse(text: &[u8]) -> Result<Document, DocumentError> {
    let document = Document::parse(text, LIMIT)?;
    if document.kind() != "targets" && text.len() > ROOT_LIMIT {
        return Err(too_long(ROOT_LIMIT));
    }
    Ok(document)
}

fn too_long(limit: usize) -> DocumentError {
    JsonError::TooLong { limit }.into()
}
