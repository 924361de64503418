//! A line that somebody types, and the word that confirms.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::page::Page;

/// The longest line, in characters: more than any answer needs, and a bound for a
/// key held down.
pub(in crate::tui) const LONGEST: usize = 400;

/// What is said when more is typed.
pub(in crate::tui) const TOO_LONG: &str = "At most 400 characters. The rest was not taken.";

/// What a YubiKey types when it is touched: a one-time password of 32 to 48
/// characters of this alphabet and Enter (Yubico, "OTPs explained").
const MODHEX: &str = "cbdefghijklnrtuv";

/// An input line.
#[derive(Debug, Default)]
pub(in crate::tui) struct Field {
    text: String,
    /// Whether the last key found no room.
    is_full: bool,
}

impl Field {
    /// Takes a key. Returns whether it changed the line.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent) -> bool {
        self.is_full = false;
        match edit(key) {
            Some(Edit::Back) => drop(self.text.pop()),
            Some(Edit::Empty) => self.text.clear(),
            None => match typed(key) {
                Some(c) if self.text.chars().count() < LONGEST => self.text.push(c),
                Some(_) => self.is_full = true,
                None => return false,
            },
        }
        true
    }

    /// Why the last key changed nothing.
    pub(in crate::tui) fn refusal(&self) -> Option<&'static str> {
        self.is_full.then_some(TOO_LONG)
    }

    /// The line's text.
    pub(in crate::tui) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the line is empty or has only spaces.
    pub(in crate::tui) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Replaces the text.
    pub(in crate::tui) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// Empties the line and returns its text, without spaces at its ends.
    pub(in crate::tui) fn take(&mut self) -> String {
        std::mem::take(&mut self.text).trim().to_owned()
    }

    /// Whether a YubiKey typed this, because somebody touched it.
    pub(in crate::tui) fn is_one_time_password(&self) -> bool {
        let text = self.text.trim();
        text.len() >= 32 && text.chars().all(|c| MODHEX.contains(c))
    }
}

/// What a key deletes.
pub(in crate::tui) enum Edit {
    /// The last character.
    Back,
    /// All of the line.
    Empty,
}

/// What a key deletes, if anything. Some terminals send Ctrl-H for Backspace.
pub(in crate::tui) fn edit(key: &KeyEvent) -> Option<Edit> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Backspace => Some(Edit::Back),
        KeyCode::Char('h') if control => Some(Edit::Back),
        KeyCode::Char('u') if control => Some(Edit::Empty),
        _ => None,
    }
}

/// The character that a key types, if it types one.
pub(in crate::tui) fn typed(key: &KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(c)
            if !key
                .modifiers
                .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
        {
            (!c.is_control()).then_some(c)
        }
        _ => None,
    }
}

/// The refusal of a line that a touched device typed.
pub(in crate::tui) const TOUCHED: &str = "A touched YubiKey typed that by itself. Nothing happened. Do not touch it now, and type the answer.";

/// Whether somebody typed this word, in capitals or not.
pub(in crate::tui) fn is_word(typed: &str, word: &str) -> bool {
    typed.trim().eq_ignore_ascii_case(word)
}

/// A word to be typed out: Enter alone does nothing.
#[derive(Debug, Default)]
pub(in crate::tui) struct TypedWord {
    field: Field,
    refusal: Option<String>,
    is_masked: bool,
}

impl TypedWord {
    /// Takes a key; what was typed when Enter completes it.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent) -> Option<String> {
        if key.code != KeyCode::Enter {
            if self.field.key(key) {
                self.refusal = None;
            }
            return None;
        }
        if self.field.is_one_time_password() {
            self.field.take();
            self.refusal = Some(TOUCHED.to_owned());
        }
        (!self.field.is_empty()).then(|| self.field.take())
    }

    /// Takes a key; whether Enter completed this word, the only one that is taken here.
    pub(in crate::tui) fn confirms(&mut self, key: &KeyEvent, word: &str) -> Option<()> {
        if is_word(&self.key(key)?, word) {
            return Some(());
        }
        self.refuse(format!("Type the word {word}."));
        None
    }

    /// Shows a star for each character from now on: the rest of a PIN may be typed here.
    pub(in crate::tui) fn mask(&mut self) {
        self.is_masked = true;
    }

    /// Refuses the line, for this reason.
    pub(in crate::tui) fn refuse(&mut self, why: String) {
        self.refusal = Some(why);
    }

    /// Clears the last refusal.
    pub(in crate::tui) fn forgive(&mut self) {
        self.refusal = None;
    }

    /// Whether it shows a refusal.
    pub(in crate::tui) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Whether nothing was typed.
    pub(in crate::tui) fn is_empty(&self) -> bool {
        self.field.text().is_empty()
    }

    /// The same, once all of the page has been in sight.
    pub(in crate::tui) fn show_when_read(&self, page: &mut Page, is_read: bool, what: &str) {
        match is_read {
            true => self.show(page, what),
            false => page.ask_to_read_on(what),
        }
    }

    /// Shows the prompt, the line, and why the last one was refused.
    pub(in crate::tui) fn show(&self, page: &mut Page, what: &str) {
        page.refusal(self.refusal.as_deref().or(self.field.refusal()));
        page.ask(what);
        match self.is_masked {
            true => page.field(&"*".repeat(self.field.text().chars().count())),
            false => page.field(self.field.text()),
        }
    }
}
