//! Whose turn is it?

use crossterm::event::{KeyCode, KeyEvent};

use super::step::opening_of_step;
use crate::tui::{
    input::{
        field::{Field, TypedWord, is_word, typed},
        line::{LineMeaning, keys_to_row, row_number},
    },
    link::Heard,
    page::Page,
    screen::{Screen, Sight},
};
use keymoot_record::{
    ceremony::{Answer, State, question::ENOUGH, seat::Seat, turn::Purpose},
    rules::roster::Handle,
};

/// The screen: those who can come. Nobody is chosen until an arrow or a seat's
/// number chooses, so that Enter alone does nothing. A holder apart is alone and need not choose.
pub(super) struct WhoseTurn {
    purpose: Purpose,
    waiting: Vec<Handle>,
    can_stop: bool,
    chosen: Option<usize>,
    number: usize,
    word: TypedWord,
    /// What was typed where the step may not end yet, to say why if it is the word that ends it.
    not_offered: Field,
    /// Why the last key chose nobody.
    refusal: Option<String>,
}

const NOBODY: &str = "Nobody is chosen. Choose a holder first.";

impl WhoseTurn {
    /// The screen for these holders.
    pub(super) fn new(purpose: Purpose, waiting: Vec<Handle>, can_stop: bool) -> Self {
        Self {
            purpose,
            waiting,
            can_stop,
            chosen: None,
            number: 0,
            word: TypedWord::default(),
            not_offered: Field::default(),
            refusal: None,
        }
    }

    fn seat(sight: &Sight<'_>, handle: &Handle) -> usize {
        let seats = sight.state().map(|state| state.seats.as_slice());
        let found = seats.and_then(|seats| seats.iter().position(|seat| seat.handle == *handle));
        found.map_or(0, |at| at + 1)
    }

    /// Chooses by the seat's number, digit by digit.
    fn choose(&mut self, digit: usize, sight: &Sight<'_>) {
        let longer = self.number * 10 + digit;
        let number = match (1..=seat_count(sight)).contains(&longer) {
            true => longer,
            false => digit,
        };
        self.number = number;
        let mut waiting = self.waiting.iter();
        self.chosen = waiting.position(|handle| Self::seat(sight, handle) == number);
        if self.chosen.is_none() {
            let why = why_not(sight, number);
            self.refusal = Some(why.unwrap_or_else(|| format!("There is no seat {number}.")));
        }
    }
}

impl WhoseTurn {
    /// Why this line, the word that ends the step, does not end it now.
    fn not_enough(&self, line: &str, sight: &Sight<'_>) -> Option<String> {
        if self.can_stop || !is_word(line, ENOUGH) {
            return None;
        }
        sight.state()?.why_not_enough(self.purpose)
    }

    /// The warning of a ceremony for a lost quorum whose holders can sign a root.
    fn not_lost(&self, page: &mut Page, sight: &Sight<'_>) {
        let state = sight.state().filter(|_| self.purpose == Purpose::Prove);
        let Some(state) = state else {
            return;
        };
        let takes_part = |seat: &&Seat| seat.present || seat.apart;
        let seats = state.seats.iter().filter(takes_part);
        let here: Vec<_> = seats.map(|seat| seat.handle.clone()).collect();
        if let Some(not_lost) = state.why_not_lost(&here) {
            page.alarm(&not_lost, None);
        }
    }

    /// The holder who takes the turn away from the table, and is alone there.
    fn alone(&self, sight: &Sight<'_>) -> Option<&Handle> {
        sight.state()?.apart.as_ref()?;
        match self.waiting.as_slice() {
            [handle] => Some(handle),
            _ => None,
        }
    }

    /// The page of a holder who is alone.
    fn of_one(&self, page: &mut Page, sight: &Sight<'_>, handle: &Handle) {
        page.who(&sight.person(handle));
        page.headline("You have read the request. Your turn begins now.");
        page.gap();
        page.text(&format!(
            "You {} now. It takes your device, its PIN, and a touch for each signature.",
            for_purpose(self.purpose, is_renamed(sight.state(), handle))
        ));
        page.ask("Press Enter when your device is at hand.");
    }

    /// Which holders apart are awaited, and how to take an answer in.
    fn apart(&self, page: &mut Page, sight: &Sight<'_>) {
        let Some(state) = sight.state().filter(|state| state.apart.is_none()) else {
            return;
        };
        let open = Handle::list(state.unanswered());
        let left = state.to_be_asked();
        let ways = page.names().ways;
        if !open.is_empty() {
            page.text(&format!("Asked apart, not answered yet: {open}."));
            page.text(&format!("To take answers in, {ways}: holders apart."));
        }
        let mut declined = state.declined();
        declined.retain(|holder| left.contains(holder));
        if !declined.is_empty() {
            page.text(&format!("{} declined.", Handle::list(&declined)));
        }
        if !left.is_empty() {
            page.text(&format!("Apart, to be asked: {}.", Handle::list(&left)));
            page.text(&format!("To ask them, {ways}: holders apart."));
        }
    }
}

impl Screen for WhoseTurn {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        if let Some(handle) = self.alone(sight) {
            self.of_one(page, sight, handle);
            return;
        }
        let done = sight.state().map_or(0, |state| state.done(self.purpose));
        let called = sight.state().map(|state| state.progress.called.is_empty());
        if called.unwrap_or(true) {
            opening_of_step(page, sight);
        } else {
            page.who("The administrator");
        }
        page.headline(match (self.purpose, self.waiting.is_empty()) {
            (Purpose::Enroll, false) => "Call the next holder to make a key.",
            (Purpose::Spare, false) => "Call a holder with another device, or continue.",
            (Purpose::Sign, false) => "Call the next holder to sign.",
            (Purpose::Prove, false) => "Call the next holder for a presence proof.",
            (Purpose::Close, false) => "Call the next holder to sign the manifest.",
            (Purpose::Enroll, true) => "No other holder can come to make a key.",
            (Purpose::Spare, true) => "No other holder can come with another device.",
            (Purpose::Sign, true) => "No other holder can come to sign.",
            (Purpose::Prove, true) => "No other holder can come for a presence proof.",
            (Purpose::Close, true) => "No other holder can come to sign the manifest.",
        });
        self.not_lost(page, sight);
        page.gap();
        for (at, handle) in self.waiting.iter().enumerate() {
            let seat = Self::seat(sight, handle);
            let row = format!("{seat:>2} {}", sight.person(handle));
            page.choice(&row, self.chosen == Some(at));
        }
        if self.waiting.is_empty() {
            let comes = sight.state().is_some_and(|state| state.may_come_and_go());
            if comes && !self.can_stop {
                let ways = page.names().ways;
                page.text(&format!(
                    "If a holder arrives now, {ways} and say so: that holder can still take a turn."
                ));
                away(page, sight);
            }
        }
        self.apart(page, sight);
        let how = match self.chosen.and_then(|at| self.waiting.get(at)) {
            Some(handle) => format!("Press Enter when {handle} is at the table."),
            None if page.by_line => {
                "Whose turn? Type a seat's number when that holder is at the table.".to_owned()
            }
            None => "Choose: arrows or a seat's number, then Enter.".to_owned(),
        };
        let nobody = self.waiting.is_empty();
        page.refusal(self.refusal.as_deref());
        if self.can_stop && (self.chosen.is_none() || !self.word.is_empty()) {
            let needed = sight.state().map_or(0, |state| state.needed(self.purpose));
            if !nobody {
                page.ask(&how);
            }
            let how = match (needed, nobody) {
                (0, _) => format!("Nobody has to. To continue, type {ENOUGH} and Enter:"),
                (_, true) => {
                    format!("{done} of {needed} have: type {ENOUGH} and Enter to continue:")
                }
                (_, false) => {
                    format!("{done} of {needed} have: or type {ENOUGH} and Enter to continue:")
                }
            };
            self.word.show(page, &how);
        } else if nobody {
            page.ask(&format!("{} shows other options.", page.names().ways_key));
        } else {
            page.ask(&how);
        }
        if !nobody {
            page.keys = "Up Down 1-9 choose".to_owned();
        }
    }

    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard> {
        if let Some(handle) = self.alone(sight) {
            let begins = key.code == KeyCode::Enter;
            return begins.then(|| Heard::Answer(Answer::Begin(handle.clone())));
        }
        self.refusal = None;
        let not_offered = match key.code {
            KeyCode::Enter | KeyCode::Up | KeyCode::Down | KeyCode::Char('0'..='9') => {
                self.not_offered.take()
            }
            _ => String::new(),
        };
        let last = self.waiting.len().checked_sub(1);
        match (key.code, typed(key)) {
            (KeyCode::Up, _) => {
                self.chosen = last.map(|last| self.chosen.map_or(last, |at| at.saturating_sub(1)));
            }
            (KeyCode::Down, _) => {
                self.chosen = last.map(|last| self.chosen.map_or(0, |at| (at + 1).min(last)));
            }
            (KeyCode::Enter, _) if self.word.is_empty() => {
                if let Some(why) = self.not_enough(&not_offered, sight) {
                    self.refusal = Some(why);
                    return None;
                }
                match self.chosen.and_then(|at| self.waiting.get(at)) {
                    Some(handle) => return Some(Heard::Answer(Answer::Begin(handle.clone()))),
                    None if self.waiting.is_empty() => {}
                    None => self.refusal = Some(NOBODY.to_owned()),
                }
            }
            (_, Some(c @ '0'..='9')) if self.word.is_empty() => {
                self.choose(c.to_digit(10).unwrap_or(0) as usize, sight);
            }
            _ if self.can_stop => {
                self.chosen = None;
                let word = self.word.key(key)?;
                return Some(Heard::Answer(Answer::Typed(word)));
            }
            _ => {
                self.not_offered.key(key);
            }
        }
        None
    }

    fn line(&self, line: &str, sight: &Sight<'_>) -> LineMeaning {
        if line.is_empty() {
            return LineMeaning::Text;
        }
        if self.alone(sight).is_some() {
            return LineMeaning::Refused("Only Enter begins your turn.".to_owned());
        }
        if let Some(why) = self.not_enough(line, sight) {
            return LineMeaning::Refused(why);
        }
        let seats = self.waiting.iter().map(|handle| Self::seat(sight, handle));
        let seats: Vec<_> = seats.map(|seat| seat.to_string()).collect();
        match seats.iter().position(|seat| seat == line) {
            Some(at) => {
                let mut keys = keys_to_row(at + 1, seats.len());
                keys.push(KeyCode::Enter);
                LineMeaning::Keys(keys)
            }
            None if self.can_stop && !line.starts_with(|c: char| c.is_ascii_digit()) => {
                LineMeaning::Text
            }
            None if seats.is_empty() => {
                LineMeaning::Refused("Nobody can be called now.".to_owned())
            }
            None => match row_number(line, seat_count(sight)).and_then(|at| why_not(sight, at)) {
                Some(why) => LineMeaning::Refused(why),
                None => LineMeaning::none_of("seat to call", line, &seats.join(", ")),
            },
        }
    }

    fn refuse(&mut self, why: String) {
        self.word.refuse(why);
    }

    fn takes_arrows(&self) -> bool {
        true
    }
}

/// Who can be asked apart by name, although nobody marked them as apart.
fn away(page: &mut Page, sight: &Sight<'_>) {
    let state = sight.state().filter(|state| state.apart.is_none());
    let away = state.map(State::away).unwrap_or_default();
    if let Some(first) = away.first() {
        page.text(&format!(
            "Not in the room, and not asked: {}. To ask one apart, leave ({}), and name the holder: keymoot request DIR --to {first} -o FILE",
            Handle::list(&away),
            page.names().leave
        ));
    }
}

/// How many seats there are.
fn seat_count(sight: &Sight<'_>) -> usize {
    sight.state().map_or(0, |state| state.seats.len())
}

/// Why the holder of this seat cannot be called, if there is such a seat.
fn why_not(sight: &Sight<'_>, number: usize) -> Option<String> {
    let seat = sight.state()?.seats.get(number.checked_sub(1)?)?;
    let handle = &seat.handle;
    Some(match (seat.apart, seat.present) {
        (true, _) => format!("{handle} takes part apart and is not called."),
        (false, false) => {
            format!("{handle} is not in the room. Record first that {handle} has arrived.")
        }
        (false, true) => format!("{handle} has no turn now."),
    })
}

/// The purpose of the holder's turn, in words that follow "to".
pub(super) fn purpose_in_words(state: Option<&State>) -> &'static str {
    let turn = state.and_then(|state| state.turn.as_ref());
    turn.map_or("take a turn", |turn| {
        for_purpose(turn.purpose, is_renamed(state, &turn.holder))
    })
}

fn is_renamed(state: Option<&State>, holder: &Handle) -> bool {
    state.is_some_and(|state| state.is_renamed(holder))
}

fn for_purpose(purpose: Purpose, renamed: bool) -> &'static str {
    match purpose {
        Purpose::Enroll if renamed => "prove the key under another name",
        Purpose::Enroll => "make a key and prove possession",
        Purpose::Spare => "make a key in a spare device",
        Purpose::Sign => "sign the documents",
        Purpose::Prove => "sign the presence proof",
        Purpose::Close => "sign the manifest",
    }
}
