//! Which rows of a page have been in sight: a long text is confirmed only after all of it was.

use std::ops::Range;

use super::layout::Size;

/// Rows that have not been in sight.
#[derive(PartialEq, Eq)]
pub(in crate::tui) struct Unseen {
    /// The rows, counted from zero.
    pub rows: Range<usize>,
    /// Whether they are above what is in sight.
    pub above: bool,
    /// Whether there are more of them below these.
    pub more: bool,
}

/// Which rows of a page were in sight, at one size of the terminal.
#[derive(Default)]
pub(in crate::tui) struct RowsSeen {
    size: Size,
    rows: Vec<bool>,
    /// Whether all of them were, at some size.
    pub is_read: bool,
}

impl RowsSeen {
    /// Records that `room` rows from `first` on are in sight, `of` so many. Returns whether the
    /// page shows other rows than before.
    pub(in crate::tui) fn sees(
        &mut self,
        size: Size,
        first: usize,
        room: usize,
        of: usize,
    ) -> bool {
        let before = self.unseen(first);
        if self.size != size {
            // The rows are others: the paragraphs are broken at other words.
            self.size = size;
            self.rows.clear();
        }
        self.rows.resize(of, false);
        let seen = self.rows.iter_mut().skip(first).take(room);
        seen.for_each(|row| *row = true);
        let unseen = self.unseen(first);
        let is_read = unseen.is_none() && !self.is_read;
        self.is_read |= is_read;
        is_read || unseen != before
    }

    /// The first rows that have not been in sight yet, as seen from where this row is the first in
    /// sight.
    pub(in crate::tui) fn unseen(&self, from: usize) -> Option<Unseen> {
        let first = self.rows.iter().position(|seen| !seen)?;
        let rest = self.rows.iter().skip(first);
        let end = first + rest.take_while(|seen| !**seen).count();
        Some(Unseen {
            rows: first..end,
            above: first < from,
            more: self.rows.iter().skip(end).any(|seen| !seen),
        })
    }
}
