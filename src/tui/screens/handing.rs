//! The holder of a sealed file gets it before the turn ends.

use crossterm::event::KeyEvent;

use crate::{
    driver::{HandOver, Takes},
    tui::{
        input::field::{TypedWord, is_word},
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};
use keymoot_attestation::Family;

/// The word that says that the holder has a copy.
const TAKEN: &str = "taken";

/// The screen: where the file is, and where it goes.
pub(in crate::tui) struct HandOverScreen {
    file: HandOver,
    word: TypedWord,
}

impl HandOverScreen {
    /// The screen of this file.
    pub(crate) fn new(file: HandOver) -> Self {
        let mut word = TypedWord::default();
        if let Some(why) = &file.refused {
            word.refuse(why.clone());
        }
        Self { file, word }
    }
}

impl Screen for HandOverScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.file.holder));
        page.headline("Take your sealed file with you.");
        page.gap();
        let (secrets, loss) = match self.file.family {
            Family::YubiKey => ("PUK and management key", "a blocked PIN"),
            Family::YubiHsm => ("The passwords", "a forgotten password"),
        };
        let folder = match sight.at_home() {
            Some(_) => "the folder of your turn",
            None => "the ceremony's folder",
        };
        page.text(&format!(
            "{secrets} of device {} are sealed to you alone, in {folder}:",
            self.file.serial
        ));
        page.item("  ", &self.file.file, page.sheet.typed());
        page.text(&format!(
            "Without it, {loss} makes your key useless. Plug in your own stick, and mount it. keymoot writes the file there and reads it back."
        ));
        if sight.codes_for(page).is_some() {
            page.text(&format!(
                "Or photograph it: {} shows it as QR codes. Nobody but you can open the file.",
                page.names().codes
            ));
        }
        self.word.show(
            page,
            &format!("The stick's folder, or {TAKEN} if you have a copy:"),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let typed = self.word.key(key)?;
        if is_word(&typed, TAKEN) {
            return Some(Heard::Takes(Takes::Copy));
        }
        if typed.starts_with('/') {
            return Some(Heard::Takes(Takes::Into(typed.into())));
        }
        self.word
            .refuse(format!("Type a folder that begins with /, or {TAKEN}."));
        None
    }
}
