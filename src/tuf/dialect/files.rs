//! Documents as files of a repository.

use std::collections::BTreeMap;

use super::{Dialect, tuf_on_ci};
use crate::tuf::{Document, DocumentError, KeyId};

/// The folder of all metadata in a repository.
const FOLDER: &str = "metadata";

pub(super) fn assemble(
    dialect: Dialect,
    document: &Document,
    signatures: &BTreeMap<KeyId, Vec<u8>>,
) -> Vec<u8> {
    match dialect {
        Dialect::TufOnCi => tuf_on_ci::assemble(document.signed(), signatures),
    }
}

pub(super) fn files(
    dialect: Dialect,
    role: &str,
    document: &Document,
    signatures: &BTreeMap<KeyId, Vec<u8>>,
) -> Vec<(String, Vec<u8>)> {
    let paths = paths(dialect, role, document.version());
    match dialect {
        Dialect::TufOnCi => {
            let file = assemble(dialect, document, signatures);
            paths.into_iter().map(|path| (path, file.clone())).collect()
        }
    }
}

pub(super) fn paths(dialect: Dialect, role: &str, version: u64) -> Vec<String> {
    match dialect {
        Dialect::TufOnCi => stems(role, version)
            .into_iter()
            .map(|stem| format!("{stem}.json"))
            .collect(),
    }
}

/// Where a document lies, without the end of its name: roots also in the
/// history.
fn stems(role: &str, version: u64) -> Vec<String> {
    let mut stems = vec![current(role)];
    if role == "root" {
        stems.push(history(version));
    }
    stems
}

/// Role names are foreign text: what could lead out of the folder is written
/// as python-tuf's clients ask servers for it.
fn current(role: &str) -> String {
    let mut stem = format!("{FOLDER}/");
    for byte in role.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                stem.push(char::from(byte));
            }
            _ => stem.push_str(&format!("%{byte:02X}")),
        }
    }
    stem
}

fn history(version: u64) -> String {
    format!("{FOLDER}/root_history/{version}.root")
}

pub(super) fn read(
    dialect: Dialect,
    role: &str,
    version: Option<u64>,
    file: &dyn Fn(&str) -> Option<Vec<u8>>,
    limit: usize,
) -> Result<Option<Document>, DocumentError> {
    let stem = match version {
        Some(version) => history(version),
        None => current(role),
    };
    match dialect {
        Dialect::TufOnCi => file(&format!("{stem}.json"))
            .map(|text| Document::parse(&text, limit))
            .transpose(),
    }
}
