//! Documents that a rehearsal made.

use std::path::PathBuf;

use keymoot_record::rules::mark::is_marked;
use keymoot_tuf::Document;

use super::finding::Finding;

pub(super) const MESSAGE: &str = "a rehearsal made it with simulated keys; nobody may rely on it";

/// The warning about a document that a rehearsal made.
pub(super) fn finding(document: &Document, path: Option<PathBuf>) -> Option<Finding> {
    is_marked(document).then(|| Finding {
        name: "REHEARSAL",
        message: MESSAGE.to_owned(),
        path,
    })
}
