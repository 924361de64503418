//! The meaning of a typed line where the full screen takes single keys: a line counts as a whole,
//! so that no part of it answers another question.

use crossterm::event::KeyCode;

/// What a line does.
pub(in crate::tui) enum LineMeaning {
    /// It is the text of the field.
    Text,
    /// It does what these keys do.
    Keys(Vec<KeyCode>),
    /// It is none of the answers, for this reason.
    Refused(String),
}

impl LineMeaning {
    /// The refusal of a line that is none of these numbers of a seat or an option.
    pub(in crate::tui) fn none_of(what: &str, line: &str, numbers: &str) -> Self {
        // A longer line may be a PIN: nothing repeats it.
        Self::Refused(match line.len() <= 2 && is_number(line) {
            true => format!("There is no {what} {line}: {numbers}."),
            false => format!("Type a number: {numbers}."),
        })
    }
}

/// Whether a line has digits alone.
pub(in crate::tui) fn is_number(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number of a row, from 1 to `rows`.
pub(in crate::tui) fn row_number(line: &str, rows: usize) -> Option<usize> {
    let number = line.parse().ok().filter(|_| is_number(line))?;
    (1..=rows).contains(&number).then_some(number)
}

/// The meaning of a line below so many filled lines: the number of one goes back to it.
pub(in crate::tui) fn back_to(line: &str, filled: usize) -> LineMeaning {
    match row_number(line, filled) {
        Some(number) => LineMeaning::Keys(vec![KeyCode::Up; filled - number + 1]),
        None => LineMeaning::Text,
    }
}

/// The keys that choose a row, whichever is chosen now.
pub(in crate::tui) fn keys_to_row(number: usize, rows: usize) -> Vec<KeyCode> {
    let up = std::iter::repeat_n(KeyCode::Up, rows);
    let down = std::iter::repeat_n(KeyCode::Down, number.saturating_sub(1));
    up.chain(down).collect()
}
