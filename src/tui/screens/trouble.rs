//! Something went wrong with a device, and nothing was lost.

use crossterm::event::KeyEvent;

use super::{Screen, Sight, violations::AGAIN};
use crate::{
    driver::Trouble,
    tui::{field::TypedWord, link::Heard, page::Page},
};

/// The screen: what happened, what to do, and the word that tries again.
pub(in crate::tui) struct TroubleScreen {
    trouble: Trouble,
    word: TypedWord,
}

impl TroubleScreen {
    /// The screen for this trouble.
    pub(crate) fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            word: TypedWord::default(),
        }
    }
}

impl Screen for TroubleScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let error = &self.trouble.error;
        page.who(&sight.person(&self.trouble.holder));
        page.headline(error.headline());
        page.gap();
        page.alarm(&error.to_string(), Some(&error.help()));
        page.gap();
        page.item(
            "safe: ",
            &format!("Nothing is lost. {}", error.safe()),
            page.sheet.aloud(),
        );
        self.word.show(
            page,
            &format!(
                "Type {AGAIN} and press Enter to try again. {} shows other ways.",
                page.names().ways_key
            ),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if self.word.key(key)? == AGAIN {
            return Some(Heard::Done);
        }
        self.word.refuse(format!("Type the word {AGAIN}."));
        None
    }
}
