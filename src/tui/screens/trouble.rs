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
    pub fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            word: TypedWord::default(),
        }
    }
}

impl Screen for TroubleScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.trouble.holder));
        page.headline("Something went wrong with the device.");
        page.gap();
        page.alarm(&self.trouble.what, Some(&self.trouble.next));
        page.gap();
        page.text("Nothing is lost: what was done before is in the transcript.");
        self.word.show(
            page,
            &format!("Type {AGAIN} and press Enter to try again. Esc shows other ways."),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if self.word.key(key)? == AGAIN {
            return Some(Heard::Done);
        }
        self.word
            .refuse(format!("Type the word {AGAIN}, or press Esc."));
        None
    }
}
