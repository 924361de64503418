//! The holder types a PIN. It is masked, and a new one is typed twice.

use crossterm::event::{KeyCode, KeyEvent};

use crate::{
    device::{PIN_FIELD, PinRefused, check_new, check_typed},
    driver::{Asked, PinPrompt},
    host::secret::Secret,
    tui::{
        input::field::{Edit, edit, typed},
        link::Heard,
        page::Page,
        screen::{Screen, Sight},
    },
};
use keymoot_attestation::Family;
use keymoot_core::text::sentence;

/// The screen of one prompt.
pub(in crate::tui) struct Pin {
    prompt: PinPrompt,
    typing: Secret,
    /// The new PIN as it was typed the first time.
    first: Option<Secret>,
    refusal: Option<String>,
}

impl Pin {
    /// The screen of this prompt.
    pub(crate) fn new(prompt: PinPrompt) -> Self {
        Self {
            refusal: prompt.refused.as_deref().map(sentence),
            prompt,
            typing: Secret::field(PIN_FIELD),
            first: None,
        }
    }

    fn is_new(&self) -> bool {
        self.prompt.asked == Asked::NewPin
    }

    /// The name of the secret to type.
    fn secret(&self) -> &'static str {
        match (self.prompt.family, self.prompt.asked) {
            (Family::YubiKey, Asked::Puk) => "PUK",
            (Family::YubiKey, _) => "PIN",
            (Family::YubiHsm, _) => "password",
        }
    }

    fn enter(&mut self) -> Option<Heard> {
        if self.typing.typed() == 0 {
            return None;
        }
        let pin = std::mem::replace(&mut self.typing, Secret::field(PIN_FIELD));
        let checked = match self.is_new() {
            true => check_new(self.prompt.family, self.prompt.demands, &pin),
            false => check_typed(self.prompt.family, &pin),
        };
        let is_touch = matches!(
            checked,
            Err(PinRefused::OneTimePassword | PinRefused::TooLong)
        );
        let differs = |first: &Secret| !first.same_as(&pin);
        // Whether another one than the first could be a PIN does not matter.
        if self.first.as_ref().is_some_and(differs) && !is_touch {
            self.first = None;
            self.refusal = Some("The two are not the same. Begin again with the first.".to_owned());
            return None;
        }
        if let Err(refused) = checked {
            self.refusal = Some(self.refused(refused));
            return None;
        }
        match self.first.take() {
            None if self.is_new() => {
                self.first = Some(pin);
                self.refusal = None;
                None
            }
            _ => Some(Heard::Pin(pin)),
        }
    }

    /// The recipient for whom the device's secrets are sealed once the PIN is typed: a wrong one
    /// would lock the holder out, or let another person in.
    fn sealed_to(&self, page: &mut Page) {
        let Some(recipient) = &self.prompt.sealed_to else {
            return;
        };
        let secrets = match self.prompt.family {
            Family::YubiKey => "PUK and management key are",
            Family::YubiHsm => "The passwords are",
        };
        page.gap();
        page.text(&format!(
            "{secrets} sealed to the age recipient that ends in {}. If yours ends differently, do not type a {}: {} and end the turn.",
            recipient.last_characters(),
            self.secret(),
            page.names().ways
        ));
    }

    /// The refusal as a sentence, which also says that no try was used up.
    fn refused(&self, refused: PinRefused) -> String {
        let touched = if refused == PinRefused::TooLong {
            ". A touched YubiKey types a one-time password by itself: do not touch it now"
        } else {
            ""
        };
        let spared = if self.is_new() {
            ""
        } else {
            ". It was not sent to the device; no try was used up"
        };
        sentence(&format!("{refused}{touched}{spared}"))
    }
}

impl Screen for Pin {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who(&sight.person(&self.prompt.holder));
        let (family, serial) = (self.prompt.family, self.prompt.serial);
        let word = self.secret();
        page.headline(&match (self.is_new(), &self.first) {
            (true, None) => format!("Choose a {word} for your device and type it."),
            (true, Some(_)) => format!("Type the same {word} once more."),
            (false, _) => format!("Type the {word} of your device."),
        });
        page.gap();
        page.text(&format!(
            "{family} {serial}. All others look away: only the holder knows the {word}."
        ));
        if family == Family::YubiKey {
            page.item(
                "  ",
                "Do not touch the device yet. It would type a one-time password.",
                page.sheet.quiet(),
            );
        }
        page.gap();
        if family == Family::YubiHsm {
            page.text(if self.is_new() {
                "20 characters or more: 24 random digits, or six random words. The device counts no tries, so a short password is not safe. Write it down: you type it at every turn."
            } else {
                "The holder chose this password when the device made its key."
            });
        } else if self.is_new() {
            let length = match self.prompt.demands.long {
                true => "This device demands 8",
                false => "6 to 8",
            };
            page.text(&format!("{length} characters. Digits are the same on every keyboard. No date, no sequence, not the PIN from the factory."));
        } else if self.prompt.asked == Asked::Puk {
            page.text("At the set-up, it was sealed to the holder's age recipient, or the holder wrote it down. The device allows few tries; then its PIN stays blocked for ever.");
        } else {
            page.text("The device checks it, and allows few tries.");
        }
        self.sealed_to(page);
        if sight.room && self.is_new() {
            let hint = format!("In this rehearsal, one {word} is enough for everyone.");
            page.gap();
            page.item("", &hint, page.sheet.quiet());
        }
        page.refusal(self.refusal.as_deref());
        let asked = match family {
            Family::YubiKey => word,
            Family::YubiHsm => "Password",
        };
        page.ask(&match (self.is_new(), &self.first) {
            (true, None) => format!("New {word}, first time, then Enter:"),
            (true, Some(_)) => format!("New {word}, second time, then Enter:"),
            (false, _) => format!("{asked}, then Enter:"),
        });
        let count = self.typing.typed();
        page.field(&"*".repeat(count));
        if count > 0 {
            page.ask(&format!("{count} typed"));
        }
        page.keys = "Ctrl-U empties".to_owned();
    }

    fn asks_for_secret(&self) -> bool {
        true
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if key.code == KeyCode::Enter {
            return self.enter();
        }
        match edit(key) {
            Some(Edit::Back) => self.typing.pop(),
            Some(Edit::Empty) => self.typing.clear(),
            None => {
                if let Some(c) = typed(key) {
                    // A full field takes no more characters; the length is then refused anyway.
                    self.typing.push(c);
                    self.refusal = None;
                }
            }
        }
        None
    }
}
