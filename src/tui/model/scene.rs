//! The current screen, and what the driver awaits meanwhile.

use crate::{
    device::Cancel,
    driver::Work,
    tui::{
        page::{frames::Frames, in_sight::RowsSeen},
        screen::Screen,
        screens::Starting,
    },
};
use keymoot_record::ceremony::Question;

/// What the driver awaits.
pub(in crate::tui) enum Awaits {
    /// An answer that the screen will give.
    Answer,
    /// The end of a wait, which can be ended.
    Wait(Cancel),
    /// Nothing that people could give.
    Nothing,
}

/// A screen, and the question or the work that it shows.
pub(in crate::tui) struct Scene {
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
    /// Whether the end of a page that was scrolled, or of a long text, is in sight.
    pub is_at_end: bool,
    /// Which rows of the upper part have been in sight.
    pub rows: RowsSeen,
    /// Whether the chosen row is kept in sight: not while somebody scrolls.
    pub follows: bool,
    /// Whether somebody has answered here.
    pub is_answered: bool,
    /// The file of this screen that a camera can carry.
    pub codes: Option<Frames>,
    /// Whether the ceremony is over: nothing can be recorded any more.
    pub is_last: bool,
}

impl Scene {
    /// A screen, and what the driver awaits from it.
    pub(in crate::tui) fn new(screen: Box<dyn Screen>, awaits: Awaits) -> Self {
        Self {
            screen,
            awaits,
            asked: None,
            work: None,
            scroll: 0,
            is_at_end: false,
            rows: RowsSeen::default(),
            follows: true,
            is_answered: false,
            codes: None,
            is_last: false,
        }
    }

    /// Before the driver's first request.
    pub(in crate::tui) fn starting() -> Self {
        Self::new(Box::new(Starting), Awaits::Nothing)
    }
}
