//! The screen that stands, and what the driver waits for meanwhile.

use super::screens::{Screen, Starting};
use crate::{device::Cancel, driver::Work};
use keymoot_record::ceremony::Question;

/// What the driver is waiting for.
pub(super) enum Awaits {
    /// An answer that the screen will give.
    Answer,
    /// The end of a wait, which can be ended.
    Wait(Cancel),
    /// Nothing that anybody here could give.
    Nothing,
}

/// A screen and what it stands for.
pub(super) struct Scene {
    /// The screen.
    pub screen: Box<dyn Screen>,
    /// What the driver waits for.
    pub awaits: Awaits,
    /// The question and its step, by which it is known when it is asked again.
    pub asked: Option<(Question, usize)>,
    /// The work and when it began, by which it is known when it is told again.
    pub work: Option<(Work, u64)>,
    /// The first row of the upper part in sight.
    pub scroll: usize,
    /// Whether the chosen row is kept in sight: not while somebody scrolls.
    pub follows: bool,
    /// Whether somebody has answered here.
    pub is_answered: bool,
    /// Whether the ceremony is over: nothing can be recorded any more.
    pub is_last: bool,
}

impl Scene {
    /// A screen that the driver awaits this from.
    pub(super) fn new(screen: Box<dyn Screen>, awaits: Awaits) -> Self {
        Self {
            screen,
            awaits,
            asked: None,
            work: None,
            scroll: 0,
            follows: true,
            is_answered: false,
            is_last: false,
        }
    }

    /// Before the driver has said anything.
    pub(super) fn starting() -> Self {
        Self::new(Box::new(Starting), Awaits::Nothing)
    }
}
