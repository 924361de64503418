//! How long whoever holds a replaced online key can hold clients back.
//!
//! A client that gets no new root keeps the one that it has, and accepts what its online key signs
//! until that root expires, or the newest targets.json that such a client accepts.

use keymoot_core::time::Time;
use keymoot_tuf as tuf;

use super::previous::Previous;

/// The latest moment at which a client that is held back on the previous root accepts anything
/// that its online key signs.
#[must_use]
pub fn held_back_until(previous: &Previous) -> Option<Time> {
    let root = previous.root()?.root().expires;
    let targets = previous.targets().map(|targets| targets.content.expires);
    Some(targets.map_or(root, |targets| root.min(targets)))
}

/// The same in a sentence for people who are to sign the root that replaces the key.
pub(super) fn in_words(previous: &Previous, new: &tuf::Document) -> Option<String> {
    let (until, root) = (held_back_until(previous)?, previous.root()?.root());
    Some(format!(
        "Whoever holds the old online key, and can withhold this root from clients, can hold clients of version {} back \
         until {until}: until then they accept what the old key signs. Deliver the new root another way, too: \
         {}.root.json, whose digest in words is {}.",
        root.version,
        new.version(),
        new.digest().words().join(" ")
    ))
}
