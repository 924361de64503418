//! The result of a wish, such as a request to holders apart.

use crossterm::event::KeyEvent;
use ratatui::style::Style;

use crate::{
    driver::Told,
    tui::{
        input::field::TypedWord,
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};

/// The word that says that people have read it.
const READ: &str = "read";

/// The screen: it stays until somebody types the word.
pub(in crate::tui) struct ToldScreen {
    told: Told,
    word: TypedWord,
}

impl ToldScreen {
    /// The screen that shows this.
    pub(crate) fn new(told: Told) -> Self {
        let word = TypedWord::default();
        Self { told, word }
    }
}

impl Screen for ToldScreen {
    fn page(&self, page: &mut Page, _: &Sight<'_>) {
        page.who("The administrator");
        page.headline(&self.told.headline);
        page.gap();
        for line in &self.told.lines {
            page.item("* ", line, Style::new());
        }
        if let Some(digest) = &self.told.digest {
            page.words(digest);
        }
        self.word
            .show(page, &format!("Type {READ} and press Enter to continue:"));
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        self.word.confirms(key, READ).map(|()| Heard::Done)
    }
}
