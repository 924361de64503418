//! Several lines to be typed one after the other.

use crossterm::event::{KeyCode, KeyEvent};

use super::{
    field::{Field, TOUCHED, is_word, typed},
    line::{LineMeaning, back_to},
};
use crate::tui::page::Page;

/// The place of a line and its check, which says why it refuses one.
type Check = (usize, fn(&str) -> Result<(), String>);

/// Lines to be typed one after the other; the last may be a word that confirms.
pub(in crate::tui) struct Form {
    fields: Vec<(&'static str, Field)>,
    at: usize,
    word: Option<&'static str>,
    checks: Vec<Check>,
    /// Whether a line of digits alone is refused.
    refuses_pins: bool,
    /// Whether only its word ends it: there is no way back.
    has_no_way_back: bool,
    refusal: Option<String>,
    /// Whether the line holds a refused text, which the next character replaces.
    is_refused: bool,
}

impl Form {
    /// An empty form with these labels; with a word, the last field takes only that.
    pub(in crate::tui) fn new(labels: &[&'static str], word: Option<&'static str>) -> Self {
        Self {
            fields: labels
                .iter()
                .map(|&label| (label, Field::default()))
                .collect(),
            at: 0,
            word,
            checks: Vec::new(),
            refuses_pins: false,
            has_no_way_back: false,
            refusal: None,
            is_refused: false,
        }
    }

    /// The same form, whose line at this place must pass this check.
    pub(in crate::tui) fn accepting(
        mut self,
        at: usize,
        check: fn(&str) -> Result<(), String>,
    ) -> Self {
        self.checks.push((at, check));
        self
    }

    /// The same form, which only its word ends.
    pub(in crate::tui) fn without_way_back(mut self) -> Self {
        self.has_no_way_back = true;
        self
    }

    /// Refuses a line of digits alone: it was opened where a PIN is typed.
    pub(in crate::tui) fn refuse_pins(&mut self) {
        self.refuses_pins = true;
    }

    /// Why the line at this place is refused.
    fn refused(&self, at: usize) -> Option<String> {
        let (_, field) = self.fields.get(at)?;
        if self.refuses_pins && is_number_as_long_as_a_pin(field.text()) {
            return Some(LIKE_A_PIN.to_owned());
        }
        let mut checks = self.checks.iter().filter(|(of, _)| *of == at);
        checks.find_map(|(_, check)| check(field.text().trim()).err())
    }

    /// Takes a key; whether the form was completed.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent) -> bool {
        let last = self.fields.len().saturating_sub(1);
        // A check may look at the disk, so a line is checked only when it is left.
        let is_left = matches!(key.code, KeyCode::Down | KeyCode::Tab | KeyCode::Enter);
        let refused = is_left.then(|| self.refused(self.at)).flatten();
        let was_refused = std::mem::take(&mut self.is_refused);
        let Some((_, field)) = self.fields.get_mut(self.at) else {
            return false;
        };
        match key.code {
            KeyCode::Up | KeyCode::BackTab => {
                if let Some(before) = self.at.checked_sub(1) {
                    self.at = before;
                    self.refusal = None;
                }
            }
            KeyCode::Enter | KeyCode::Down | KeyCode::Tab if field.is_one_time_password() => {
                field.take();
                self.refusal = Some(TOUCHED.to_owned());
            }
            KeyCode::Down | KeyCode::Tab | KeyCode::Enter if self.at < last => {
                if field.is_empty() {
                    self.refusal = Some(refused.unwrap_or_else(|| EMPTY.to_owned()));
                } else if let Some(why) = refused {
                    match why == LIKE_A_PIN {
                        // Nobody else may read it.
                        true => drop(field.take()),
                        false => self.is_refused = true,
                    }
                    self.refusal = Some(why);
                } else {
                    self.at += 1;
                    self.refusal = None;
                }
            }
            KeyCode::Enter if !field.is_empty() => match self.word {
                Some(word) if !is_word(field.text(), word) => {
                    field.take();
                    let back = match self.has_no_way_back {
                        true => "",
                        false => ", or go back",
                    };
                    self.refusal = Some(format!("Type the word {word}{back}."));
                }
                _ => return true,
            },
            _ => {
                if was_refused && typed(key).is_some() {
                    field.take();
                }
                if field.key(key) {
                    self.refusal = None;
                }
            }
        }
        false
    }

    /// Whether only the word that confirms is left.
    fn confirms(&self) -> bool {
        self.word.is_some() && self.at + 1 == self.fields.len()
    }

    /// The meaning of a typed line: below what the word confirms, the number of one of its lines
    /// goes back to it.
    pub(in crate::tui) fn line(&self, line: &str) -> LineMeaning {
        match self.confirms() {
            true => back_to(line, self.at),
            false => LineMeaning::Text,
        }
    }

    /// Shows every line and what was typed; at the last, a warning of what looks like a PIN.
    pub(in crate::tui) fn show(&self, page: &mut Page) {
        let typed = self.fields.iter().take(self.at).map(|(_, field)| field);
        if self.word.is_some() && typed.clone().any(|field| may_be_pin(field.text())) {
            page.gap();
            page.alarm(
                "A single word of 6 to 8 characters looks like a PIN. The record is public.",
                Some(&format!("if it is a PIN, {}", page.names().undo)),
            );
        }
        let confirms = self.confirms();
        if confirms {
            page.gap();
        }
        for (at, (label, field)) in self.fields.iter().enumerate() {
            if at == self.at {
                page.refusal(self.refusal.as_deref().or(field.refusal()));
                page.ask_field(label, field.text(), self.is_filled());
                if confirms {
                    page.ask_which_line();
                }
                page.field(field.text());
            } else if confirms {
                // The word confirms all of it, so all of it is shown.
                page.filled_line(at, label, field.text());
            } else {
                page.other_field(label, field.text());
            }
        }
    }

    /// The same form, to be sent once more: all is there but the word that confirms.
    pub(in crate::tui) fn again(&mut self) {
        if let Some((_, field)) = self.fields.last_mut().filter(|_| self.word.is_some()) {
            field.take();
        }
        self.at = 0;
        self.refusal = None;
        self.is_refused = false;
    }

    /// Whether the line that takes the keys has a text from before, which was not refused.
    pub(in crate::tui) fn is_filled(&self) -> bool {
        let field = self.fields.get(self.at);
        !self.is_refused && field.is_some_and(|(_, field)| !field.is_empty())
    }

    /// What was typed, line by line; the form keeps it.
    pub(in crate::tui) fn texts<const N: usize>(&self) -> [String; N] {
        let mut fields = self.fields.iter();
        std::array::from_fn(|_| {
            let field = fields.next().map(|(_, field)| field.text().trim());
            field.unwrap_or_default().to_owned()
        })
    }

    /// What was typed, line by line.
    pub(in crate::tui) fn take<const N: usize>(&mut self) -> [String; N] {
        let mut fields = self.fields.iter_mut();
        std::array::from_fn(|_| {
            fields
                .next()
                .map(|(_, field)| field.take())
                .unwrap_or_default()
        })
    }
}

/// Why an empty line is not left.
const EMPTY: &str = "This line needs words.";

/// Why a line of digits is refused where a PIN was asked.
const LIKE_A_PIN: &str = "This looks like a PIN, and the record is public.";

/// The fewest characters of a PIN or a password.
const SHORTEST_PIN: usize = 4;

fn is_number_as_long_as_a_pin(line: &str) -> bool {
    let typed: Vec<char> = line.chars().filter(|c| !c.is_whitespace()).collect();
    typed.len() >= SHORTEST_PIN && typed.iter().all(char::is_ascii_digit)
}

/// Whether a line may be a PIN: a single word as long as one.
fn may_be_pin(line: &str) -> bool {
    let line = line.trim();
    (6..=8).contains(&line.chars().count()) && !line.contains(char::is_whitespace)
}
