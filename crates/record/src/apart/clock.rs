//! How the clock of a holder's own machine differs from the table's. It is no reason to refuse an
//! answer.

use crate::{
    rules::machine::APART,
    transcript::{Branch, Chain, Time},
};

/// By how much the clock of an answer's machine differs, such as "about 3 days ahead of": an
/// answer is made after the line of `chain` that it follows, and before it is `taken` in. `None` if
/// these lines show no more than 5 minutes.
#[must_use]
pub fn apart(chain: &Chain, branch: &Branch, taken: Time) -> Option<String> {
    let (_, first) = branch.base();
    let before = usize::try_from(first).ok()?.checked_sub(1)?;
    let asked = chain.entries().get(before)?.time;
    let times = || branch.entries().iter().map(|entry| entry.time.unix());
    let ahead = times().max()?.saturating_sub(taken.unix());
    let behind = asked.unix().saturating_sub(times().min()?);
    let most = i64::from(APART) * 60;
    match (ahead > most, behind > most) {
        (true, _) => Some(format!("about {} ahead of", about(ahead))),
        (false, true) => Some(format!("about {} behind", about(behind))),
        (false, false) => None,
    }
}

/// A time of some minutes or more, in the largest unit of which it has two.
fn about(seconds: i64) -> String {
    let rounded = |unit: i64| seconds.saturating_add(unit / 2) / unit;
    match seconds {
        ..7_200 => format!("{} minutes", rounded(60)),
        7_200..172_800 => format!("{} hours", rounded(3_600)),
        _ => format!("{} days", rounded(86_400)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::transcript::Event;

    const MINUTE: i64 = 60;
    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> Time {
        Time::from_unix(1_800_000_000 + seconds).unwrap()
    }

    /// What is said of an answer that was made `made` seconds after its request, and taken in a
    /// minute after it by the table's clock.
    fn said(made: i64) -> Option<String> {
        let mut chain = Chain::default();
        let note = |text: &str| Event::Note { text: text.into() };
        let asked = chain.next(note("asked"), at(0)).unwrap();
        chain.push(asked).unwrap();
        let answer = chain.next(note("an answer"), at(made)).unwrap();
        apart(&chain, &Branch::of(vec![answer]).unwrap(), at(MINUTE))
    }

    #[test]
    fn an_answer_from_a_machine_whose_clock_differs_says_by_how_much() {
        for made in [-5 * MINUTE, 0, MINUTE, 6 * MINUTE] {
            assert_eq!(said(made), None, "{made}");
        }
        for (made, words) in [
            (3 * DAY, "about 3 days ahead of"),
            (8 * MINUTE, "about 7 minutes ahead of"),
            (DAY, "about 24 hours ahead of"),
            (-3 * DAY, "about 3 days behind"),
        ] {
            assert_eq!(said(made).unwrap(), words);
        }
    }
}
