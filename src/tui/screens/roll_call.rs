//! Who is present?

use crossterm::event::{KeyCode, KeyEvent};

use super::{Screen, Sight, opening_of_step};
use crate::tui::{
    field::{TypedWord, typed},
    link::Heard,
    page::Page,
    seats,
};
use keymoot_record::{
    ceremony::{Answer, question::PRESENT},
    rules::roster::Handle,
};

/// The screen: the roster, each holder with a mark, and the word.
pub(super) struct RollCall {
    holders: Vec<(Handle, bool)>,
    at: usize,
    /// The seat's number being typed.
    number: usize,
    word: TypedWord,
}

impl RollCall {
    /// The screen of this roster; those who were present before are marked.
    pub(super) fn new(sight: &Sight<'_>) -> Self {
        let seats = sight.state().map(|state| state.seats.as_slice());
        Self {
            holders: seats
                .unwrap_or_default()
                .iter()
                .map(|seat| (seat.handle.clone(), seat.present))
                .collect(),
            at: 0,
            number: 0,
            word: TypedWord::default(),
        }
    }

    fn go(&mut self, to: usize) {
        self.at = to.min(self.holders.len().saturating_sub(1));
        self.number = 0;
    }

    /// Chooses by the seat's number, digit by digit.
    fn choose(&mut self, digit: usize) {
        let seats = 1..=self.holders.len();
        let longer = self.number * 10 + digit;
        let number = if seats.contains(&longer) {
            longer
        } else {
            digit
        };
        if seats.contains(&number) {
            self.at = number - 1;
            self.number = number;
        }
    }

    /// Those who are marked as present.
    fn marked(&self) -> Vec<Handle> {
        let present = self.holders.iter().filter(|(_, present)| *present);
        present.map(|(handle, _)| handle.clone()).collect()
    }

    fn mark(&mut self) {
        if let Some((_, present)) = self.holders.get_mut(self.at) {
            *present = !*present;
            // Whoever was found to be missing may be here now.
            self.word.forgive();
            self.go(self.at + 1);
        }
    }
}

/// The last version of the root that this holder's key signed.
fn last_signed(sight: &Sight<'_>, handle: &Handle) -> Option<u64> {
    let state = sight.state()?;
    let previous = state.plan.previous()?;
    previous.last_signed(previous.holders().get(handle)?)
}

fn digit(key: &KeyEvent) -> Option<usize> {
    typed(key)?.to_digit(10).map(|digit| digit as usize)
}

impl Screen for RollCall {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        opening_of_step(page, sight);
        let digits = self.holders.len().to_string().len();
        for (at, (handle, present)) in self.holders.iter().enumerate() {
            let mark = match (*present, last_signed(sight, handle)) {
                (true, _) => "[x] present".to_owned(),
                (false, Some(version)) => format!("[ ] {:<7}", format!("last v{version}")),
                (false, None) => "[ ]        ".to_owned(),
            };
            let standing = seats::standing(sight.state(), handle);
            let person = sight.person(handle);
            page.choice(
                &format!("{mark} {:>digits$}{standing}{person}", at + 1),
                at == self.at,
            );
        }
        let goes_on =
            !self.word.is_refused() && sight.state().is_some_and(|s| s.plan.previous().is_some());
        if goes_on && let Some(lacking) = sight.state().and_then(|s| s.lacking(&self.marked())) {
            page.bottom.push(ratatui::text::Line::default());
            page.note(&format!("{lacking}."));
        }
        let how = match page.by_line {
            true => format!(
                "Type the seats' numbers of those who answer, like 1 2 3; {PRESENT} when all have:"
            ),
            false => format!("Space marks who answers. All? Type {PRESENT}, Enter:"),
        };
        self.word.show(page, &how);
        page.keys = "Space marks  Up Down".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        let nothing_typed = self.word.is_empty();
        match (key.code, typed(key)) {
            (KeyCode::Up, _) => self.go(self.at.saturating_sub(1)),
            (KeyCode::Down, _) => self.go(self.at + 1),
            (_, Some(' ')) if nothing_typed => self.mark(),
            (KeyCode::Enter, _) if nothing_typed && self.number > 0 => self.mark(),
            (_, Some('0'..='9')) if nothing_typed => {
                self.choose(digit(key).unwrap_or_default());
            }
            _ => {
                let word = self.word.key(key)?;
                return Some(Heard::Answer(Answer::Present {
                    holders: self.marked(),
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
