//! The overlays, which open over every screen: the options, a note, an exception, the
//! end of a turn, leaving, and help. People type out every change.

mod apart;
pub(super) mod compare;
mod decline;
mod end_without;
mod help;
mod intermission;
pub(super) mod keys;
mod leave;
mod lines;
mod page;
mod people;
mod typed;
mod ways;

use self::{apart::Apart, compare::Compare, intermission::Intermission, people::People};
use super::{
    input::{field::TypedWord, form::Form},
    page::{frames, layout::Panes},
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
    /// A break.
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

    /// Whether only its word ends it: no key closes it or opens another over it.
    pub(super) fn ends_by_word(&self) -> bool {
        matches!(self, Self::Intermission(pause) if pause.is_under_way())
    }

    /// Whether the transcript publishes what is typed into it.
    pub(super) fn is_published(&self) -> bool {
        matches!(self, Self::Note(_) | Self::Exception(_))
    }

    /// It was opened where a PIN is typed, so the rest of one may follow: refuses texts that look
    /// like a PIN, and shows nothing of a word.
    pub(super) fn opened_over_pin(&mut self) {
        match self {
            Self::Note(form)
            | Self::Exception(form)
            | Self::EndTurn(_, form)
            | Self::EndWithout(form)
            | Self::Decline(form) => form.refuse_pins(),
            Self::Leave(word) => word.mask(),
            _ => {}
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
        self.form().is_some_and(Form::is_filled)
    }

    /// The form that is filled in, if it is one.
    fn form(&self) -> Option<&Form> {
        match self {
            Self::Note(form)
            | Self::Exception(form)
            | Self::EndTurn(_, form)
            | Self::EndWithout(form)
            | Self::Decline(form) => Some(form),
            Self::Apart(apart) => apart.form(),
            Self::Intermission(pause) => Some(pause.form()),
            _ => None,
        }
    }

    /// Whether lines are typed one after the other.
    pub(super) fn is_form(&self) -> bool {
        match self {
            Self::Note(_)
            | Self::Exception(_)
            | Self::EndTurn(..)
            | Self::EndWithout(_)
            | Self::Decline(_)
            | Self::Intermission(_) => true,
            Self::Apart(apart) => !matches!(apart, Apart::Choose),
            _ => false,
        }
    }

    /// Whether the arrows scroll it.
    pub(super) fn scrolls(&self) -> bool {
        matches!(self, Self::Help)
    }
}

/// The holder whose turn can be ended now.
pub(super) fn turn_that_can_end(state: &State) -> Option<&Handle> {
    let turn = state.turn.as_ref()?;
    (!turn.is_at_end()).then_some(&turn.holder)
}

/// A wish that is to be recorded later, in words.
pub(super) fn waits_in_words(interrupt: &Interrupt) -> String {
    let what = match interrupt {
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
    };
    format!("Recorded as soon as the device answers: {what}")
}
