//! A document that a ceremony would sign.

use super::script::Document;
use keymoot_tuf as tuf;

/// A document that the ceremony would sign.
#[derive(Debug)]
pub struct Draft {
    /// Its kind.
    pub document: Document,
    /// Its content, with stand-in keys.
    pub written: tuf::Document,
    /// Its changes, in sentences, safe to show.
    pub changes: Vec<String>,
}
