//! The summary of the ceremony, before the first step: everybody agrees, or the plan is amended.

use crossterm::event::KeyEvent;
use keymoot_core::text::escape;
use keymoot_record::{ceremony::State, transcript::Time};
use ratatui::style::Style;

use crate::{
    driver::PlanOfDay,
    tui::{
        input::field::TypedWord,
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};

/// The word of agreement.
const AGREE: &str = "agree";

/// The screen: who, which documents, where to, until when; the word, once all was in sight.
pub(in crate::tui) struct PlanScreen {
    plan: PlanOfDay,
    word: TypedWord,
}

impl PlanScreen {
    /// The screen of this plan.
    pub(crate) fn new(plan: PlanOfDay) -> Self {
        Self {
            plan,
            word: TypedWord::default(),
        }
    }
}

/// The expected end, and how long after the opening it is.
fn end(state: &State, end: Time) -> Option<String> {
    let opened = state.opening.as_ref()?.time;
    let minutes = end.unix().saturating_sub(opened.unix()) / 60;
    Some(format!(
        "about {} UTC: {} h {:02} min after the opening",
        end.on_the_clock(),
        minutes / 60,
        minutes % 60
    ))
}

impl Screen for PlanScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let list = |page: &mut Page, title: &str, points: &[String]| {
            page.gap();
            page.headline(title);
            for point in points {
                page.item("* ", point, Style::new());
            }
        };
        page.who("Everybody in the room");
        let title = sight.state().map(|state| &state.plan.script.script().title);
        page.headline(&format!(
            "Today: {}",
            escape(title.map_or("", String::as_str))
        ));
        if !self.plan.warnings.is_empty() {
            list(page, "Know this before you begin", &self.plan.warnings);
        }
        list(page, "Who", &self.plan.summary.people);
        list(page, "What is signed", &self.plan.summary.documents);
        list(page, "Where the bundle goes", &self.plan.outputs);
        if let Some(state) = sight.state() {
            list(
                page,
                "Expected end",
                self.plan.end.and_then(|at| end(state, at)).as_slice(),
            );
        }
        page.gap();
        page.text(&format!(
            "If you do not agree, say so now. Then leave ({}): `keymoot resume` with --roster or --policy amends the plan, and asks for a reason.",
            page.names().leave
        ));
        let what = format!("When all agree, type {AGREE} and press Enter:");
        self.word.show_when_read(page, sight.is_read, &what);
    }

    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard> {
        if !sight.is_read {
            return None;
        }
        self.word.confirms(key, AGREE).map(|()| Heard::Done)
    }
}
