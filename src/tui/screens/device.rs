//! Questions about the holder's device.

use crossterm::event::KeyEvent;

use crate::tui::{
    input::field::{TypedWord, is_word},
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
};
use keymoot_attestation::Family;
use keymoot_core::{Verdict, digest::Digest, text::escape};
use keymoot_record::{
    ceremony::{
        Answer,
        question::{ADOPT, ERASE, REPLACE},
        turn::Seen,
    },
    rules::roster::Handle,
    transcript::DeviceSetting,
};

/// The word that asks for another device.
pub(super) const ANOTHER: &str = "another";

/// Is this device yours? The holder types the number on the case. The screen never shows it before,
/// so that nobody confirms it unread.
pub(super) struct Identify {
    holder: Handle,
    device: Seen,
    digits: TypedWord,
}

impl Identify {
    /// The screen for this device.
    pub(super) fn new(holder: Handle, device: Seen) -> Self {
        Self {
            holder,
            device,
            digits: TypedWord::default(),
        }
    }
}

impl Screen for Identify {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        page.headline("Read the number on the case of your device.");
        page.gap();
        page.text(&format!(
            "A {} with firmware {} was inserted. It is {}.",
            self.device.family,
            escape(&self.device.firmware),
            match (self.device.used, self.device.family) {
                (true, Family::YubiKey) => {
                    "not fresh: somebody has used its PIV application before"
                }
                (true, Family::YubiHsm) => "not fresh: somebody has used it before",
                (false, Family::YubiKey) if self.device.state.tries.is_none() => {
                    "as the factory left it"
                }
                (false, Family::YubiKey) => {
                    "as the factory left it; keymoot resets it anyway, to restore its tries"
                }
                (false, Family::YubiHsm) => "as the factory left it; keymoot resets it anyway, so that its log begins there",
            }
        ));
        page.gap();
        for setting in &self.device.state.settings {
            page.item("", setting_in_words(*setting), page.sheet.quiet());
        }
        page.text("The number is on the case. keymoot compares it with the number that the device reports: your device must have both.");
        if sight.room {
            page.gap();
            let hint = match (page.by_line, sight.in_hand) {
                (true, Some(number)) => format!("In this rehearsal the case says {number}."),
                (true, None) => "In this rehearsal the device is out.".to_owned(),
                (false, _) => "In this rehearsal, the panel on the right shows it.".to_owned(),
            };
            page.item("", &hint, page.sheet.quiet());
        }
        self.digits.show(
            page,
            &format!("Type its last four digits (or {ANOTHER}, to insert another device):"),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let typed = self.digits.key(key)?;
        Some(Heard::Answer(if is_word(&typed, ANOTHER) {
            Answer::Another
        } else {
            Answer::Typed(typed)
        }))
    }

    fn refuse(&mut self, why: String) {
        self.digits.refuse(why);
    }
}

/// A setting of the device, as people read it.
fn setting_in_words(setting: DeviceSetting) -> &'static str {
    match setting {
        DeviceSetting::PinComplexity => "The device refuses common PINs (PIN complexity).",
        DeviceSetting::Fips => "The device is of the FIPS series.",
        DeviceSetting::LongPins => "Its PIN must have 8 characters.",
    }
}

/// May everything in the device's PIV application be erased?
pub(super) struct Erase {
    holder: Handle,
    device: Seen,
    word: TypedWord,
}

impl Erase {
    /// The screen for this device.
    pub(super) fn new(holder: Handle, device: Seen) -> Self {
        Self {
            holder,
            device,
            word: TypedWord::default(),
        }
    }
}

impl Screen for Erase {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        let unit = self.device.family == Family::YubiHsm;
        page.headline(if unit {
            "May this device be reset, and everything on it erased?"
        } else {
            "May the PIV application of this device be erased?"
        });
        page.gap();
        page.text(&format!(
            "{} {} was used before. A root key needs a device that was reset.",
            self.device.family, self.device.serial
        ));
        let lost = self.device.state.lost();
        if !lost.is_empty() {
            page.gap();
            page.text("The reset destroys:");
            for part in &lost {
                page.item("- ", &escape(part), page.sheet.headline());
            }
        }
        page.gap();
        page.item(
            "! ",
            if unit {
                "Every key on it is lost. Nobody can use those keys again."
            } else {
                "Every key and certificate in its PIV application is lost. Nobody can use those keys again."
            },
            page.sheet.alarm(),
        );
        if !unit {
            page.item(
                "  ",
                "FIDO, OATH, OpenPGP and one-time passwords stay as they are.",
                page.sheet.quiet(),
            );
        }
        self.word.show(
            page,
            &format!(
                "To erase it, type {ERASE} and press Enter. {} shows other options.",
                page.names().ways_key
            ),
        );
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        Some(Heard::Answer(Answer::Typed(self.word.key(key)?)))
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }
}

/// The device holds a key, made before an interruption or before the ceremony: adopt it or replace
/// it?
pub(super) struct Found {
    holder: Handle,
    serial: u32,
    key: Digest,
    brought: bool,
    word: TypedWord,
}

impl Found {
    /// The screen for this key.
    pub(super) fn new(holder: Handle, serial: u32, key: Digest, brought: bool) -> Self {
        Self {
            holder,
            serial,
            key,
            brought,
            word: TypedWord::default(),
        }
    }
}

impl Screen for Found {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        page.headline("A key was found: adopt it, or make another?");
        page.gap();
        page.text(&match self.brought {
            true => format!(
                "The policy lets holders bring keys. Device {} has one:",
                self.serial
            ),
            false => format!(
                "The ceremony was interrupted while device {} made its key, and it now holds one:",
                self.serial
            ),
        });
        page.item("  ", &self.key.words().join(" "), page.sheet.typed());
        page.gap();
        page.item(
            &format!("{ADOPT}: "),
            match self.brought {
                true => "nothing is erased. Its attestation is checked, and it signs with its PIN.",
                false => {
                    "it is the key that was being made. Its attestation is checked like any other."
                }
            },
            page.sheet.headline(),
        );
        page.item(
            &format!("{REPLACE}: "),
            match self.brought {
                true => "the key is erased, and a new one is made.",
                false => "in doubt. The device is erased and a new key is made.",
            },
            page.sheet.headline(),
        );
        self.word
            .show(page, &format!("Type {ADOPT} or {REPLACE} and press Enter:"));
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        Some(Heard::Answer(Answer::Typed(self.word.key(key)?)))
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }
}

/// A rule refuses the device.
pub(super) struct Refused {
    holder: Handle,
    serial: u32,
    violated: Vec<Verdict>,
    another: bool,
    word: TypedWord,
}

impl Refused {
    /// The screen for these violations.
    pub(super) fn new(holder: Handle, serial: u32, violated: Vec<Verdict>, another: bool) -> Self {
        Self {
            holder,
            serial,
            violated,
            another,
            word: TypedWord::default(),
        }
    }
}

impl Screen for Refused {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.holder));
        page.headline(&format!("Device {} cannot be used.", self.serial));
        super::violations::list(page, &self.violated);
        if self.another {
            self.word.show(
                page,
                &format!(
                    "Type {ANOTHER} and press Enter to insert another device. To end this turn or to leave: {}.",
                    page.names().ways_key
                ),
            );
        } else {
            page.ask(&format!(
                "To end this turn or to leave: {}.",
                page.names().ways_key
            ));
        }
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if !self.another {
            return None;
        }
        let another = self.word.confirms(key, ANOTHER);
        another.map(|()| Heard::Answer(Answer::Another))
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }
}
