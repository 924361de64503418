//! Two patterns of file names beside each other, component by component as clients read them.

/// Whether there is a name that both patterns match.
#[must_use]
pub fn patterns_meet(one: &str, other: &str) -> bool {
    each_component(one, other, meet)
}

/// Whether the first pattern matches every name that the second one does. It returns false in cases
/// that only a comparison of the whole patterns would decide.
#[must_use]
pub fn pattern_covers(wide: &str, narrow: &str) -> bool {
    each_component(wide, narrow, covers)
}

fn each_component(one: &str, other: &str, holds: fn(&[char], &[char]) -> bool) -> bool {
    let parts = |text: &str| -> Vec<Vec<char>> {
        text.split('/').map(|part| part.chars().collect()).collect()
    };
    let (ones, others) = (parts(one), parts(other));
    ones.len() == others.len() && ones.iter().zip(&others).all(|(a, b)| holds(a, b))
}

fn meet(one: &[char], other: &[char]) -> bool {
    table(one, other, |a, b, next| match (a, b) {
        (None, None) => true,
        (Some('*'), _) | (_, Some('*')) => {
            // A star matches nothing, or one more of what the other pattern matches.
            let of_one = a == Some('*') && (next(1, 0) || (b.is_some() && next(0, 1)));
            let of_other = b == Some('*') && (next(0, 1) || (a.is_some() && next(1, 0)));
            of_one || of_other
        }
        (Some(a), Some(b)) => (a == '?' || b == '?' || a == b) && next(1, 1),
        _ => false,
    })
}

fn covers(wide: &[char], narrow: &[char]) -> bool {
    table(wide, narrow, |a, b, next| match (a, b) {
        (None, None) => true,
        (Some('*'), b) => next(1, 0) || (b.is_some() && next(0, 1)),
        (Some('?'), Some(b)) => b != '*' && next(1, 1),
        (Some(a), Some(b)) => a == b && next(1, 1),
        _ => false,
    })
}

/// Fills a table from the ends of both patterns: `step` gets the next item of each, and the
/// result after so many more of each.
fn table(
    one: &[char],
    other: &[char],
    step: impl Fn(Option<char>, Option<char>, &dyn Fn(usize, usize) -> bool) -> bool,
) -> bool {
    let columns = other.len() + 1;
    let mut holds = vec![false; (one.len() + 1) * columns];
    for i in (0..=one.len()).rev() {
        for j in (0..columns).rev() {
            let next = |more: usize, others: usize| {
                let (i, j) = (i + more, j + others);
                j < columns && holds.get(i * columns + j).is_some_and(|known| *known)
            };
            let known = step(one.get(i).copied(), other.get(j).copied(), &next);
            if let Some(place) = holds.get_mut(i * columns + j) {
                *place = known;
            }
        }
    }
    holds.first().is_some_and(|known| *known)
}

#[cfg(test)]
mod tests {
    use super::{pattern_covers, patterns_meet};

    #[test]
    fn patterns_meet_where_one_name_matches_both() {
        for (one, other) in [
            ("a", "a"),
            ("dist/*", "dist/*"),
            ("dist/*/*nightly*", "dist/2026-*/channel-*"),
            ("a*c", "ab*"),
            ("?b", "a?"),
            ("*", "**"),
        ] {
            assert!(
                patterns_meet(one, other) && patterns_meet(other, one),
                "{one} {other}"
            );
        }
        for (one, other) in [
            ("a", "b"),
            ("a/*", "a/*/*"),
            ("*nightly", "*stable"),
            ("a?", "a"),
            ("dist/x*", "dist/y*"),
        ] {
            assert!(
                !patterns_meet(one, other) && !patterns_meet(other, one),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_pattern_covers_another_where_it_matches_all_of_its_names() {
        for (wide, narrow) in [
            ("*", "a*b"),
            ("dist/*/*", "dist/*/channel-rust-nightly*"),
            ("a?c", "a?c"),
            ("*a*", "ba?"),
            ("a*", "a"),
        ] {
            assert!(pattern_covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("?", "*"),
            ("a*b", "a*"),
            ("dist/*", "dist/*/*"),
            ("a?", "a"),
        ] {
            assert!(!pattern_covers(wide, narrow), "{wide} {narrow}");
        }
    }
}
