//! Who is present?

use crossterm::event::{KeyCode, KeyEvent};

use super::step::opening_of_step;
use crate::tui::{
    input::{
        field::{TypedWord, typed},
        line::{LineMeaning, row_number},
    },
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
    seats,
};
use keymoot_record::{
    ceremony::{Answer, State, question::PRESENT},
    rules::roster::Handle,
    transcript::Person,
};

/// Where a holder is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Absent,
    Present,
    /// Takes part apart from the table.
    Apart,
}

impl Mark {
    fn of(state: Option<&State>, person: &Person, here: bool) -> Self {
        let apart = |handle| {
            let seat = state.and_then(|state| state.seat(handle));
            seat.is_some_and(|seat| seat.apart)
        };
        match person {
            _ if here => Self::Present,
            Person::Holder(handle) if apart(handle) => Self::Apart,
            _ => Self::Absent,
        }
    }
}

/// The screen: the roster, each person with a mark, and the word.
pub(super) struct RollCall {
    people: Vec<(Person, Mark)>,
    at: usize,
    /// Whether somebody was marked here: from then on the list matters more than the words.
    begun: bool,
    /// The seat's number being typed.
    number: usize,
    word: TypedWord,
}

impl RollCall {
    /// The screen of this roster; those who were present before are marked.
    pub(super) fn new(sight: &Sight<'_>) -> Self {
        let state = sight.state();
        let mut people = state.map(State::attendance).unwrap_or_default();
        if state.is_some_and(|state| !state.calls_witnesses()) {
            people.retain(|(person, _)| matches!(person, Person::Holder(_)));
        }
        Self {
            people: people
                .into_iter()
                .map(|(person, here)| {
                    let mark = Mark::of(state, &person, here);
                    (person, mark)
                })
                .collect(),
            at: 0,
            begun: false,
            number: 0,
            word: TypedWord::default(),
        }
    }

    fn go(&mut self, to: usize) {
        self.at = to.min(self.people.len().saturating_sub(1));
        self.number = 0;
    }

    /// Chooses by the seat's number, digit by digit.
    fn choose(&mut self, digit: usize) {
        let seats = 1..=self.people.len();
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

    /// The holders with this mark, in the order of their seats.
    fn marked(&self, mark: Mark) -> Vec<Handle> {
        let marked = self.people.iter().filter(|(_, has)| *has == mark);
        marked
            .filter_map(|(person, _)| handle_of(person).cloned())
            .collect()
    }

    /// The holders who take part, at the table or apart.
    fn take_part(&self) -> Vec<Handle> {
        let marks = [Mark::Present, Mark::Apart].into_iter();
        marks.flat_map(|mark| self.marked(mark)).collect()
    }

    /// The witnesses who are present.
    fn witnesses(&self) -> Vec<String> {
        let people = self.people.iter();
        let watching = people.filter_map(|(person, mark)| match person {
            Person::Witness(name) if *mark == Mark::Present => Some(name.clone()),
            _ => None,
        });
        watching.collect()
    }

    fn mark(&mut self, sight: &Sight<'_>) {
        let knows_apart = sight.state().is_some_and(State::calls_witnesses);
        if let Some((person, mark)) = self.people.get_mut(self.at) {
            let holder = knows_apart && matches!(person, Person::Holder(_));
            *mark = match *mark {
                Mark::Absent => Mark::Present,
                Mark::Present if holder => Mark::Apart,
                Mark::Present | Mark::Apart => Mark::Absent,
            };
            self.begun = true;
            // A holder who was missing may have come since.
            self.word.forgive();
            self.go(self.at + 1);
        }
    }
}

/// The last version of the root that this holder's key signed.
fn last_signed(sight: &Sight<'_>, person: &Person) -> Option<u64> {
    let state = sight.state()?;
    let handle = handle_of(person)?;
    let previous = state.plan.previous()?;
    previous.last_signed(previous.holders().get(handle)?)
}

/// The handle of a holder.
fn handle_of(person: &Person) -> Option<&Handle> {
    match person {
        Person::Holder(handle) => Some(handle),
        Person::Witness(_) => None,
    }
}

fn digit(key: &KeyEvent) -> Option<usize> {
    typed(key)?.to_digit(10).map(|digit| digit as usize)
}

impl Screen for RollCall {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        opening_of_step(page, sight);
        let digits = self.people.len().to_string().len();
        for (at, (person, mark)) in self.people.iter().enumerate() {
            let mark = match (*mark, last_signed(sight, person)) {
                (Mark::Present, _) => "[x] present".to_owned(),
                (Mark::Apart, _) => "[a] apart  ".to_owned(),
                (Mark::Absent, Some(version)) => format!("[ ] {:<7}", format!("last v{version}")),
                (Mark::Absent, None) => "[ ]        ".to_owned(),
            };
            let handle = handle_of(person);
            let standing = handle.map_or(' ', |handle| seats::standing(sight.state(), handle));
            let person = sight.named(person);
            page.choice(
                &format!("{mark} {:>digits$}{standing}{person}", at + 1),
                at == self.at,
            );
        }
        let last = page.rows().saturating_sub(1);
        let goes_on =
            !self.word.is_refused() && sight.state().is_some_and(|s| s.plan.previous().is_some());
        if goes_on && let Some(lacking) = sight.state().and_then(|s| s.lacking(&self.take_part())) {
            page.bottom.push(ratatui::text::Line::default());
            page.note(&format!("{lacking}."));
        }
        let not_lost = sight
            .state()
            .and_then(|s| s.why_not_lost(&self.take_part()));
        if let Some(not_lost) = not_lost.filter(|_| !self.word.is_refused()) {
            match page.by_line {
                // Where rows are printed, the lower part is not.
                true => page.alarm(&not_lost, None),
                false => {
                    page.bottom.push(ratatui::text::Line::default());
                    page.note(&not_lost);
                }
            }
        }
        let how = match page.by_line {
            true => format!(
                "Type the seats' numbers of those who answer, like 1 2 3, and twice of those apart; {PRESENT} when all have:"
            ),
            false => format!("Space marks who answers. All? Type {PRESENT}, Enter:"),
        };
        self.word.show(page, &how);
        let room = page.upper_rows();
        // Where not all of it fits, the words to read aloud are scrolled out, not the list.
        page.focus = page
            .focus
            .map(|chosen| match self.begun && last - chosen < room {
                true => last,
                false => chosen,
            });
        page.keys = "Space: here, apart".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard> {
        let nothing_typed = self.word.is_empty();
        match (key.code, typed(key)) {
            (KeyCode::Up, _) => self.go(self.at.saturating_sub(1)),
            (KeyCode::Down, _) => self.go(self.at + 1),
            (_, Some(' ')) if nothing_typed => self.mark(sight),
            (KeyCode::Enter, _) if nothing_typed && self.number > 0 => self.mark(sight),
            (_, Some('0'..='9')) if nothing_typed => {
                self.choose(digit(key).unwrap_or_default());
            }
            _ => {
                let word = self.word.key(key)?;
                return Some(Heard::Answer(Answer::Present {
                    holders: self.marked(Mark::Present),
                    apart: self.marked(Mark::Apart),
                    witnesses: self.witnesses(),
                    word,
                }));
            }
        }
        None
    }

    fn line(&self, line: &str, _: &Sight<'_>) -> LineMeaning {
        if !line.starts_with(|c: char| c.is_ascii_digit()) {
            return LineMeaning::Text;
        }
        let rows = self.people.len();
        let mut keys = Vec::new();
        for number in line.split([' ', ',']).filter(|part| !part.is_empty()) {
            let Some(number) = row_number(number, rows) else {
                return LineMeaning::none_of("number", number, &format!("1 to {rows}"));
            };
            keys.extend(number.to_string().chars().map(KeyCode::Char));
            keys.push(KeyCode::Char(' '));
        }
        LineMeaning::Keys(keys)
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }

    fn takes_arrows(&self) -> bool {
        true
    }
}
