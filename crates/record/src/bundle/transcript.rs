//! The properties of a whole transcript in a bundle: sealed, the one that the manifest names,
//! and in order by the clock, or with a warning that it is not.

use super::{Manifest, STOP};
use crate::{
    ceremony::State,
    transcript::{Chain, Entry, Event},
};
use keymoot_core::{Rule, Verdict, Violation};

/// How far the date of a document may be from the line that records it, in
/// seconds: it is read from the clock a moment before.
const MADE_WITHIN: u64 = 300;

/// A transcript that was cut off between two lines is a chain like any other; only
/// its end is missing.
pub(super) fn sealed(state: &State, chain: &Chain) -> Result<(), Violation> {
    match state.sealed {
        Some(_) => Ok(()),
        None => Err(Violation::new(
            Rule::BundleHead,
            format!(
                "the transcript ends after line {}, without its seal",
                chain.entries().len()
            ),
            STOP,
        )),
    }
}

/// BUNDLE-HEAD: the manifest names this transcript, which ends with its seal.
pub(super) fn head(state: &State, chain: &Chain, manifest: &Manifest) -> Verdict {
    let sealed = state.sealed.as_ref();
    let last = chain.entries().last().map(|entry| entry.seq);
    let right = sealed.is_some_and(|seal| seal.head == manifest.head && Some(seal.seq) == last)
        && chain.head() == manifest.head
        && state.opening.as_ref().is_some_and(|opening| {
            opening.ceremony == manifest.ceremony && opening.mode == manifest.mode
        });
    Verdict::unless(
        Rule::BundleHead,
        !right,
        || format!("the manifest seals the transcript at {}", manifest.head),
        || "the manifest names another ceremony, mode or head than the transcript".to_owned(),
        STOP,
    )
}

/// TRANSCRIPT-TIME: a document's dates count from the moment at which it was written
/// down, so that nobody can date one into the future. A clock that somebody set back, at the table
/// or at a holder apart, is reported: the order of the entries is still right.
pub(super) fn times(chain: &Chain) -> Verdict {
    let entries = chain.entries();
    let misdated = entries.iter().find_map(|entry| match &entry.event {
        Event::Proposed { document, made, .. }
            if made.unix().abs_diff(entry.time.unix()) > MADE_WITHIN =>
        {
            Some(format!(
                "{} is dated {made} and was recorded at {}",
                document.name(),
                entry.time
            ))
        }
        _ => None,
    });
    let back = set_back(entries).map(|back| {
        format!(
            "the machine's clock was set back before line {}",
            back.seq.saturating_add(1)
        )
    });
    let apart = entries.iter().find_map(|entry| match &entry.event {
        Event::Answered { holder, branch, .. } => set_back(branch.entries()).map(|_| {
            format!(
                "the clock of {holder}'s machine was set back during the answer at line {}",
                entry.seq.saturating_add(1)
            )
        }),
        _ => None,
    });
    match (misdated, back.or(apart)) {
        (Some(what), _) => Violation::new(Rule::TranscriptTime, what, STOP).into(),
        (None, None) => Verdict::held(Rule::TranscriptTime, "the clock never went back"),
        (None, Some(back)) => Verdict::not_asked(
            Rule::TranscriptTime,
            format!("{back}; the order of the lines does not change"),
        ),
    }
}

/// The first entry before which the clock of its machine was set back.
fn set_back(entries: &[Entry]) -> Option<&Entry> {
    entries.windows(2).find_map(|pair| match pair {
        [one, next] if next.time < one.time => Some(next),
        _ => None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::transcript::{Branch, Time};
    use keymoot_core::digest::Digest;

    #[test]
    fn a_clock_that_is_set_back_during_an_answer_is_named_with_its_holder() {
        let chain_of = |times: [i64; 2]| {
            let mut chain = Chain::default();
            for time in times {
                let text = "a note".to_owned();
                let time = Time::from_unix(1_800_000_000 + time).unwrap();
                let entry = chain.next(Event::Note { text }, time).unwrap();
                chain.push(entry).unwrap();
            }
            chain
        };
        for (turn, told) in [
            ([0, 1], "the clock never went back"),
            (
                [1, 0],
                "the clock of holder-4's machine was set back during the answer at line 3",
            ),
        ] {
            let mut chain = chain_of([0, 1]);
            let answered = Event::Answered {
                holder: "holder-4".to_owned().try_into().unwrap(),
                request: Digest::of(b"a request"),
                branch: Branch::of(chain_of(turn).entries().to_vec()).unwrap(),
                statement: Digest::of(b"a statement"),
                late: false,
            };
            let time = Time::from_unix(1_800_000_002).unwrap();
            chain.push(chain.next(answered, time).unwrap()).unwrap();
            let verdict = times(&chain);
            assert!(verdict.detail.starts_with(told), "{verdict:?}");
        }
    }
}
