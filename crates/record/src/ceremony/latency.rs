//! How long the owner of a replaced online key can hold clients back.
//!
//! A client that gets no new root keeps the one that it has, and accepts what its online key signs
//! until that root expires, or the newest targets.json that such a client accepts.

use keymoot_core::{digest::Digest, time::Time};
use keymoot_tuf as tuf;

use super::{draft::Draft, previous::Previous, script::Document};
use crate::rules::policy::Policy;

/// The documents that end the reach of an online key, each when it expires.
const ENDS: [Document; 2] = [Document::Root, Document::Targets];

/// The latest moment at which a client that is held back on the previous root accepts anything
/// that its online key signs.
#[must_use]
pub fn held_back_until(previous: &Previous) -> Option<Time> {
    held_back_after(Some(previous), &[])
}

/// The same for a client that has the documents that a plan would leave.
#[must_use]
pub fn held_back_after(previous: Option<&Previous>, drafts: &[Draft]) -> Option<Time> {
    let newest = |kind| {
        let mut drafts = drafts.iter();
        let drafted = drafts.find(|draft| draft.document == kind);
        let written = drafted.map(|draft| &draft.written);
        written.or_else(|| previous?.document(kind))
    };
    let documents = ENDS.into_iter().filter_map(newest);
    let ends = documents.filter_map(|document| tuf::Lifetime::of(document).ok());
    ends.map(|lifetime| lifetime.expires).min()
}

/// The most days that a client can be held back by this policy.
#[must_use]
pub fn most_days(policy: &Policy) -> u32 {
    policy.root.expiry_days.min(policy.targets.expiry_days)
}

/// The same in a sentence for people before they sign the root that replaces the key. `digest` is
/// the root's, once it is proposed.
pub(super) fn in_words(
    previous: &Previous,
    new: &tuf::Document,
    digest: Option<Digest>,
) -> Option<String> {
    let (until, root) = (held_back_until(previous)?, previous.root()?.root());
    let digest = digest.map(|digest| {
        let words = digest.words().join(" ");
        format!(", whose digest in words is {words}")
    });
    Some(format!(
        "A thief of the old online key who withholds this root can hold clients of version {} back until {until}: they accept the old key until then. Deliver the new root another way, too: \
         {}.root.json{}.",
        root.version,
        new.version(),
        digest.unwrap_or_default()
    ))
}
