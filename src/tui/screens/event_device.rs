//! The device in which a holder of a signing event signs: its key, what it attests, and what each
//! touch is for.

use crossterm::event::KeyEvent;
use ratatui::style::Style;

use crate::{
    driver::AboutToSign,
    tui::{
        input::field::TypedWord,
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};

/// The word that has the device sign.
const SIGN: &str = "sign";

/// The screen: it stays until somebody types the word.
pub(super) struct EventDevice {
    about: AboutToSign,
    word: TypedWord,
}

impl EventDevice {
    /// The screen for this device.
    pub(super) fn new(about: AboutToSign) -> Self {
        Self {
            about,
            word: TypedWord::default(),
        }
    }
}

impl Screen for EventDevice {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let about = &self.about;
        page.who(&sight.person(&about.holder));
        let count = about.touches.len();
        page.headline(&format!(
            "Your device, YubiKey {}, asks for {count} touches:",
            about.serial
        ));
        for (at, touch) in about.touches.iter().enumerate() {
            page.item(&format!("{} ", at + 1), touch, Style::new());
        }
        page.gap();
        page.headline("Its attestation of the key");
        let violated = about
            .attested
            .iter()
            .filter(|verdict| verdict.is_violated());
        let violated: Vec<_> = violated.cloned().collect();
        super::violations::list(page, &violated);
        if violated.is_empty() {
            page.text("The vendor's certificates prove: the key was made in this device, and every signature takes the PIN and a touch.");
        } else {
            page.text(
                "Everything else about the key is proven. Whether that is enough, you decide.",
            );
        }
        page.text("The key, in words:");
        page.words(&about.key);
        self.word.show(
            page,
            &format!(
                "Type {SIGN} and press Enter; then the PIN. To sign nothing: {}.",
                page.names().ways_key
            ),
        );
        page.keys = "F8 digest".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        self.word.confirms(key, SIGN).map(|()| Heard::Done)
    }
}
