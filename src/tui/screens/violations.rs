//! Violated rules: what each detected and what to do.

use crossterm::event::KeyEvent;

use super::step::confirmed_by;
use crate::{
    driver::View,
    tui::{
        input::field::TypedWord,
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};
use keymoot_core::Verdict;
use keymoot_record::{
    ceremony::Answer,
    transcript::{Event, Time},
};

/// The word that tries or checks something again. "Type again" would read as "type it a second
/// time".
pub(super) const RETRY: &str = "retry";

/// The screen of all violations at once.
pub(super) struct Violations {
    violated: Vec<Verdict>,
    word: TypedWord,
}

impl Violations {
    /// The screen for these verdicts.
    pub(super) fn new(violated: Vec<Verdict>) -> Self {
        Self {
            violated,
            word: TypedWord::default(),
        }
    }
}

/// Lists violations: id, finding, what to do next.
pub(super) fn list(page: &mut Page, violated: &[Verdict]) {
    for verdict in violated {
        page.gap();
        page.alarm(
            &format!("{}: {}", verdict.rule, verdict.detail),
            Some(&verdict.next),
        );
    }
}

/// When the rules were checked last, so that a check that changed nothing is seen.
fn last_judged(view: &View) -> Option<Time> {
    let judged = view.last.as_ref().filter(|entry| {
        matches!(
            entry.event,
            Event::MachineChecked { .. }
                | Event::Loaded { .. }
                | Event::Proposed { .. }
                | Event::Verified { .. }
        )
    });
    judged.map(|entry| entry.time)
}

impl Screen for Violations {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&confirmed_by(sight));
        page.headline(&match self.violated.as_slice() {
            [_] => "A rule is violated. Fix the cause.".to_owned(),
            all => format!("{} rules are violated. Fix the causes.", all.len()),
        });
        list(page, &self.violated);
        if let Some(time) = sight.view.and_then(last_judged) {
            page.gap();
            page.text(&format!("Last checked at {time}."));
        }
        self.word.show(
            page,
            &format!("When it is fixed, type {RETRY} and press Enter to check again:"),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        self.word
            .confirms(key, RETRY)
            .map(|()| Heard::Answer(Answer::Again))
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }
}
