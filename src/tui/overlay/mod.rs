//! The overlays, which open over every screen: the options, a note, an exception, the
//! end of a turn, leaving, and help. People type out every change.

mod apart;
pub(super) mod compare;
mod decline;
mod end_without;
mod help;
mod intermission;
mod leave;
mod lines;
mod people;
mod typed;
mod ways;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::{
    apart::Apart,
    compare::Compare,
    intermission::Intermission,
    people::People,
    ways::{Way, may_pause, ways},
};
use super::{
    input::{
        field::{TypedWord, is_word},
        form::Form,
    },
    page::{Page, frames, layout::Panes},
    screen::Sight,
};
use crate::driver::Interrupt;
use keymoot_record::{ceremony::State, rules::roster::Handle};

/// The word that records a note or exception.
const RECORD: &str = "record";
/// The word that ends a holder's turn.
const END: &str = "end";

/// The overlay that is open over the screen.
pub(super) enum Overlay {
    /// The options.
    Ways {
        /// The option that Enter opens.
        at: usize,
        /// Whether a digit opens an option: not over a PIN, whose rest would be typed into it.
        numbered: bool,
    },
    /// A note being written.
    Note(Form),
    /// An exception being written.
    Exception(Form),
    /// The end of this holder's turn.
    EndTurn(Handle, Form),
    /// A person arrives or departs.
    People(People),
    /// Holders apart are asked, or their answers are taken in.
    Apart(Apart),
    /// The end without the ceremony's purpose.
    EndWithout(Form),
    /// The refusal of a holder at home.
    Decline(Form),
    /// Leaving.
    Leave(TypedWord),
    /// An intermission.
    Intermission(Intermission),
    /// A digest to be compared.
    Compare(Compare),
    /// The file of a screen as QR codes.
    Frames(frames::Shown),
    /// The keys, and the meaning of the marks.
    Help,
}

/// The effect of a key on an overlay.
pub(super) enum Turned {
    /// It stays.
    Stays,
    /// It is closed and nothing happened.
    Closed,
    /// Another overlay is open now.
    To(Overlay),
    /// A wish for the driver, and the overlay that is open then.
    Wants(Interrupt, Option<Box<Overlay>>),
}

impl Overlay {
    /// A note.
    fn note() -> Self {
        let labels = [
            "The note, then Enter:",
            "Right? Type record and press Enter:",
        ];
        Self::Note(Form::new(&labels, Some(RECORD)))
    }

    /// An exception.
    fn exception() -> Self {
        let labels = [
            "What was expected:",
            "What happened:",
            "What was decided:",
            "Right? Type record and press Enter:",
        ];
        Self::Exception(Form::new(&labels, Some(RECORD)))
    }

    /// Leaving.
    fn leave() -> Self {
        Self::Leave(TypedWord::default())
    }

    /// The end of a turn, where one can be ended.
    fn end_turn(sight: &Sight<'_>) -> Option<Self> {
        let holder = turn_that_can_end(sight.state()?)?;
        let labels = ["Why the turn ends early:", "Type end and press Enter:"];
        Some(Self::EndTurn(holder.clone(), Form::new(&labels, Some(END))))
    }

    /// Whether it may be closed when another is opened.
    pub(super) fn gives_way(&self) -> bool {
        matches!(self, Self::Ways { .. } | Self::Apart(Apart::Choose)) || self.only_shows()
    }

    /// Whether it shows something and changes nothing.
    pub(super) fn only_shows(&self) -> bool {
        matches!(self, Self::Help | Self::Compare(_) | Self::Frames(_))
    }

    /// Whether the transcript publishes what is typed into it.
    pub(super) fn is_published(&self) -> bool {
        matches!(self, Self::Note(_) | Self::Exception(_))
    }

    /// Refuses texts that look like a PIN: it was opened where one is typed.
    pub(super) fn refuse_pins(&mut self) {
        if let Self::Note(form)
        | Self::Exception(form)
        | Self::EndTurn(_, form)
        | Self::EndWithout(form) = self
        {
            form.refuse_pins();
        }
    }

    /// Whether a text is typed into it: the options and what only shows something take none.
    pub(super) fn is_typed_into(&self) -> bool {
        !self.gives_way()
    }

    /// The side pane beside it.
    pub(super) fn panes(&self) -> Panes {
        match self {
            Self::Frames(_) => Panes::Bare,
            Self::Compare(_) => Panes::One,
            _ => Panes::Two,
        }
    }

    /// The form that asked for something, to be shown again if that cannot be done.
    pub(super) fn again(self) -> Option<Self> {
        match self {
            Self::Apart(apart) => apart.again().map(Self::Apart),
            _ => None,
        }
    }

    /// Whether the line that takes the keys has a text from before.
    pub(super) fn is_filled(&self) -> bool {
        matches!(self, Self::Apart(apart) if apart.is_filled())
    }

    /// Whether the arrows scroll it.
    pub(super) fn scrolls(&self) -> bool {
        matches!(self, Self::Help)
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        // A stray key does not end an intermission.
        let away = matches!(self, Self::Intermission(pause) if pause.is_under_way());
        if key.code == KeyCode::Esc && !away {
            return Turned::Closed;
        }
        let completed = match self {
            Self::Note(form)
            | Self::Exception(form)
            | Self::EndTurn(_, form)
            | Self::EndWithout(form)
            | Self::Decline(form) => form.key(key),
            _ => false,
        };
        match self {
            Self::Ways { at, numbered } => Self::choose(at, *numbered, key, sight),
            Self::Compare(compare) => {
                compare.key(key, sight);
                Turned::Stays
            }
            Self::Frames(frames) => {
                frames.key(key);
                Turned::Stays
            }
            Self::Intermission(pause) => match pause.key(key, sight.up) {
                Some((note, goes_on)) => {
                    let open = goes_on.map(|pause| Box::new(Self::Intermission(pause)));
                    Turned::Wants(note, open)
                }
                None => Turned::Stays,
            },
            Self::Note(form) if completed => {
                let [text, _] = form.take();
                Turned::Wants(Interrupt::Note(text), None)
            }
            Self::Exception(form) if completed => {
                let [expected, happened, decided, _] = form.take();
                let interrupt = Interrupt::Exception {
                    expected,
                    happened,
                    decided,
                };
                Turned::Wants(interrupt, None)
            }
            Self::EndTurn(_, form) if completed => {
                let [reason, _] = form.take();
                Turned::Wants(Interrupt::EndTurn(reason), None)
            }
            Self::People(people) => match people.key(key, sight) {
                Some(person) => Turned::Wants(Interrupt::Attend(person), None),
                None => Turned::Stays,
            },
            Self::Apart(apart) => match apart.chosen(key, sight) {
                Some(chosen) => Turned::To(Self::Apart(chosen)),
                None => match apart.key(key) {
                    Some(wanted) => Turned::Wants(wanted, None),
                    None => Turned::Stays,
                },
            },
            Self::Decline(form) if completed => {
                let [reason, _] = form.take();
                Turned::Wants(Interrupt::Decline(reason), None)
            }
            Self::EndWithout(form) if completed => {
                let [cause, reason, _] = form.take();
                match end_without::cause(&cause) {
                    Some(cause) => Turned::Wants(Interrupt::EndWithout(cause, reason), None),
                    None => Turned::To(Self::EndWithout(end_without::form())),
                }
            }
            Self::Leave(word) => match word.key(key) {
                Some(typed) if is_word(&typed, leave::LEAVE) => {
                    Turned::Wants(Interrupt::Leave, None)
                }
                Some(_) => {
                    word.refuse(format!("Type the word {}, or go back.", leave::LEAVE));
                    Turned::Stays
                }
                None => Turned::Stays,
            },
            _ => Turned::Stays,
        }
    }

    /// The options. Over a PIN, whose rest may follow, Enter goes back.
    pub(super) fn ways(sight: &Sight<'_>, numbered: bool) -> Self {
        let at = match numbered {
            true => 0,
            false => ways(sight).len().saturating_sub(1),
        };
        Self::Ways { at, numbered }
    }

    fn choose(at: &mut usize, numbered: bool, key: &KeyEvent, sight: &Sight<'_>) -> Turned {
        let ways = ways(sight);
        match key.code {
            KeyCode::Up => *at = at.saturating_sub(1),
            KeyCode::Down => *at = (*at + 1).min(ways.len().saturating_sub(1)),
            KeyCode::Enter => return ways.get(*at).map_or(Turned::Closed, |way| way.open(sight)),
            KeyCode::Char(c) if numbered => {
                let number = c.to_digit(10).and_then(|digit| digit.checked_sub(1));
                if let Some(way) = number.and_then(|number| ways.get(number as usize)) {
                    return way.open(sight);
                }
            }
            _ => {}
        }
        Turned::Stays
    }

    /// Draws the page.
    pub(super) fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match self {
            Self::Ways { at, numbered } => ways::page(page, sight, *at, *numbered),
            Self::Note(form) => {
                page.who(&sight.typist());
                page.headline("A note for the transcript.");
                page.gap();
                page.text(
                    "One line about what you saw or heard. It is published for ever: no secrets.",
                );
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::Exception(form) => {
                page.who(&sight.typist());
                page.headline("An exception for the transcript.");
                page.gap();
                page.text("Something did not go as the script says. Everyone agrees on the three lines first.");
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::EndTurn(holder, form) => {
                page.who(&sight.typist());
                page.headline(&format!("End the turn of {holder}?"));
                page.gap();
                page.text("What is already in the transcript stays. The holder can come again later in this step.");
                form.show(page);
                page.keys = "Enter next  Up before".to_owned();
            }
            Self::People(people) => people.page(page, sight),
            Self::Apart(apart) => apart.page(page, sight),
            Self::EndWithout(form) => end_without::page(page, sight, form),
            Self::Decline(form) => decline::page(page, sight, form),
            Self::Leave(word) => leave::page(page, sight, word),
            Self::Intermission(pause) => pause.page(page, sight.up),
            Self::Compare(compare) => compare.page(page, sight),
            Self::Frames(frames) => frames.page(page, sight.codes),
            Self::Help => help::page(page, sight),
        }
        if page.by_line && self.only_shows() {
            page.ask("Enter goes back.");
        }
    }
}

/// The holder whose turn can be ended now.
pub(super) fn turn_that_can_end(state: &State) -> Option<&Handle> {
    let turn = state.turn.as_ref()?;
    (!turn.is_at_end()).then_some(&turn.holder)
}

/// A wish that is to be recorded later, in words.
pub(super) fn owed_in_words(interrupt: &Interrupt) -> &'static str {
    match interrupt {
        Interrupt::Note(_) => "the note",
        Interrupt::Exception { .. } => "the exception",
        Interrupt::EndWithout(..) => "the end without its purpose",
        Interrupt::Attend(_) => "who comes or goes",
        Interrupt::EndTurn(_) => "the end of the turn",
        Interrupt::AskApart { .. } => "the request to holders apart",
        Interrupt::TakeIn(_) => "the answers of holders apart",
        Interrupt::Withdraw(_) => "that a request is withdrawn",
        Interrupt::Decline(_) => "that you decline",
        Interrupt::Leave => "leaving",
    }
}

/// The overlay that a key opens over every screen, if any.
pub(super) fn opened_by(key: &KeyEvent, sight: &Sight<'_>) -> Option<Overlay> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::F(10) || (control && key.code == KeyCode::Char('k')) {
        return sight
            .codes
            .map(|_| Overlay::Frames(frames::Shown::default()));
    }
    let way = match key.code {
        KeyCode::F(1) => Way::Help,
        KeyCode::F(2) => Way::Note,
        KeyCode::F(3) => Way::Exception,
        KeyCode::F(4) => Way::Leave,
        KeyCode::F(8) => Way::Compare,
        KeyCode::F(9) => Way::Pause,
        KeyCode::Char('g') if control => Way::Help,
        KeyCode::Char('o') if control => Way::Note,
        KeyCode::Char('e') if control => Way::Exception,
        KeyCode::Char('l' | 'c') if control => Way::Leave,
        KeyCode::Char('d') if control => Way::Compare,
        KeyCode::Char('b') if control => Way::Pause,
        _ => return None,
    };
    let offered = match way {
        Way::Compare => Compare::is_possible(sight),
        Way::Pause => may_pause(sight),
        Way::Note | Way::Exception => sight.errand.is_none(),
        _ => true,
    };
    match way.open(sight) {
        Turned::To(overlay) if offered => Some(overlay),
        _ => None,
    }
}
