//! The page of an overlay.

use super::{Overlay, decline, end_without, help, leave, ways};
use crate::tui::{page::Page, screen::Sight};

impl Overlay {
    /// Draws the page.
    pub(in crate::tui) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match self {
            Self::Ways { at, numbered } => ways::page(page, sight, *at, *numbered),
            Self::Note(form) => {
                page.who(&sight.typist());
                page.headline("A note for the transcript.");
                page.gap();
                page.text(
                    "One line about what you saw or heard. It is published for ever: no secrets.",
                );
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::Exception(form) => {
                page.who(&sight.typist());
                page.headline("An exception for the transcript.");
                page.gap();
                page.text("Something did not go as the script says. Everyone agrees on the three lines first.");
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::EndTurn(holder, form) => {
                page.who(&sight.typist());
                page.headline(&format!("End the turn of {holder}?"));
                page.gap();
                page.text("What is already in the transcript stays. The holder can come again later in this step.");
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::People(people) => people.page(page, sight),
            Self::Apart(apart) => apart.page(page, sight),
            Self::EndWithout(form) => end_without::page(page, sight, form),
            Self::Decline(form) => decline::page(page, sight, form),
            Self::Leave(word) => leave::page(page, sight, word),
            Self::Intermission(pause) => pause.page(page, sight.up),
            Self::Compare(compare) => compare.page(page, sight),
            Self::Frames(frames) => frames.page(page, sight.codes),
            Self::Help => help::page(page, sight),
        }
        if let Some(how) = self.back_by_line().filter(|_| page.by_line) {
            page.ask(how);
        }
    }

    /// How a line goes back from here, where the page does not say so itself.
    fn back_by_line(&self) -> Option<&'static str> {
        match self {
            Self::Ways { .. } => None,
            _ if self.ends_by_word() => None,
            _ if self.only_shows() => Some("Enter goes back."),
            _ => Some("? goes back."),
        }
    }
}
