//! The output of `keymoot verify TREE` in words.

use std::fmt::Write as _;

use keymoot_core::{
    Outcome,
    text::{escape, quoted_path},
};
use keymoot_record::{bundle::Expectations, expectation::ExpectationSet};

use super::Verified;
use crate::verdicts::rules_in_words;

impl Verified {
    /// The violations, the newest root in words, the outcome, and whose root it is. With
    /// `rules`, every rule that was passed comes first.
    pub(crate) fn text(&self, expected: &Expectations, rules: bool) -> String {
        let verdicts = &self.judged.verdicts;
        let mut text = String::new();
        for outcome in [Outcome::Held, Outcome::NotAsked, Outcome::Violated] {
            if rules || outcome == Outcome::Violated {
                rules_in_words(&mut text, verdicts, outcome);
            }
        }
        if let Some(newest) = &self.judged.newest {
            let root = newest.root();
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(
                text,
                "Newest root: version {}, expires {}. Its SHA-256, in words",
                root.version,
                escape(&root.expires_text)
            );
            let _ = writeln!(text, "{}", newest.document().digest().in_words());
        }
        let path = self.path();
        let set = expected
            .plan
            .as_ref()
            .map_or("nothing", ExpectationSet::name);
        let violated = verdicts.iter().filter(|one| one.is_violated()).count();
        let _ = match (violated, expected.rehearsal) {
            (0, true) => writeln!(
                text,
                "VERIFIED, a REHEARSAL: {path}: keys, documents and files agree, as strong as {set} \
                 expects. Nothing in it may be trusted."
            ),
            (0, false) => writeln!(
                text,
                "VERIFIED: {path}: keys, documents and files agree, as strong as {set} expects."
            ),
            (_, _) => writeln!(text, "NOT VERIFIED: {path}. Each rule says what to do."),
        };
        if violated == 0 {
            text += match &expected.trusted_root {
                Some(_) => "Its root is the one that you trust, or follows from it.\n",
                None => {
                    "Nobody compared whose root it is. To compare it with a root that you trust, add \
                     --trusted-root FILE.\n"
                }
            };
            let _ = writeln!(
                text,
                "What has expired is not part of this verdict: see keymoot status {}.",
                quoted_path(&self.path)
            );
        }
        text
    }
}
