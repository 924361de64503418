//! How bundles that are given together are related.

use keymoot_core::{Verdict, text::escape_path};
use keymoot_record::bundle::{self, Kinship};

use super::judged::Judged;

/// Two of the bundles that are given.
pub(super) struct Pair {
    /// Their places among those that are given, from 0.
    pub(super) places: [usize; 2],
    pub(super) kinship: Kinship,
    pub(super) verdict: Verdict,
}

impl Pair {
    pub(super) fn is_fork(&self) -> bool {
        self.verdict.is_violated()
    }
}

/// Every two bundles whose transcripts can be read, in the order in which they are
/// given.
pub(super) fn pairs(bundles: &[Judged]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (place, one) in bundles.iter().enumerate() {
        for (behind, other) in bundles.iter().enumerate().skip(place + 1) {
            let kinship = one.bundle.as_ref().zip(other.bundle.as_ref());
            let Some(kinship) = kinship.and_then(|(one, other)| bundle::kinship(one, other)) else {
                continue;
            };
            let names = [escape_path(&one.path), escape_path(&other.path)];
            pairs.push(Pair {
                places: [place, behind],
                verdict: kinship.verdict([&names[0], &names[1]]),
                kinship,
            });
        }
    }
    pairs
}
