//! BUNDLE-FORK: how bundles that are given together are related.
//!
//! A ceremony has one history. If somebody copies its folder and continues in both, there are two.
//! Each can end in a bundle that verifies alone: only both together show the fork.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Bundle, SIGNATURES, Signatures};
use crate::transcript::{Chain, Entry, Event};
use keymoot_core::{
    Rule, Verdict, Violation,
    text::{excerpt, several},
};
use keymoot_tuf::{KeyId, low_s};

/// How two bundles are related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kinship {
    /// They are of different ceremonies.
    Apart,
    /// They are the same, byte for byte.
    Same,
    /// They have one history from beginning to end, and these files differ: when the
    /// closing was repeated, MANIFEST.sigs.json alone. None, where somebody only wrote a closing
    /// signature in its other form.
    SameCourse(Vec<String>),
    /// The history of one is the beginning of the other's.
    Beginning {
        /// The first event that only one of them has.
        seq: u64,
        /// Whether the first of the two is the longer one.
        first_goes_on: bool,
    },
    /// They are of one ceremony that continued in two ways.
    Fork(Box<Fork>),
}

/// The point at which a ceremony forks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The first event in which the two differ, by its number.
    pub seq: u64,
    /// The entries of the two at that number.
    pub says: [Entry; 2],
}

/// How two bundles are related; `None` where the transcript of one cannot be read,
/// which other rules report.
#[must_use]
pub fn kinship(one: &Bundle, other: &Bundle) -> Option<Kinship> {
    let (first, second) = (chain(one)?, chain(other)?);
    if ceremony(&first)? != ceremony(&second)? {
        return Some(Kinship::Apart);
    }
    let (entries, others) = (first.entries(), second.entries());
    let parted = entries.iter().zip(others).find(|(one, other)| one != other);
    if let Some((here, there)) = parted {
        return Some(Kinship::Fork(Box::new(Fork {
            seq: here.seq,
            says: [here.clone(), there.clone()],
        })));
    }
    if entries.len() != others.len() {
        return Some(Kinship::Beginning {
            seq: entries.len().min(others.len()) as u64,
            first_goes_on: entries.len() > others.len(),
        });
    }
    let paths = one.files().keys().chain(other.files().keys());
    let mut differing: Vec<String> = paths
        .filter(|path| one.files().get(*path) != other.files().get(*path))
        .filter(|path| *path != SIGNATURES || !are_closed_alike(one, other))
        .cloned()
        .collect();
    differing.sort();
    differing.dedup();
    Some(match one.files() == other.files() {
        true => Kinship::Same,
        false => Kinship::SameCourse(differing),
    })
}

/// Whether the files of closing signatures, which differ, hold the same ones in another form. One
/// that cannot be read is like no other.
fn are_closed_alike(one: &Bundle, other: &Bundle) -> bool {
    closing(one).is_some_and(|closings| Some(closings) == closing(other))
}

/// The closing signatures by key, each low-S: anybody can write the high-S form, too.
fn closing(bundle: &Bundle) -> Option<BTreeSet<(KeyId, Vec<u8>)>> {
    let signatures = Signatures::read(bundle.files().get(SIGNATURES)?).ok()?;
    let closings = signatures.signatures.into_iter().map(|closing| {
        let signature = STANDARD.decode(&closing.sig).ok()?;
        Some((closing.keyid, low_s(&signature).unwrap_or(signature)))
    });
    closings.collect()
}

fn chain(bundle: &Bundle) -> Option<Chain> {
    Chain::read(bundle.files().get("transcript.jsonl")?).ok()
}

fn ceremony(chain: &Chain) -> Option<&str> {
    match &chain.entries().first()?.event {
        Event::Opened { ceremony, .. } => Some(ceremony),
        _ => None,
    }
}

impl Kinship {
    /// The rule's verdict on two bundles with these names.
    #[must_use]
    pub fn verdict(&self, [one, other]: [&str; 2]) -> Verdict {
        const RULE: Rule = Rule::BundleFork;
        let both = format!("{one} and {other}");
        match self {
            Self::Apart => {
                Verdict::not_asked(RULE, format!("{both}: they are of different ceremonies"))
            }
            Self::Same => Verdict::held(RULE, format!("{both}: they are the same, byte for byte")),
            Self::SameCourse(files) if files.is_empty() => Verdict::held(
                RULE,
                format!("{both}: they have one history and the same closing signatures"),
            ),
            Self::SameCourse(files) if files.as_slice() == [SIGNATURES] => Verdict::held(
                RULE,
                format!("{both}: they have one history and different closing signatures"),
            ),
            Self::SameCourse(files) => {
                let files: Vec<_> = files.iter().map(|path| excerpt(path)).collect();
                Verdict::held(
                    RULE,
                    format!(
                        "{both}: they have one history, and differ in {}",
                        several(&files, ", ")
                    ),
                )
            }
            Self::Beginning { seq, first_goes_on } => {
                let (longer, shorter) = match first_goes_on {
                    true => (one, other),
                    false => (other, one),
                };
                Verdict::held(
                    RULE,
                    format!(
                        "{both}: the transcript of {shorter} is the beginning of that of {longer}, \
                         which alone has event {seq}"
                    ),
                )
            }
            Self::Fork(fork) => {
                let [here, there] = &fork.says;
                Violation::new(
                    RULE,
                    format!(
                        "{both}: they are of one ceremony that forks at event {}: the first says, \
                         at {}, \"{}\"; the other, at {}, \"{}\"",
                        fork.seq,
                        here.time,
                        here.sentence(),
                        there.time,
                        there.sentence()
                    ),
                    "trust neither until the holders say which of the two is theirs. Find out who continued from a copy of the ceremony's folder",
                )
                .into()
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        bundle::Files,
        transcript::{Mode, Program, Time},
    };
    use keymoot_core::{Outcome, digest::Digest};

    fn opened(ceremony: &str) -> Event {
        let empty = Digest::of(b"");
        Event::Opened {
            format: crate::transcript::format_name(),
            ceremony: ceremony.to_owned(),
            mode: Mode::Rehearsal,
            program: Box::new(Program {
                name: "keymoot".to_owned(),
                sha256: empty,
                sbom: empty,
            }),
            script: empty,
            policy: empty,
            roster: empty,
            inputs: BTreeMap::new(),
            settings: None,
            bags: BTreeMap::new(),
            verdicts: Vec::new(),
        }
    }

    fn bundle(ceremony: &str, notes: &[&str]) -> Bundle {
        let mut chain = Chain::default();
        let notes = notes.iter().map(|text| Event::Note {
            text: (*text).to_owned(),
        });
        for event in std::iter::once(opened(ceremony)).chain(notes) {
            let time = Time::from_unix(1_700_000_000).unwrap();
            chain.push(chain.next(event, time).unwrap()).unwrap();
        }
        let transcript = chain.bytes_through(u64::MAX);
        Bundle::of(Files::from([("transcript.jsonl".to_owned(), transcript)]))
    }

    fn with(bundle: &Bundle, path: &str) -> Bundle {
        let mut files = bundle.files().clone();
        files.insert(path.to_owned(), b"more".to_vec());
        Bundle::of(files)
    }

    #[test]
    fn two_courses_of_one_ceremony_fork_where_they_first_differ() {
        let (one, other) = (
            bundle("c", &["a", "b", "x", "y"]),
            bundle("c", &["a", "b", "z"]),
        );
        let Some(Kinship::Fork(fork)) = kinship(&one, &other) else {
            panic!("no fork");
        };
        assert_eq!(fork.seq, 3);
        let verdict = Kinship::Fork(fork).verdict(["one", "other"]);
        assert_eq!(verdict.outcome, Outcome::Violated);
        for word in ["event 3", "\"note: x\"", "\"note: z\""] {
            assert!(verdict.detail.contains(word), "{verdict:?}");
        }
    }

    #[test]
    fn the_same_bundle_twice_is_no_fork() {
        let one = bundle("c", &["a"]);
        assert_eq!(kinship(&one, &one), Some(Kinship::Same));
    }

    #[test]
    fn one_course_closed_twice_is_no_fork() {
        let one = bundle("c", &["a"]);
        let kinship = kinship(&one, &with(&one, SIGNATURES)).unwrap();
        let verdict = kinship.verdict(["one", "other"]);
        assert_eq!(verdict.outcome, Outcome::Held);
        assert!(
            verdict.detail.contains("different closing signatures"),
            "{verdict:?}"
        );
    }

    #[test]
    fn files_that_differ_beside_one_course_are_named() {
        let one = bundle("c", &["a"]);
        let kinship = kinship(&with(&one, "more.txt"), &one).unwrap();
        let verdict = kinship.verdict(["one", "other"]);
        assert!(
            verdict.detail.ends_with("differ in more.txt"),
            "{verdict:?}"
        );
    }

    #[test]
    fn a_beginning_is_reported_with_its_end_and_is_no_fork() {
        let (longer, shorter) = (bundle("c", &["a", "b"]), bundle("c", &["a"]));
        for (one, other, first_goes_on) in [(&longer, &shorter, true), (&shorter, &longer, false)] {
            let kinship = kinship(one, other).unwrap();
            assert_eq!(
                kinship,
                Kinship::Beginning {
                    seq: 2,
                    first_goes_on
                }
            );
            assert_eq!(kinship.verdict(["one", "other"]).outcome, Outcome::Held);
        }
    }

    #[test]
    fn of_different_ceremonies_it_is_not_asked() {
        let kinship = kinship(&bundle("c", &["a"]), &bundle("d", &["a"])).unwrap();
        assert_eq!(kinship, Kinship::Apart);
        assert_eq!(kinship.verdict(["one", "other"]).outcome, Outcome::NotAsked);
    }

    #[test]
    fn a_transcript_that_cannot_be_read_is_related_to_none() {
        let torn = Bundle::of(Files::from([(
            "transcript.jsonl".to_owned(),
            b"{".to_vec(),
        )]));
        assert_eq!(kinship(&bundle("c", &[]), &torn), None);
        assert_eq!(kinship(&Bundle::of(Files::new()), &torn), None);
    }
}
