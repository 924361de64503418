//! What the name of a file says.

use std::path::Path;

use keymoot_tuf::Document;

/// The role of this document, by its type and the file's name:
/// `crates` of `crates.json` and of `7.crates.json`.
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
