//! A row of a numbered list, chosen with the arrows or by typing its number.

/// Nothing is chosen at first, so that Enter alone does nothing.
#[derive(Debug, Default)]
pub(in crate::tui) struct Chosen {
    at: Option<usize>,
    number: usize,
}

impl Chosen {
    /// The chosen row, from 0.
    pub(in crate::tui) fn at(&self) -> Option<usize> {
        self.at
    }

    /// The row before it.
    pub(in crate::tui) fn up(&mut self) {
        self.number = 0;
        self.at = Some(self.at.map_or(0, |at| at.saturating_sub(1)));
    }

    /// The row after it, of so many.
    pub(in crate::tui) fn down(&mut self, rows: usize) {
        self.number = 0;
        let next = self.at.map_or(0, |at| at + 1);
        self.at = rows.checked_sub(1).map(|last| next.min(last));
    }

    /// Another digit of a number from 1 to `rows`; a digit that makes no such number begins
    /// another.
    pub(in crate::tui) fn digit(&mut self, digit: char, rows: usize) {
        let digit = digit.to_digit(10).unwrap_or_default() as usize;
        let longer = self.number * 10 + digit;
        let number = match (1..=rows).contains(&longer) {
            true => longer,
            false => digit,
        };
        self.number = number;
        self.at = (1..=rows).contains(&number).then(|| number - 1);
    }
}
