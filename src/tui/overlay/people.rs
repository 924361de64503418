//! People come and go after the roll call: the person, and a typed word.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::{
    input::{
        field::{TypedWord, is_word, typed},
        line::{LineMeaning, keys_to_row, row_number},
        numbers::Chosen,
    },
    page::Page,
    screen::Sight,
};
use keymoot_record::transcript::Person;

const ARRIVED: &str = "arrived";
const DEPARTED: &str = "departed";

/// The list of the holders and witnesses, one of whom comes or goes.
#[derive(Default)]
pub(in crate::tui) struct People {
    chosen: Chosen,
    word: TypedWord,
}

impl People {
    /// Whether a person may come or go now.
    pub(in crate::tui) fn is_possible(sight: &Sight<'_>) -> bool {
        sight.state().is_some_and(|state| state.may_come_and_go())
    }

    /// The meaning of a line.
    pub(in crate::tui) fn line(&self, line: &str, sight: &Sight<'_>) -> LineMeaning {
        let rows = sight.state().map_or(0, |state| state.attendance().len());
        let begins_with_digit = line.starts_with(|c: char| c.is_ascii_digit());
        match row_number(line, rows) {
            Some(number) => LineMeaning::Keys(keys_to_row(number, rows)),
            None if self.may(sight) && !begins_with_digit => LineMeaning::Text,
            None => LineMeaning::none_of("number", line, &format!("1 to {rows}")),
        }
    }

    /// Takes a key. Returns who comes or goes, once that is typed out.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Person> {
        let people = sight.state()?.attendance();
        let nothing_typed = self.word.is_empty();
        match (key.code, typed(key)) {
            (KeyCode::Up, _) => {
                self.chosen.up();
                self.word.forgive();
            }
            (KeyCode::Down, _) => {
                self.chosen.down(people.len());
                self.word.forgive();
            }
            (_, Some(digit @ '0'..='9')) if nothing_typed => {
                self.chosen.digit(digit, people.len());
                self.word.forgive();
            }
            (KeyCode::Enter, _) if nothing_typed => {}
            // The page says why.
            _ if !self.may(sight) => {}
            _ => {
                let word = self.word.key(key)?;
                let (person, here) = people.get(self.chosen.at()?)?;
                let expected = word_for(*here);
                if is_word(&word, expected) {
                    return Some(person.clone());
                }
                self.word.refuse(format!("Type {expected}, or go back."));
            }
        }
        None
    }

    /// Whether the chosen person may come or go now.
    fn may(&self, sight: &Sight<'_>) -> bool {
        let chosen = self.chosen.at().zip(sight.state()).and_then(|(at, state)| {
            let (person, _) = state.attendance().into_iter().nth(at)?;
            Some(state.refuses(&state.comes_or_goes(person)).is_none())
        });
        chosen.unwrap_or(false)
    }

    /// Draws the page.
    pub(in crate::tui) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who("The administrator");
        page.headline("Who arrives or leaves the room?");
        page.gap();
        let people = sight.state().map(|state| state.attendance());
        let people = people.unwrap_or_default();
        let is_asked = |person: &Person| sight.state().is_some_and(|state| state.is_asked(person));
        for (at, (person, here)) in people.iter().enumerate() {
            let mark = match (here, is_asked(person)) {
                (true, _) => "[x] here ",
                (false, true) => "[?] asked",
                (false, false) => "[ ] away ",
            };
            let row = format!("{mark} {:>2} {}", at + 1, sight.named(person));
            page.choice(&row, self.chosen.at() == Some(at));
        }
        if people.iter().any(|(person, _)| is_asked(person)) {
            page.text("[?] was asked apart, and has not answered.");
        }
        match self.chosen.at().and_then(|at| people.get(at)) {
            Some((person, _)) if is_asked(person) => page.ask(&format!(
                "{} has an open request. Withdraw it first ({}, holders apart).",
                person.name(),
                page.names().ways_key,
            )),
            Some((person, _)) if !self.may(sight) => {
                page.ask(&format!("{} cannot come or go now.", person.name()));
            }
            Some((person, here)) => {
                let word = word_for(*here);
                self.word.show(
                    page,
                    &format!("{}: type {word} and press Enter:", person.name()),
                );
            }
            None => page.ask(&format!("Choose: {}.", page.names().choose)),
        }
        page.keys = "Up Down 1-9 choose".to_owned();
    }
}

fn word_for(here: bool) -> &'static str {
    if here { DEPARTED } else { ARRIVED }
}
