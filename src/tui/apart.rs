//! Holders apart, while the ceremony is on the screen: to ask them, and to take answers in.

use crossterm::event::{KeyCode, KeyEvent};

use super::{form::Form, page::Page, screens::Sight};
use crate::driver::Interrupt;
use keymoot_record::{ceremony::State, rules::roster::Handle};

/// What is typed.
pub(super) enum Apart {
    /// Which of both.
    Choose,
    /// A request.
    Ask(Form),
    /// Answers.
    Take(Form),
}

impl Apart {
    /// What can be done now; `None` where nobody apart is awaited.
    pub(super) fn of(sight: &Sight<'_>) -> Option<Self> {
        let state = sight.state().filter(|state| at_rest(state))?;
        let ask = !state.to_be_asked().is_empty();
        match (ask, state.open_requests().next().is_some()) {
            (true, true) => Some(Self::Choose),
            (true, false) => Some(Self::ask()),
            (false, true) => Some(Self::take()),
            (false, false) => None,
        }
    }

    fn ask() -> Self {
        let labels = [
            "The request's file, a new one, from / on:",
            "Answers are due on a day like 2026-12-24, or - for none:",
            "How the request goes out, such as mail:",
            "Right? Type ask and press Enter:",
        ];
        Self::Ask(Form::new(&labels, Some("ask")).accepting(is_absolute, ABSOLUTE))
    }

    fn take() -> Self {
        let labels = [
            "The answer's file, or the folder of answers or pictures, from / on:",
            "Right? Type take and press Enter:",
        ];
        Self::Take(Form::new(&labels, Some("take")).accepting(is_absolute, ABSOLUTE))
    }

    /// Takes a key; what is wanted, once it is typed out.
    pub(super) fn key(&mut self, key: &KeyEvent) -> Option<Interrupt> {
        match self {
            Self::Choose => {
                match key.code {
                    KeyCode::Char('1') => *self = Self::ask(),
                    KeyCode::Char('2') => *self = Self::take(),
                    _ => {}
                }
                None
            }
            Self::Ask(form) => form.key(key).then(|| {
                let [out, until, by, _] = form.take();
                let out = out.into();
                Interrupt::AskApart { out, until, by }
            }),
            Self::Take(form) => form.key(key).then(|| {
                let [place, _] = form.take();
                Interrupt::TakeIn(place.into())
            }),
        }
    }

    /// Says what there is to say.
    pub(super) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        page.who("The administrator");
        page.keys = "Enter next  Up before".to_owned();
        match self {
            Self::Choose => {
                page.headline("Holders apart");
                page.gap();
                page.choice("1 ask them", false);
                page.choice("2 take answers in", false);
                page.ask("Type 1 or 2.");
                page.keys = "1-2 choose".to_owned();
            }
            Self::Ask(form) => {
                page.headline("Ask the holders apart, in one file.");
                page.gap();
                let to = sight.state().map(State::to_be_asked).unwrap_or_default();
                page.text(&format!("It asks {}.", list(&to)));
                page.text("The next screen shows the words of the file. Read them to each holder by phone.");
                form.show(page);
            }
            Self::Take(form) => {
                page.headline("Take answers in.");
                page.gap();
                let open = sight.state().into_iter().flat_map(State::open_requests);
                let open: Vec<_> = open.flat_map(|asked| asked.open().cloned()).collect();
                page.text(&format!("Not answered yet: {}.", list(&open)));
                page.text("Files, mails with the text form, and PNG or JPEG pictures of QR codes, in any order. keymoot verifies each, and shows which it refuses and why.");
                form.show(page);
            }
        }
    }
}

/// Why another line is none.
const ABSOLUTE: &str = "Type a path that begins with /.";

fn is_absolute(line: &str) -> bool {
    line.trim().starts_with('/')
}

/// Whether nobody is at the table, in a ceremony and not in an answer to one.
fn at_rest(state: &State) -> bool {
    state.turn.is_none() && state.apart.is_none()
}

/// Handles, one after the other.
pub(super) fn list(holders: &[Handle]) -> String {
    let names: Vec<_> = holders.iter().map(Handle::as_str).collect();
    names.join(", ")
}
