//! The engine's questions to people, and the words that answer them.
//!
//! Every answer that confirms, erases or ends something is a word that somebody
//! typed; Enter alone answers nothing.

use super::{
    script::Document,
    turn::{Purpose, Seen},
};
use crate::{rules::roster::Handle, transcript::PlanPart};
use keymoot_core::{Verdict, digest::Digest};

/// Something that a person must say before the ceremony continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Confirm the current step, filling in its fields.
    Confirm,
    /// Is this the newest root that was published?
    NewestRoot {
        /// Its version.
        version: u64,
        /// The digest of its signed bytes.
        root: Digest,
    },
    /// Who is present?
    RollCall,
    /// Whose turn is it? `can_stop` when the quorum is met without those waiting.
    WhoseTurn {
        /// The purpose of the turn.
        purpose: Purpose,
        /// The holders who can still come, in the order of their seats.
        waiting: Vec<Handle>,
        /// Whether the step may end now.
        can_stop: bool,
    },
    /// Is the device's serial number the one on its case?
    IsThisYours {
        /// The holder at the table.
        holder: Handle,
        /// The device as it was read.
        device: Seen,
    },
    /// May everything in the device's PIV application be erased?
    MayErase {
        /// The holder at the table.
        holder: Handle,
        /// The device as it was read.
        device: Seen,
    },
    /// The device holds a key, made before an interruption or before the ceremony: adopt it or
    /// replace it?
    AdoptOrReplace {
        /// The holder at the table.
        holder: Handle,
        /// The device's serial number.
        serial: u32,
        /// The digest of the key's SubjectPublicKeyInfo.
        key: Digest,
        /// Whether the holder brought it, made before the ceremony.
        brought: bool,
    },
    /// A rule refuses the device: insert another, or end the turn?
    DeviceRefused {
        /// The holder at the table.
        holder: Handle,
        /// The device's serial number.
        serial: u32,
        /// The rules violated.
        violated: Vec<Verdict>,
        /// Whether another device may be inserted in this turn.
        another: bool,
    },
    /// Has everybody read the digest of this part of the plan?
    HaveYouReadPlan {
        /// The part.
        part: PlanPart,
        /// Its digest.
        digest: Digest,
    },
    /// Has everybody read this document?
    HaveYouRead {
        /// The document.
        document: Document,
        /// The bytes to be signed.
        signed: Digest,
    },
    /// Has this holder apart read the request, and were its words compared?
    ReadRequest {
        /// The holder.
        holder: Handle,
        /// The digest of the request's file.
        request: Digest,
    },
    /// Rules are violated: fix the cause and have it checked again.
    Violations {
        /// The rules violated.
        violated: Vec<Verdict>,
    },
}

/// The word that confirms a `confirm` step.
pub const CONFIRM: &str = "confirm";
/// The word that confirms a roll call.
pub const PRESENT: &str = "present";
/// The word that ends a step once its quorum is met.
pub const ENOUGH: &str = "enough";
/// The word that erases a device.
pub const ERASE: &str = "erase";
/// The word that adopts the key on the device.
pub const ADOPT: &str = "adopt";
/// The word that replaces the key on the device.
pub const REPLACE: &str = "replace";

/// The words typed to say that a document was read: the first two of its digest.
#[must_use]
pub fn reading_words(signed: &Digest) -> String {
    signed
        .words()
        .into_iter()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether these are the first two words of a digest, with any spaces.
#[must_use]
pub fn are_reading_words(typed: &str, signed: &Digest) -> bool {
    let typed: Vec<_> = typed.split_whitespace().collect();
    typed.join(" ").to_lowercase() == reading_words(signed).to_lowercase()
}

/// The letters of a word that are enough where people compare all words of a digest, and type to
/// say that they did.
const ENOUGH_LETTERS: usize = 3;

/// Whether this says that a digest on the screen was read: its first two words, or the first letters
/// of each.
#[must_use]
pub fn say_it_was_read(typed: &str, signed: &Digest) -> bool {
    let typed: Vec<_> = typed.split_whitespace().map(str::to_lowercase).collect();
    let words = signed.words();
    let begins = |(typed, word): (&String, &&str)| {
        typed.len() >= ENOUGH_LETTERS && word.to_lowercase().starts_with(typed)
    };
    typed.len() == 2 && typed.iter().zip(&words).all(begins)
}

/// The last four digits of a serial number, which the holder types from the case.
#[must_use]
pub fn last_four(serial: u32) -> String {
    format!("{:04}", serial % 10_000)
}

#[cfg(test)]
mod tests {
    use keymoot_core::digest::Digest;

    use super::{reading_words, say_it_was_read};

    #[test]
    fn three_letters_of_each_of_the_first_two_words_say_that_a_digest_was_read() {
        let digest = Digest::of(b"document");
        let words = reading_words(&digest).to_lowercase();
        let (first, second) = words.split_once(' ').unwrap_or_default();
        let begin = |word: &str, letters: usize| word.get(..letters).unwrap_or(word).to_owned();
        for letters in 3..12 {
            let typed = format!(" {}  {} ", begin(first, letters), begin(second, letters));
            assert!(say_it_was_read(&typed, &digest), "{typed}");
        }
        for typed in [
            String::new(),
            first.to_owned(),
            format!("{} {second}", begin(first, 2)),
            format!("{second} {first}"),
            format!("{words} {first}"),
            format!("{first}x {second}"),
        ] {
            assert!(!say_it_was_read(&typed, &digest), "{typed}");
        }
    }
}
