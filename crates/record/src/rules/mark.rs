//! The mark of a rehearsal.

use keymoot_core::json::Json;
use keymoot_tuf as tuf;

/// The member that marks the documents of a rehearsal, so that
/// no copy of one can pass for a real one.
pub const REHEARSAL_MARK: &str = "x-keymoot-rehearsal";

/// Whether a document says that a rehearsal made it.
#[must_use]
pub fn is_marked(document: &tuf::Document) -> bool {
    matches!(document.signed(), Json::Object(members) if members.contains_key(REHEARSAL_MARK))
}
