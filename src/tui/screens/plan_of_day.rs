//! What the ceremony does, before anything is done: everybody agrees, or the plan is amended.

use crossterm::event::KeyEvent;
use keymoot_core::text::escape;
use keymoot_record::{
    ceremony::{PlanPart, State},
    transcript::Time,
};
use ratatui::style::Style;

use super::{Screen, Sight};
use crate::{
    driver::PlanOfDay,
    tui::{
        field::{TypedWord, is_word},
        link::Heard,
        page::Page,
    },
};

/// The word of those who agree.
const AGREE: &str = "agree";

/// The screen: who, which documents, where to, until when; the word, once all was in sight.
pub(in crate::tui) struct PlanScreen {
    plan: PlanOfDay,
    seen: bool,
    word: TypedWord,
}

impl PlanScreen {
    /// The screen of this plan.
    pub(crate) fn new(plan: PlanOfDay) -> Self {
        Self {
            plan,
            seen: false,
            word: TypedWord::default(),
        }
    }
}

/// The expected end, if the ceremony goes as its script plans.
fn end(state: &State) -> Option<String> {
    let minutes = state.plan.script.minutes();
    let opened = state.opening.as_ref()?.time;
    let end = Time::from_unix(opened.unix() + i64::from(minutes) * 60)?;
    let end = end.to_string();
    Some(format!(
        "about {} UTC: {} h {:02} min after the opening",
        end.get(11..16)?,
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
        list(page, "Who", &self.plan.summary.people);
        list(page, "What is signed", &self.plan.summary.documents);
        list(page, "Where the bundle goes", &self.plan.outputs);
        if let Some(state) = sight.state() {
            let of = |part: PlanPart| {
                let digest = state.digest_of(part)?;
                Some(format!("{}: {}", part.name(), digest.short_words()))
            };
            let digests: Vec<_> = PlanPart::ALL.into_iter().filter_map(of).collect();
            list(page, "Digests, each compared next", &digests);
            list(page, "Expected end", end(state).as_slice());
        }
        page.gap();
        page.text("Whoever does not agree says so now. Then leave (F4): `keymoot resume` with --roster or --policy amends the plan, with its reason.");
        if self.seen {
            self.word.show(
                page,
                &format!("When all agree, type {AGREE} and press Enter:"),
            );
        } else {
            page.ask_to_read_on();
        }
        page.keys = "PgDn".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if !self.seen {
            return None;
        }
        if is_word(&self.word.key(key)?, AGREE) {
            return Some(Heard::Done);
        }
        self.word.refuse(format!("Type the word {AGREE}."));
        None
    }

    fn was_read(&mut self) {
        self.seen = true;
    }
}
