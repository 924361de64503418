//! A device error, after which nothing is lost.

use crossterm::event::KeyEvent;

use keymoot_record::ceremony::State;

use super::violations::RETRY;
use crate::{
    device::{ErrorKind, Who},
    driver::Trouble,
    tui::{
        input::field::{TypedWord, is_word},
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};

/// The word that unblocks the PIN.
const UNBLOCK: &str = "unblock";

/// The screen: what happened, what to do, and the word that tries again.
pub(in crate::tui) struct TroubleScreen {
    trouble: Trouble,
    word: TypedWord,
}

impl TroubleScreen {
    /// The screen for this error.
    pub(crate) fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            word: TypedWord::default(),
        }
    }
}

impl TroubleScreen {
    /// Whether the holder has another device that counts in this turn.
    fn has_another(&self, sight: &Sight<'_>) -> bool {
        let Who::YubiKey(device) = &self.trouble.error.who else {
            return false;
        };
        let awaited = sight.state().map(State::awaited_at_table);
        awaited.is_some_and(|awaited| awaited.iter().any(|serial| *serial != device.0))
    }

    /// Whether the PUK helps.
    fn can_unblock(&self) -> bool {
        self.trouble.error.kind == ErrorKind::PinBlocked
    }
}

impl Screen for TroubleScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let error = &self.trouble.error;
        page.who(&sight.person(&self.trouble.holder));
        page.headline(error.headline());
        page.gap();
        page.alarm(&error.sentence(), Some(&error.help()));
        if self.can_unblock() && self.has_another(sight) {
            page.text(&format!(
                "This holder's other device counts too: end this turn ({}), and call the holder again.",
                page.names().ways_key
            ));
        }
        page.gap();
        page.item(
            "safe: ",
            &format!("Nothing is lost. {}", error.safe()),
            page.sheet.aloud(),
        );
        let ways = page.names().ways_key;
        let words = match self.can_unblock() {
            true => format!(
                "Type {UNBLOCK} and press Enter to type the PUK and a new PIN, or {RETRY} to try again. {ways} shows other options."
            ),
            false => {
                format!("Type {RETRY} and press Enter to try again. {ways} shows other options.")
            }
        };
        self.word.show(page, &words);
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let word = self.word.key(key)?;
        if is_word(&word, RETRY) {
            return Some(Heard::Done);
        }
        if self.can_unblock() {
            if is_word(&word, UNBLOCK) {
                return Some(Heard::Unblock);
            }
            self.word
                .refuse(format!("Type the word {UNBLOCK} or {RETRY}."));
            return None;
        }
        self.word.refuse(format!("Type the word {RETRY}."));
        None
    }
}
