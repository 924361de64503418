//! What can be opened over every screen: the ways on, a note, an exception, the
//! end of a turn, leaving, and help. All that changes anything is typed out.

use crossterm::event::{KeyCode, KeyEvent};

use super::{
    field::{Field, TypedWord},
    help,
    page::Page,
    screens::Sight,
};
use crate::{
    ceremony::{State, turn::Stage},
    driver::Interrupt,
    rules::roster::Handle,
};

/// The word that leaves the ceremony, to be resumed.
const LEAVE: &str = "leave";
/// The word that ends a holder's turn.
const END: &str = "end";

/// What is open over the screen.
pub(super) enum Overlay {
    /// The ways on.
    Ways(usize),
    /// A note being written.
    Note(Form),
    /// An exception being written.
    Exception(Form),
    /// The end of this holder's turn.
    EndTurn(Handle, Form),
    /// Leaving.
    Leave(TypedWord),
    /// What the keys do and what the marks mean.
    Help,
}

/// What a key did to an overlay.
pub(super) enum Turned {
    /// It stays.
    Stays,
    /// It is closed and nothing happened.
    Closed,
    /// Another is open now.
    To(Overlay),
    /// Somebody wants this.
    Wants(Interrupt),
}

/// Lines to be typed one after the other; the last may be a word that confirms.
pub(super) struct Form {
    fields: Vec<(&'static str, Field)>,
    at: usize,
    word: Option<&'static str>,
    refusal: Option<String>,
}

impl Form {
    fn new(labels: &[&'static str], word: Option<&'static str>) -> Self {
        Self {
            fields: labels
                .iter()
                .map(|&label| (label, Field::default()))
                .collect(),
            at: 0,
            word,
            refusal: None,
        }
    }

    /// Takes a key; whether the form was completed.
    fn key(&mut self, key: &KeyEvent) -> bool {
        let last = self.fields.len().saturating_sub(1);
        let Some((_, field)) = self.fields.get_mut(self.at) else {
            return false;
        };
        match key.code {
            KeyCode::Up | KeyCode::BackTab => self.at = self.at.saturating_sub(1),
            KeyCode::Enter | KeyCode::Down | KeyCode::Tab if field.is_one_time_password() => {
                field.take();
                self.refusal = Some(super::field::TOUCHED.to_owned());
            }
            KeyCode::Down | KeyCode::Tab | KeyCode::Enter if self.at < last => {
                if !field.is_empty() {
                    self.at += 1;
                }
            }
            KeyCode::Enter if !field.is_empty() => match self.word {
                Some(word) if field.text().trim() != word => {
                    field.take();
                    self.refusal = Some(format!("Type the word {word}, or press Esc to go back."));
                }
                _ => return true,
            },
            _ => {
                if field.key(key) {
                    self.refusal = None;
                }
            }
        }
        false
    }

    fn show(&self, page: &mut Page) {
        for (at, (label, field)) in self.fields.iter().enumerate() {
            if at == self.at {
                page.refusal(self.refusal.as_deref());
            }
            page.ask(label);
            page.field(field.text(), at == self.at);
        }
    }

    fn take<const N: usize>(&mut self) -> [String; N] {
        let mut fields = self.fields.iter_mut();
        std::array::from_fn(|_| {
            fields
                .next()
                .map(|(_, field)| field.take())
                .unwrap_or_default()
        })
    }
}

impl Overlay {
    /// A note.
    pub fn note() -> Self {
        Self::Note(Form::new(&["The note, then Enter:"], None))
    }

    /// An exception.
    pub fn exception() -> Self {
        let labels = ["What was expected:", "What happened:", "What was decided:"];
        Self::Exception(Form::new(&labels, None))
    }

    /// Leaving.
    pub fn leave() -> Self {
        Self::Leave(TypedWord::default())
    }

    /// The end of a turn, where one can be ended.
    fn end_turn(sight: &Sight<'_>) -> Option<Self> {
        let holder = turn_that_can_end(sight.state()?)?;
        let labels = [
            "Why it ends before its purpose is reached:",
            "Type end and press Enter:",
        ];
        Some(Self::EndTurn(holder.clone(), Form::new(&labels, Some(END))))
    }

    /// Whether it is lost without harm when another is opened.
    pub fn gives_way(&self) -> bool {
        matches!(self, Self::Ways(_) | Self::Help)
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        if key.code == KeyCode::Esc {
            return Turned::Closed;
        }
        let completed = match self {
            Self::Note(form) | Self::Exception(form) | Self::EndTurn(_, form) => form.key(key),
            _ => false,
        };
        match self {
            Self::Ways(at) => Self::choose(at, key, sight),
            Self::Note(form) if completed => {
                let [text] = form.take();
                Turned::Wants(Interrupt::Note(text))
            }
            Self::Exception(form) if completed => {
                let [expected, happened, decided] = form.take();
                Turned::Wants(Interrupt::Exception {
                    expected,
                    happened,
                    decided,
                })
            }
            Self::EndTurn(_, form) if completed => {
                let [reason, _] = form.take();
                Turned::Wants(Interrupt::EndTurn(reason))
            }
            Self::Leave(word) => match word.key(key).as_deref() {
                Some(LEAVE) => Turned::Wants(Interrupt::Leave),
                Some(_) => {
                    word.refuse(format!("Type the word {LEAVE}, or press Esc to go back."));
                    Turned::Stays
                }
                None => Turned::Stays,
            },
            _ => Turned::Stays,
        }
    }

    fn choose(at: &mut usize, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        let ways = ways(sight);
        match key.code {
            KeyCode::Up => *at = at.saturating_sub(1),
            KeyCode::Down => *at = (*at + 1).min(ways.len().saturating_sub(1)),
            KeyCode::Enter => return ways.get(*at).map_or(Turned::Closed, |way| way.open(sight)),
            KeyCode::Char(c) => {
                let number = c.to_digit(10).and_then(|digit| digit.checked_sub(1));
                if let Some(way) = number.and_then(|number| ways.get(number as usize)) {
                    return way.open(sight);
                }
            }
            _ => {}
        }
        Turned::Stays
    }

    /// Says what there is to say.
    pub fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match self {
            Self::Ways(at) => {
                page.who("The administrator");
                page.headline("Ways on. Nothing is done before it is typed out.");
                page.gap();
                for (number, way) in ways(sight).iter().enumerate() {
                    page.choice(
                        &format!("{} {}", number + 1, way.says(sight)),
                        number == *at,
                    );
                }
                page.keys = "Up Down Enter 1-5".to_owned();
            }
            Self::Note(form) => {
                page.who("The administrator");
                page.headline("A note for the transcript.");
                page.gap();
                page.text("One line, with what was seen or said. It is kept for good and everybody can read it: no secrets.");
                form.show(page);
            }
            Self::Exception(form) => {
                page.who("The administrator");
                page.headline("An exception for the transcript.");
                page.gap();
                page.text("Something did not go as the script says. All agree on the three lines before the last is entered.");
                form.show(page);
                page.keys = "Enter next  Up back".to_owned();
            }
            Self::EndTurn(holder, form) => {
                page.who("The administrator");
                page.headline(&format!("End the turn of {holder}?"));
                page.gap();
                page.text("What is already in the transcript stays. The holder can come again later in this step.");
                form.show(page);
                page.keys = "Enter next  Up back".to_owned();
            }
            Self::Leave(word) => {
                page.who("The administrator");
                page.headline("Leave the ceremony, to be resumed later?");
                page.gap();
                page.text("Everything up to here is on the disk. `keymoot resume` goes on from this point, with the same script and the same holders.");
                page.item(
                    "! ",
                    "If a device is plugged in, take it out.",
                    page.sheet.notice(),
                );
                word.show(page, &format!("To leave, type {LEAVE} and press Enter:"));
            }
            Self::Help => help::page(page, sight),
        }
    }
}

/// The holder whose turn can be ended now.
pub(super) fn turn_that_can_end(state: &State) -> Option<&Handle> {
    let turn = state.turn.as_ref()?;
    (turn.stage != Stage::Remove).then_some(&turn.holder)
}

/// A way on.
#[derive(Clone, Copy)]
enum Way {
    Note,
    Exception,
    EndTurn,
    Leave,
    Back,
}

fn ways(sight: &Sight<'_>) -> Vec<Way> {
    let mut ways = vec![Way::Note, Way::Exception];
    if sight.state().and_then(turn_that_can_end).is_some() {
        ways.push(Way::EndTurn);
    }
    ways.extend([Way::Leave, Way::Back]);
    ways
}

impl Way {
    fn says(self, sight: &Sight<'_>) -> String {
        match self {
            Self::Note => "record a note".to_owned(),
            Self::Exception => "record an exception".to_owned(),
            Self::EndTurn => {
                let holder = sight.state().and_then(turn_that_can_end);
                format!(
                    "end the turn of {}",
                    holder.map(Handle::as_str).unwrap_or_default()
                )
            }
            Self::Leave => "leave, and resume later".to_owned(),
            Self::Back => "go back".to_owned(),
        }
    }

    fn open(self, sight: &Sight<'_>) -> Turned {
        match self {
            Self::Note => Turned::To(Overlay::note()),
            Self::Exception => Turned::To(Overlay::exception()),
            Self::EndTurn => Overlay::end_turn(sight).map_or(Turned::Closed, Turned::To),
            Self::Leave => Turned::To(Overlay::leave()),
            Self::Back => Turned::Closed,
        }
    }
}

/// What is to be recorded later, in words.
pub(super) fn owed_in_words(interrupt: &Interrupt) -> &'static str {
    match interrupt {
        Interrupt::Note(_) => "the note",
        Interrupt::Exception { .. } => "the exception",
        Interrupt::EndTurn(_) => "the end of the turn",
        Interrupt::Leave => "leaving",
    }
}
