//! Something went wrong with a device, and nothing was lost.

use crossterm::event::KeyEvent;

use super::{Screen, Sight, violations::AGAIN};
use crate::{
    driver::{Mishap, Trouble},
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

/// The mishap in a few words, and what is safe all the same.
fn told(mishap: Mishap) -> (&'static str, &'static str) {
    const SIGNED_NOTHING: &str = "Nothing came of it. What was done before is in the transcript.";
    match mishap {
        Mishap::WrongPin(_) => (
            "The PIN was wrong.",
            "Nothing was signed, and the key is safe: the device counts the tries itself.",
        ),
        Mishap::PinBlocked => (
            "The PIN is blocked.",
            "The key is safe in the device; it cannot be used before the PIN is unblocked.",
        ),
        Mishap::NoTouch => ("Nobody touched the device in time.", SIGNED_NOTHING),
        Mishap::Unplugged => (
            "The device was taken out while it was at work.",
            SIGNED_NOTHING,
        ),
        Mishap::Lost => (
            "The connection to the device broke off.",
            "Whether it did what it was asked is looked up before anything is asked again.",
        ),
        Mishap::Missing => ("The device is not plugged in.", SIGNED_NOTHING),
        Mishap::WrongDevice => ("This is another device.", SIGNED_NOTHING),
        Mishap::Several => (
            "More than one device is plugged in.",
            "None of them was asked for anything.",
        ),
        Mishap::OldFirmware => (
            "The firmware of this device is too old.",
            "Nothing on the device was changed.",
        ),
        Mishap::FactoryCredential => (
            "The device still has a PIN, PUK or key from the factory.",
            "It was not used: anybody could have used it.",
        ),
        Mishap::WrongPassword => (
            "The password was wrong.",
            "Nothing was signed, and the key is safe: a wrong password uses nothing up.",
        ),
        Mishap::ResetByHand => (
            "This device can only be reset by hand.",
            "Whatever key it holds counts for nothing, and the reset destroys it.",
        ),
        Mishap::Silent => ("The device gave no answer.", SIGNED_NOTHING),
        Mishap::Taken => (
            "Another program has the device.",
            "It was not asked for anything.",
        ),
        Mishap::Service => (
            "This machine cannot speak to any device.",
            "The devices are as they were.",
        ),
        Mishap::WrongSignature => (
            "This is no signature by the device's key.",
            "It was thrown away: it stands in no document, and nothing counts it.",
        ),
        Mishap::Other => (
            "Something went wrong with the device.",
            "What was done before is in the transcript.",
        ),
    }
}

impl Screen for TroubleScreen {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        let (headline, safe) = told(self.trouble.kind);
        page.who(&sight.person(&self.trouble.holder));
        page.headline(headline);
        page.gap();
        page.alarm(&self.trouble.what, Some(&self.trouble.next));
        page.gap();
        page.item(
            "safe: ",
            &format!("Nothing is lost. {safe}"),
            page.sheet.aloud(),
        );
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
