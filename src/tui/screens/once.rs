//! PUK and management key, displayed once to a holder without an age recipient.

use crossterm::event::KeyEvent;
use zeroize::Zeroizing;

use crate::{
    host::secret::Secret,
    tui::{
        input::field::{TypedWord, is_word},
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};
use keymoot_record::rules::roster::Handle;

/// The word that shows them.
const SHOW: &str = "show";
/// The word that confirms that the holder wrote them down.
const WRITTEN: &str = "written";

/// The screen: hidden at first, so that the projector can be covered.
pub(in crate::tui) struct Once {
    holder: Handle,
    serial: u32,
    puk: Secret,
    management: Secret,
    shown: bool,
    word: TypedWord,
}

impl Once {
    /// The screen of these two.
    pub(crate) fn new(holder: Handle, serial: u32, puk: Secret, management: Secret) -> Self {
        Self {
            holder,
            serial,
            puk,
            management,
            shown: false,
            word: TypedWord::default(),
        }
    }

    fn secrets(&self, page: &mut Page) {
        let puk = Zeroizing::new(String::from_utf8_lossy(self.puk.expose()).into_owned());
        let style = page.sheet.typed();
        page.item("PUK             ", &puk, style);
        let key = Zeroizing::new(hex::encode_upper(self.management.expose()));
        for (at, row) in key.as_bytes().chunks(24).enumerate() {
            let groups: Vec<_> = row.chunks(4).map(String::from_utf8_lossy).collect();
            let row = Zeroizing::new(groups.join(" "));
            let mark = if at == 0 {
                "management key  "
            } else {
                "                "
            };
            page.item(mark, &row, style);
        }
    }
}

impl Screen for Once {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        page.headline("Write down PUK and management key. They are displayed once.");
        page.gap();
        page.text(&format!(
            "The PUK of YubiKey {} unblocks its PIN. The management key changes its slots. Nobody else has them.",
            self.serial
        ));
        page.gap();
        if self.shown {
            self.secrets(page);
            self.word.show(
                page,
                &format!("When both are on paper and compared, type {WRITTEN} and press Enter:"),
            );
        } else {
            page.item(
                "! ",
                "Cover the projector and the cameras. Only the holder may see the next screen.",
                page.sheet.alarm(),
            );
            self.word
                .show(page, &format!("Then type {SHOW} and press Enter:"));
        }
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let typed = self.word.key(key)?;
        let wanted = if self.shown { WRITTEN } else { SHOW };
        match (self.shown, is_word(&typed, wanted)) {
            (false, true) => self.shown = true,
            (true, true) => return Some(Heard::Done),
            (_, false) => self.word.refuse(format!("Type the word {wanted}.")),
        }
        None
    }
}
