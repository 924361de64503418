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
    input::{
        field::LONGEST,
        line::{LineMeaning, is_number, row_number},
    },
    interface::Interface,
    link::Message,
    model::Model,
    page::style::Sheet,
    room::{Room, hands::Hands},
    stage,
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
        keys(line, model).unwrap_or_else(|why| {
            self.printed.refused = Some(why);
            Vec::new()
        })
    }

    fn pasted(&mut self, _: &mut Model) -> io::Result<()> {
        self.printed.typed = true;
        self.printed.say_wrapped("", "Several lines came at once, like pasted text, and keymoot ignored them. Type one line, and wait for the next question.")
    }

    fn cut(&mut self) -> io::Result<()> {
        self.printed.typed = true;
        self.printed.say_wrapped("", "The question changed while you typed, and keymoot ignored that line. Read the new question, and type a whole line.")
    }

    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool) {
        typing::listen
    }
}

/// The keys of a typed line, or why it is none of the answers.
///
/// # Errors
/// The line is refused, with this reason.
pub(super) fn keys(line: &str, model: &Model) -> Result<Vec<KeyEvent>, String> {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    if line.contains(typing::LEAVES) {
        return Ok(vec![control('c')]);
    }
    let hands = model.hands.as_ref().filter(|_| !model.takes_secret());
    match line.trim() {
        "?" => return Ok(vec![plain(KeyCode::Esc)]),
        // The words of a script say "I press F8", here as on the full screen.
        "F8" | "f8" if !model.takes_secret() => return Ok(vec![plain(KeyCode::F(8))]),
        // The first rows that were not printed, also those that a search jumped over.
        "" if model.page.unseen.is_some() => return Ok(vec![plain(KeyCode::Home)]),
        "" if model.is_filled() => return Ok(vec![plain(KeyCode::Enter)]),
        // It says that its line needs words.
        "" if model.is_form() => return Ok(vec![plain(KeyCode::Enter)]),
        "" if model.is_covered() => {
            // Enter alone closes an overlay that only shows something.
            let shows = model.only_shows();
            return Ok(shows.then(|| plain(KeyCode::Esc)).into_iter().collect());
        }
        "+" if hands.is_some() => return Ok(vec![control('n')]),
        "*" if hands.is_some() => return Ok(vec![control('t')]),
        _ => {}
    }
    if let (Some(hands), Some(number)) = (hands, line.trim().strip_prefix('#'))
        && is_number(number)
    {
        return pick(hands, number);
    }
    match model.line(line.trim()) {
        LineMeaning::Keys(codes) => Ok(codes.into_iter().map(plain).collect()),
        LineMeaning::Refused(why) => Err(why),
        // A part of it would be recorded.
        LineMeaning::Text if line.chars().count() > LONGEST && !model.takes_secret() => Err(
            format!("At most {LONGEST} characters: type a shorter line."),
        ),
        LineMeaning::Text => {
            // A space at the end may be a part of a password.
            let text = match model.takes_secret() {
                true => line,
                false => line.trim(),
            };
            // A refused line is removed from the field first.
            let keys = std::iter::once(control('u'))
                .chain(text.chars().map(|c| plain(KeyCode::Char(c))))
                .chain([plain(KeyCode::Enter)]);
            Ok(keys.collect())
        }
    }
}

/// The keys that take another simulated device in hand.
fn pick(hands: &Hands, number: &str) -> Result<Vec<KeyEvent>, String> {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let numbers = hands.devices().iter().map(|device| device.number);
    let most = numbers.clone().max().unwrap_or_default();
    let Some(number) =
        row_number(number, most).filter(|number| numbers.clone().any(|n| n == *number))
    else {
        return Err(format!("There is no such device: 1 to {most}."));
    };
    let digits = number.to_string();
    // A number that can get no longer is taken at once, and Enter would go to the screen.
    let enter = (number * 10 <= most).then_some(KeyCode::Enter);
    let keys = std::iter::once(KeyEvent::new(KeyCode::Char('p'), KeyModifiers::CONTROL))
        .chain(digits.chars().map(|c| plain(KeyCode::Char(c))))
        .chain(enter.map(plain));
    Ok(keys.collect())
}
