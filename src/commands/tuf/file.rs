//! Documents out of files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use keymoot::tuf::json::JsonError;
use keymoot::tuf::{Document, DocumentError};

use super::Failure;

/// The most of a root: one of nine keys has about 10 kB.
const ROOT_LIMIT: usize = 4 * 1024 * 1024;

/// The most of any document: a targets file of every crate on crates.io has
/// about 50 MB.
const LIMIT: usize = 128 * 1024 * 1024;

/// Reads a document, with the signatures beside it where it is a payload as
/// tuf-ci keeps it; and never more of a file than a document may have.
pub(super) fn document(path: &Path) -> Result<Document, Failure> {
    let text = bytes(path)?;
    let length = text.len();
    let document = match Document::parse(&text, LIMIT) {
        Err(DocumentError::BarePayload) => with_signatures(path, text)?,
        parsed => parsed,
    };
    match document {
        Ok(document) if document.kind() != "targets" && length > ROOT_LIMIT => {
            let limit = ROOT_LIMIT;
            Err(DocumentError::from(JsonError::TooLong { limit }))
        }
        document => document,
    }
    .map_err(|error| Failure::Refused {
        path: path.to_owned(),
        error,
    })
}

fn with_signatures(
    path: &Path,
    payload: Vec<u8>,
) -> Result<Result<Document, DocumentError>, Failure> {
    let beside = signatures_of(path);
    if !beside.is_file() {
        return Ok(Err(DocumentError::BarePayload));
    }
    let signatures = bytes(&beside)?;
    Ok(Document::parse_pair(payload, &signatures, LIMIT))
}

/// Where tuf-ci keeps the signatures of a payload.
fn signatures_of(path: &Path) -> PathBuf {
    path.with_extension("sig.json")
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = || -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        let file = File::open(path)?;
        file.take(LIMIT as u64 + 1).read_to_end(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| Failure::Unreadable {
        path: path.to_owned(),
        error,
    })
}

/// The role whose document this is, as far as its type and the file's name
/// tell: `crates` of `crates.json` and of `7.crates.json`.
pub(super) fn role(path: &Path, document: &Document) -> String {
    if document.kind() != "targets" {
        return document.kind().to_owned();
    }
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.unwrap_or("targets");
    match name.split_once('.') {
        Some((version, role)) if version.bytes().all(|b| b.is_ascii_digit()) => role.to_owned(),
        _ => name.to_owned(),
    }
}
