//! What every screen is: a page, the effect of keys, and what it may read.

use crossterm::event::KeyEvent;

use super::{
    input::line::LineMeaning,
    link::Heard,
    page::{Page, frames::Frames},
};
use crate::driver::{Errand, View};
use keymoot_core::text::escape;
use keymoot_record::{ceremony::State, rules::roster::Handle, transcript::Person};

/// What a screen may read.
#[derive(Clone, Copy)]
pub(super) struct Sight<'m> {
    /// The view of the ceremony, once the driver has shown it.
    pub view: Option<&'m View>,
    /// How far a turn outside of a ceremony is.
    pub errand: Option<&'m Errand>,
    /// Seconds since the screens were set up.
    pub up: u64,
    /// Whether there are simulated devices.
    pub room: bool,
    /// The serial number on the case of the simulated device in hand.
    pub in_hand: Option<u32>,
    /// Whether every row of the screen has been in sight.
    pub is_read: bool,
    /// The file of this screen as QR codes: an answer, or what was sealed to the holder.
    pub codes: Option<&'m Frames>,
}

impl<'m> Sight<'m> {
    /// The state of the ceremony.
    pub(super) fn state(&self) -> Option<&'m State> {
        self.view.map(|view| &*view.state)
    }

    /// The holder who answers a request at home, away from the table.
    pub(super) fn at_home(&self) -> Option<&'m Handle> {
        let apart = self.state()?.apart.as_ref()?;
        Some(&apart.holder)
    }

    /// Who types what no screen asks for: a note, or leaving.
    pub(super) fn typist(&self) -> String {
        match self.at_home() {
            Some(holder) => self.person(holder),
            None if self.errand.is_some() => "The holder".to_owned(),
            None => "The administrator".to_owned(),
        }
    }

    /// How many QR codes show the file of this screen beside this page, if it has one and F10
    /// shows it.
    pub(super) fn codes_for(&self, page: &Page) -> Option<usize> {
        let codes = self.codes.filter(|_| !page.by_line)?;
        codes.count(page.sheet, page.size)
    }

    /// A holder by name and handle, or a witness by name.
    pub(super) fn named(&self, person: &Person) -> String {
        match person {
            Person::Holder(handle) => self.person(handle),
            Person::Witness(_) => person.name(),
        }
    }

    /// A holder by name and handle.
    pub(super) fn person(&self, handle: &Handle) -> String {
        let name = self.state().and_then(|state| state.plan.name(handle));
        match name {
            Some(name) if name != handle.as_str() => {
                format!("{} ({handle})", escape(name))
            }
            _ => handle.to_string(),
        }
    }
}

/// One screen: its page, and the effect of keys.
pub(super) trait Screen {
    /// Draws the page.
    fn page(&self, page: &mut Page, sight: &Sight<'_>);

    /// Takes a key. Returns the answer, once somebody has given one.
    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard>;

    /// The meaning of a line, without spaces at its ends. The keys of most screens are those of
    /// a field, which takes all of it.
    fn line(&self, _line: &str, _sight: &Sight<'_>) -> LineMeaning {
        LineMeaning::Text
    }

    /// Whether Enter alone takes the text that the field has from before.
    fn is_filled(&self) -> bool {
        false
    }

    /// Refuses the last answer, for this reason.
    fn refuse(&mut self, _why: String) {}

    /// Whether a PIN or another secret is typed here.
    fn asks_for_secret(&self) -> bool {
        false
    }

    /// Whether Esc goes back within the screen; otherwise it shows the options.
    fn takes_escape(&self) -> bool {
        false
    }

    /// Whether the arrows move a choice; otherwise they scroll.
    fn takes_arrows(&self) -> bool {
        false
    }

    /// Whether it is a long text, whose rows fill a narrow terminal: nothing stands beside it there.
    fn is_long_text(&self) -> bool {
        false
    }
}
