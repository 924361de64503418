//! Holders apart, while the ceremony is on the screen: to ask them, to take answers in, and to
//! withdraw what was asked.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::style::Style;

use super::typed;
use crate::{
    apart::end_of_day,
    driver::Interrupt,
    tui::{
        input::{
            form::Form,
            line::{LineMeaning, row_number},
        },
        page::Page,
        screen::Sight,
    },
};
use keymoot_record::{ceremony::State, rules::roster::Handle};

/// The request or answers being typed.
pub(in crate::tui) enum Apart {
    /// Which of them.
    Choose,
    /// A request.
    Ask(Form),
    /// Answers.
    Take(Form),
    /// The withdrawal of a request.
    Withdraw(Form),
}

/// The three things that can be done for holders apart, in words, each with its form.
type Choice = (&'static str, fn() -> Apart);

impl Apart {
    /// What can be done now; `None` where nobody apart is awaited.
    pub(in crate::tui) fn of(sight: &Sight<'_>) -> Option<Self> {
        match Self::choices(sight).as_slice() {
            [] => None,
            [(_, only)] => Some(only()),
            _ => Some(Self::Choose),
        }
    }

    fn choices(sight: &Sight<'_>) -> Vec<Choice> {
        let Some(state) = sight.state().filter(|state| at_rest(state)) else {
            return Vec::new();
        };
        let ask: Choice = ("ask them", Self::ask);
        let taking: [Choice; 2] = [
            ("take answers in", Self::take),
            ("withdraw the newest request", Self::withdraw),
        ];
        let asks = (!state.to_be_asked().is_empty()).then_some(ask);
        let open = state.unanswered().next().map(|_| taking);
        asks.into_iter().chain(open.into_iter().flatten()).collect()
    }

    fn ask() -> Self {
        let labels = [
            "The request's file (a new one), its path from /:",
            "Answers are due on (2026-12-24; - for no day):",
            "How the request goes out, such as mail:",
            "Right? Type ask and press Enter:",
        ];
        let form = Form::new(&labels, Some("ask")).accepting(0, typed::new_file);
        let form = form.accepting(1, |line| typed::day(line).map(|_| ()));
        Self::Ask(form.accepting(2, typed::line))
    }

    fn take() -> Self {
        let labels = [
            "The answer's file, or a folder of answers, from /:",
            "Right? Type take and press Enter:",
        ];
        Self::Take(Form::new(&labels, Some("take")).accepting(0, typed::place))
    }

    fn withdraw() -> Self {
        let labels = [
            "Why, in one line that everybody can read:",
            "Right? Type withdraw and press Enter:",
        ];
        Self::Withdraw(Form::new(&labels, Some("withdraw")).accepting(0, typed::line))
    }

    /// The same form, filled in, after what it asked for could not be done.
    pub(in crate::tui) fn again(mut self) -> Option<Self> {
        match &mut self {
            Self::Choose => return None,
            Self::Ask(form) | Self::Take(form) | Self::Withdraw(form) => form.again(),
        }
        Some(self)
    }

    /// The form that is filled in, once it is chosen.
    pub(super) fn form(&self) -> Option<&Form> {
        match self {
            Self::Choose => None,
            Self::Ask(form) | Self::Take(form) | Self::Withdraw(form) => Some(form),
        }
    }

    /// What a key chooses, where something is to be chosen.
    pub(in crate::tui) fn chosen(&self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Self> {
        let (Self::Choose, KeyCode::Char(c)) = (self, key.code) else {
            return None;
        };
        let number = c.to_digit(10)?.checked_sub(1)?;
        let choices = Self::choices(sight);
        choices.get(number as usize).map(|(_, begin)| begin())
    }

    /// The meaning of a line.
    pub(in crate::tui) fn line(&self, line: &str, sight: &Sight<'_>) -> LineMeaning {
        if let Some(form) = self.form() {
            return form.line(line);
        }
        let rows = Self::choices(sight).len();
        match row_number(line, rows) {
            Some(_) => LineMeaning::Keys(line.chars().map(KeyCode::Char).collect()),
            None => LineMeaning::none_of("option", line, &format!("1 to {rows}")),
        }
    }

    /// Takes a key. Returns the wish, once it is typed out.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent) -> Option<Interrupt> {
        match self {
            Self::Choose => None,
            Self::Withdraw(form) => form.key(key).then(|| {
                let [why, _] = form.texts();
                Interrupt::Withdraw(why)
            }),
            Self::Ask(form) => form.key(key).then(|| {
                let [out, until, by, _] = form.texts();
                Interrupt::AskApart {
                    out: out.into(),
                    // A day that has passed since it was typed is refused, not left out.
                    until: end_of_day(&until).ok(),
                    by,
                }
            }),
            Self::Take(form) => form.key(key).then(|| {
                let [place, _] = form.texts();
                Interrupt::TakeIn(place.into())
            }),
        }
    }

    /// Draws the page.
    pub(in crate::tui) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who("The administrator");
        page.keys = "Enter next  Up before".to_owned();
        match self {
            Self::Choose => {
                page.headline("Holders apart");
                page.gap();
                if let Some(state) = sight.state() {
                    open_requests(page, state);
                }
                let choices = Self::choices(sight);
                for (at, (words, _)) in choices.iter().enumerate() {
                    page.choice(&format!("{} {words}", at + 1), false);
                }
                page.ask("What for? Type its number.");
                page.keys = format!("1-{} choose", choices.len());
            }
            Self::Ask(form) => {
                page.headline("Ask the holders apart, in one file.");
                page.gap();
                let to = sight.state().map(State::to_be_asked).unwrap_or_default();
                page.text(&format!("It asks {}.", Handle::list(&to)));
                page.text("The next screen shows the words of the file. Read them to each holder by phone.");
                form.show(page);
            }
            Self::Withdraw(form) => {
                page.headline("Withdraw the newest request.");
                page.gap();
                page.text("keymoot stops waiting for the holders who have not answered, and refuses a later answer. Tell them.");
                form.show(page);
            }
            Self::Take(form) => {
                page.headline("Take answers in.");
                page.gap();
                let open = Handle::list(sight.state().into_iter().flat_map(State::unanswered));
                page.text(&format!("Not answered yet: {open}."));
                page.text("Files, mails with the text form, and PNG or JPEG pictures of QR codes, in any order. keymoot verifies each, and shows which it refuses and why.");
                form.show(page);
            }
        }
    }
}

/// The open requests: the words to read to the holders by phone, who is awaited, and until when.
fn open_requests(page: &mut Page, state: &State) {
    let open: Vec<_> = state.open_requests().collect();
    if open.is_empty() {
        return;
    }
    page.text("Open requests, the newest first, by the first words of their SHA-256:");
    for asked in open.iter().rev().take(SHOWN) {
        let due = asked.until.map_or_else(String::new, |until| {
            format!("; answers are due on {}", until.date())
        });
        let row = format!(
            "{}: awaits {}{due}",
            asked.request.short_words(),
            Handle::list(asked.open())
        );
        page.item("* ", &row, Style::new());
    }
    if let Some(older) = open.len().checked_sub(SHOWN).filter(|older| *older > 0) {
        page.text(&format!("And {older} older."));
    }
    page.text("F8 shows all words of the newest.");
    page.gap();
}

/// The most open requests that are listed: the choices are below them.
const SHOWN: usize = 4;

/// Whether nobody is at the table, in a ceremony and not in an answer to one.
fn at_rest(state: &State) -> bool {
    state.turn.is_none() && state.apart.is_none()
}
