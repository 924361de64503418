//! The same ceremony as numbered lines and questions, for a serial console or a
//! screen reader.
//!
//! The model, its screens and all their words are those of the full screen; only
//! they are written one below the other, and answers are typed as lines. Nothing is
//! ever drawn over, and nothing is said by position or colour.

mod printed;
mod typing;

pub(crate) use typing::hidden_line;

use std::{
    io,
    sync::{atomic::AtomicBool, mpsc::Sender},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(in crate::tui) use self::printed::{Printed, lay_out};
use self::typing::TypedLines;
use super::{
    interface::Interface, link::Message, model::Model, page::style::Sheet, room::Room, stage,
};
use crate::driver::Operator;
use keymoot_record::transcript::Mode;

/// Runs `drive` with numbered lines and questions as its operator, until it returns.
/// `room` has the simulated devices of a rehearsal.
///
/// # Errors
/// What the terminal refused. `drive` has ended then, too.
///
/// # Panics
/// When `drive` panics.
pub fn run<T: Send>(
    mode: Mode,
    title: &str,
    room: Option<Box<dyn Room + '_>>,
    drive: impl FnOnce(&mut dyn Operator) -> T + Send,
) -> io::Result<T> {
    let sheet = Sheet::of_environment().for_lines();
    let model = Model::new(mode, title.to_owned(), sheet, room.is_some()).in_rows();
    let mut interface = Lines {
        typing: TypedLines::take()?,
        printed: Printed::new(io::stdout()),
    };
    interface.printed.opening(&model)?;
    stage::play(interface, model, room, drive)
}

/// The terminal, and what was printed on it.
struct Lines {
    typing: TypedLines,
    printed: Printed<io::Stdout>,
}

impl Interface for Lines {
    fn show(&mut self, model: &mut Model) -> io::Result<()> {
        lay_out(model);
        self.typing.hide_from_now(model.hides_typing())?;
        self.printed.show(model)
    }

    fn keys(&mut self, line: &str, model: &Model) -> Vec<KeyEvent> {
        self.printed.typed = true;
        keys(line, model)
    }

    fn pasted(&mut self) -> io::Result<()> {
        self.printed.typed = true;
        self.printed.say("Several lines came at once, like pasted text, and keymoot ignored them. Type one line, and wait for the next question.")
    }

    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool) {
        typing::listen
    }
}

/// The keys of a typed line.
pub(super) fn keys(line: &str, model: &Model) -> Vec<KeyEvent> {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    let hands = model.hands.is_some() && !model.takes_secret();
    if line.contains(typing::LEAVES) {
        return vec![control('c')];
    }
    match line.trim() {
        "?" => return vec![plain(KeyCode::Esc)],
        // The words of a script say "I press F8", here as on the full screen.
        "F8" | "f8" if !model.takes_secret() => return vec![plain(KeyCode::F(8))],
        // The first rows that were not printed, also those that a search jumped over.
        "" if model.page.unseen.is_some() => return vec![plain(KeyCode::Home)],
        "" if model.is_covered() => {
            // Enter alone closes an overlay that only shows something.
            let shows = model.only_shows();
            return shows.then(|| plain(KeyCode::Esc)).into_iter().collect();
        }
        // Anything else may be a PIN that was meant for the screen below.
        other if model.shows_options() && !is_digit(other) => return Vec::new(),
        "+" if hands => return vec![control('n')],
        "*" if hands => return vec![control('t')],
        picked if hands && is_pick(picked) => {
            let digits = picked.chars().skip(1).map(|c| plain(KeyCode::Char(c)));
            return std::iter::once(control('p'))
                .chain(digits)
                .chain([plain(KeyCode::Enter)])
                .collect();
        }
        _ => {}
    }
    // A refused line is removed from the field first.
    std::iter::once(control('u'))
        .chain(line.chars().map(|c| plain(KeyCode::Char(c))))
        .chain([plain(KeyCode::Enter)])
        .collect()
}

fn is_digit(line: &str) -> bool {
    line.len() == 1 && line.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_pick(line: &str) -> bool {
    line.strip_prefix('#')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
