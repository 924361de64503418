//! The current screen, and what the driver awaits meanwhile.

use std::ops::Range;

use super::{
    layout::Size,
    screens::{Screen, Starting},
};
use crate::{device::Cancel, driver::Work};
use keymoot_record::ceremony::Question;

/// What the driver awaits.
pub(super) enum Awaits {
    /// An answer that the screen will give.
    Answer,
    /// The end of a wait, which can be ended.
    Wait(Cancel),
    /// Nothing that people could give.
    Nothing,
}

/// A screen, and the question or the work that it shows.
pub(super) struct Scene {
    /// The screen.
    pub screen: Box<dyn Screen>,
    /// What the driver awaits.
    pub awaits: Awaits,
    /// The question and its step, to recognise it when it is asked again.
    pub asked: Option<(Question, usize)>,
    /// The work and when it began, to recognise a repeated report of it.
    pub work: Option<(Work, u64)>,
    /// The first row of the upper part in sight.
    pub scroll: usize,
    /// Which rows of the upper part have been in sight.
    shown: Shown,
    /// Whether all of them have.
    pub is_read: bool,
    /// Whether the chosen row is kept in sight: not while somebody scrolls.
    pub follows: bool,
    /// Whether somebody has answered here.
    pub is_answered: bool,
    /// Whether the ceremony is over: nothing can be recorded any more.
    pub is_last: bool,
}

impl Scene {
    /// A screen, and what the driver awaits from it.
    pub(super) fn new(screen: Box<dyn Screen>, awaits: Awaits) -> Self {
        Self {
            screen,
            awaits,
            asked: None,
            work: None,
            scroll: 0,
            shown: Shown::default(),
            is_read: false,
            follows: true,
            is_answered: false,
            is_last: false,
        }
    }

    /// Before the driver's first request.
    pub(super) fn starting() -> Self {
        Self::new(Box::new(Starting), Awaits::Nothing)
    }

    /// Records that `room` rows from `first` on are in sight, `of` so many. Returns whether the
    /// page shows other rows than before.
    pub(super) fn sees(&mut self, size: Size, first: usize, room: usize, of: usize) -> bool {
        let before = self.unseen(first);
        if self.shown.size != size {
            // The rows are others: the paragraphs are broken at other words.
            self.shown = Shown {
                size,
                rows: Vec::new(),
            };
        }
        self.shown.rows.resize(of, false);
        let seen = self.shown.rows.iter_mut().skip(first).take(room);
        seen.for_each(|row| *row = true);
        let unseen = self.unseen(first);
        let is_read = unseen.is_none() && !self.is_read;
        if is_read {
            self.is_read = true;
        }
        is_read || unseen != before
    }

    /// The first rows that have not been in sight yet, as seen from where this row is the first in
    /// sight.
    pub(super) fn unseen(&self, from: usize) -> Option<Unseen> {
        let rows = &self.shown.rows;
        let first = rows.iter().position(|seen| !seen)?;
        let rest = rows.iter().skip(first);
        let end = first + rest.take_while(|seen| !**seen).count();
        Some(Unseen {
            rows: first..end,
            above: first < from,
        })
    }
}

/// Rows that have not been in sight.
#[derive(PartialEq, Eq)]
pub(super) struct Unseen {
    /// The rows, counted from zero.
    pub rows: Range<usize>,
    /// Whether they are above what is in sight.
    pub above: bool,
}

/// Which rows were in sight, at one size of the terminal.
#[derive(Default)]
struct Shown {
    size: Size,
    rows: Vec<bool>,
}
