//! The end: the bundle, and the digest of its manifest in hexadecimal and in words.

use crossterm::event::KeyEvent;

use super::step::whose_keys_are_there;
use crate::{
    driver::Farewell,
    tui::{
        input::field::TypedWord,
        link::Heard,
        page::{Page, hex_groups},
        screen::{Screen, Sight},
    },
};

/// The word that says that everybody has seen it.
const DONE: &str = "done";

/// The screen: it stays until somebody types the word.
pub(in crate::tui) struct FarewellScreen {
    farewell: Farewell,
    word: TypedWord,
}

impl FarewellScreen {
    /// The screen for this end.
    pub(crate) fn new(farewell: Farewell) -> Self {
        Self {
            farewell,
            word: TypedWord::default(),
        }
    }
}

/// The most codes that are offered without a warning.
const FEW: usize = 9;

/// Whether a camera can carry the answer, too.
fn as_codes(page: &mut Page, sight: &Sight<'_>) {
    if sight.codes.is_none() || page.by_line {
        return;
    }
    page.gap();
    let key = page.names().codes;
    let text = match sight.codes_for(page) {
        Some(count @ ..=FEW) => format!("Or photograph it: {key} shows it as {count} QR codes."),
        Some(count) => format!(
            "Send the file if you can. It would be {count} QR codes to photograph ({key}), fewer on a larger terminal."
        ),
        None => "It is too long for QR codes on this terminal: send the file.".to_owned(),
    };
    page.text(&text);
    page.gap();
}

impl Screen for FarewellScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        if let Some(turn) = &self.farewell.turn {
            page.who("The holder");
            page.headline("Your answer is written. Send this file back:");
            page.item("  ", &self.farewell.bundle, page.sheet.typed());
            as_codes(page, sight);
            page.text("Keep your device, and the folder of your turn, until the ceremony is over:");
            page.item("  ", turn, page.sheet.typed());
            self.word
                .show(page, &format!("Type {DONE} and press Enter to end:"));
            return;
        }
        page.who("Everybody");
        let ended = sight.state().and_then(|state| state.ended.as_ref());
        page.headline(match ended {
            None => "The ceremony is over. Its bundle:",
            Some(_) => "The ceremony ended WITHOUT its purpose. Its record:",
        });
        for place in std::iter::once(&self.farewell.bundle).chain(&self.farewell.copies) {
            page.item("  ", place, page.sheet.typed());
        }
        if let Some(manifest) = &self.farewell.manifest {
            page.text(&format!(
                "Note the digest of MANIFEST.json{}:",
                page.names().large
            ));
            for row in hex_groups(manifest) {
                page.item("  ", &row, ratatui::style::Style::new());
            }
            page.words(manifest);
        }
        whose_keys_are_there(page, sight);
        page.gap();
        page.text("Anyone can verify it with keymoot verify, without a device or a network.");
        if let Some(medium) = &self.farewell.medium {
            page.text(&format!(
                "It is on {}. Unmount it before you take it out.",
                medium.in_words()
            ));
        }
        self.word
            .show(page, &format!("Noted? Type {DONE} and press Enter to end:"));
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        self.word.confirms(key, DONE).map(|()| Heard::Done)
    }
}
