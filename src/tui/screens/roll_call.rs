//! Who is present?

use crossterm::event::{KeyCode, KeyEvent};

use super::{Screen, Sight, opening_of_step};
use crate::{
    ceremony::{Answer, question::PRESENT},
    rules::roster::Handle,
    tui::{
        field::{TypedWord, typed},
        link::Heard,
        page::Page,
    },
};

/// The screen: the roster, each holder with a mark, and the word.
pub(super) struct RollCall {
    holders: Vec<(Handle, bool)>,
    at: usize,
    word: TypedWord,
}

impl RollCall {
    /// The screen of this roster; those who were present before are marked.
    pub fn new(sight: &Sight<'_>) -> Self {
        let seats = sight.state().map(|state| state.seats.as_slice());
        Self {
            holders: seats
                .unwrap_or_default()
                .iter()
                .map(|seat| (seat.handle.clone(), seat.present))
                .collect(),
            at: 0,
            word: TypedWord::default(),
        }
    }
}

impl Screen for RollCall {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        opening_of_step(page, sight);
        for (at, (handle, present)) in self.holders.iter().enumerate() {
            let mark = if *present {
                "[x] present"
            } else {
                "[ ]        "
            };
            let person = sight.person(handle);
            page.choice(&format!("{mark} {} {person}", at + 1), at == self.at);
        }
        self.word.show(
            page,
            &format!("All have answered? Type {PRESENT} and Enter:"),
        );
        page.keys = "Space marks  Up Down".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        match key.code {
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Down => self.at = (self.at + 1).min(self.holders.len().saturating_sub(1)),
            _ if typed(key) == Some(' ') && self.word.is_empty() => {
                if let Some((_, present)) = self.holders.get_mut(self.at) {
                    *present = !*present;
                    if self.at + 1 < self.holders.len() {
                        self.at += 1;
                    }
                }
            }
            _ => {
                let word = self.word.key(key)?;
                let present = self.holders.iter().filter(|(_, present)| *present);
                return Some(Heard::Answer(Answer::Present {
                    holders: present.map(|(handle, _)| handle.clone()).collect(),
                    word,
                }));
            }
        }
        None
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }

    fn takes_arrows(&self) -> bool {
        true
    }
}
