//! Whether a holder opened a file that was sealed to their recipient, before keymoot seals
//! a secret to it.
//!
//! `keymoot escrow prepare` seals words to each recipient and prints their digest, which is put
//! into the roster (`recipient_test`). At home `keymoot escrow test` opens the file and prints the
//! words; the holder sends them, and they are put into the roster (`recipient_answer`). The same in
//! every later ceremony: the test is repeated only where the recipient changes.

use super::{Holder, Recipient, Roster};
use crate::rules::{Verdict, Violation};
use keymoot_core::{Rule, digest::Digest};

/// The digest of an answer for a recipient: of another recipient it is another one.
#[must_use]
pub fn commitment(recipient: &Recipient, answer: &str) -> Digest {
    let words: Vec<_> = answer.split_whitespace().map(str::to_lowercase).collect();
    let text = format!("keymoot recipient test\n{recipient}\n{}\n", words.join(" "));
    Digest::of(text.as_bytes())
}

impl Holder {
    /// Whether the holder answered the test of their recipient; true without a recipient.
    #[must_use]
    pub fn opened_test(&self) -> bool {
        let Some(recipient) = &self.age_recipient else {
            return true;
        };
        let answer = self.recipient_answer.as_deref();
        let answered = answer.map(|answer| commitment(recipient, answer));
        self.recipient_test.is_some() && answered == self.recipient_test
    }
}

/// ROSTER-RECIPIENT: every holder answered.
pub(crate) fn check(roster: &Roster) -> Verdict {
    let holders = roster.holders.iter();
    let untried: Vec<_> = holders
        .filter(|holder| !holder.opened_test())
        .map(
            |holder| match (&holder.recipient_test, &holder.recipient_answer) {
                (Some(_), Some(_)) => format!("{}: the answer is another one", holder.handle),
                (Some(_), None) => format!("{}: no answer yet", holder.handle),
                (None, _) => format!("{}: not tested", holder.handle),
            },
        )
        .collect();
    match untried.is_empty() {
        true => Verdict::held(
            Rule::RosterRecipient,
            "every holder with a recipient opened a sealed test file",
        ),
        false => Violation::new(
            Rule::RosterRecipient,
            untried.join("; "),
            "keymoot escrow prepare --roster FILE --dir DIR makes a test for each; or leave age_recipient out; then the values are displayed once",
        )
        .into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_its_own_recipient_however_it_is_spaced() {
        let [one, other] = [
            "age1g6cmzvj5jznxgd6ua863ja9w3ynmr5g5pwvhrwycq504t9aheyusccews2",
            "age158q9m4hx7swu6d79m56zawgqytqzlm39qt7e947y0c82n6002usq566ckq",
        ]
        .map(|text| Recipient::try_from(text.to_owned()).unwrap());
        let given = commitment(&one, "adult Belfast");
        assert_eq!(given, commitment(&one, "  adult\n belfast "));
        assert_ne!(given, commitment(&other, "adult Belfast"));
        assert_ne!(given, commitment(&one, "adult belfast adult"));
    }
}
