//! The same ceremony as numbered lines and questions, for a serial console or a
//! screen reader.
//!
//! The model, its screens and all their words are those of the full screen; only
//! they are written one below the other, and answers are typed as lines. Nothing is
//! ever drawn over, and nothing is said by position or colour.

mod typing;

use std::{
    io::{self, Write as _},
    sync::{atomic::AtomicBool, mpsc::Sender},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::typing::TypedLines;
use super::{
    Operator, draw,
    layout::{self, Size},
    link::Message,
    model::{Model, ScreenNumber},
    room::Room,
    seats,
    stage::{self, Face},
    style::Sheet,
    words::wrap,
};
use crate::tui::upcoming::upcoming;
use keymoot_core::text::escape;
use keymoot_record::transcript::Mode;

/// As much of a long document at once as an 80×24 terminal shows.
const PAPER: Size = Size {
    columns: 80,
    rows: 28,
};

/// As much as any other screen says: all at once.
const WHOLE: Size = Size {
    columns: 80,
    rows: 1_000,
};

/// How often a wait says how long it has lasted, in seconds.
const PATIENCE: u64 = 15;

/// Runs `drive` with numbered lines and questions as its operator, until it returns.
/// `room` is what a rehearsal offers for its simulated devices.
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
    let face = Lines {
        typing: TypedLines::take()?,
        screen: None,
        step: None,
        printed: 0,
        rows: Vec::new(),
        questions: 0,
        asked: Vec::new(),
        typed: false,
        told: 0,
    };
    face.opening(&model)?;
    stage::play(face, model, room, drive)
}

/// What was printed so far.
struct Lines {
    typing: TypedLines,
    screen: Option<ScreenNumber>,
    step: Option<usize>,
    /// The rows of the screen up to this one were printed.
    printed: usize,
    /// The rows themselves, to see which have changed.
    rows: Vec<String>,
    questions: usize,
    asked: Vec<String>,
    /// A line was typed since the last question was printed.
    typed: bool,
    /// When a wait was last told, in seconds since the screens were set up.
    told: u64,
}

impl Lines {
    fn opening(&self, model: &Model) -> io::Result<()> {
        self.say(&format!(
            "{}: {}",
            draw::mode_in_words(model.mode),
            escape(&model.title)
        ))?;
        self.say("Answers are typed as lines. A line with only ? shows the other ways on: a note, an exception, leaving, help.")?;
        if model.hands.is_some() {
            self.say("In this rehearsal, + inserts or unplugs the simulated device, * touches it, and #3 takes device 3 in hand.")?;
        }
        Ok(())
    }

    fn say(&self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// What happened meanwhile, by its number in the transcript.
    fn happened(&self, model: &mut Model) -> io::Result<()> {
        for (number, sentence) in model.fresh.drain(..).collect::<Vec<_>>() {
            self.say(&format!("{number:>4}. {sentence}"))?;
        }
        Ok(())
    }

    /// Where the ceremony stands: at each step, and whenever another holder is called.
    fn place(&mut self, model: &Model) -> io::Result<()> {
        let Some(view) = &model.view else {
            return Ok(());
        };
        if self.step != Some(view.state.step) {
            self.step = Some(view.state.step);
            self.say("")?;
            self.say(&format!(
                "== {}: {}",
                draw::mode_in_words(model.mode),
                draw::step(
                    model,
                    Size {
                        columns: 400,
                        rows: PAPER.rows
                    }
                )
            ))?;
            self.say(&format!(
                "== transcript: {}; next: {}",
                view.head.short_words(),
                upcoming(&view.state)
            ))?;
        }
        if view.state.purpose().is_some() && view.state.turn.is_none() {
            self.say(&format!("== {}", seats::in_words(&view.state)))?;
        }
        Ok(())
    }

    /// The rows in sight that were not printed yet.
    fn upper(&mut self, model: &Model) -> io::Result<()> {
        let page = &model.page;
        let room = layout::upper_rows(model.size, page);
        let until = (model.scroll + room).min(page.rows());
        let from = if model.scroll < self.printed && self.printed <= until {
            self.printed
        } else {
            model.scroll
        };
        for row in (from..until).filter_map(|at| page.row(at)) {
            self.say(row.to_string().trim_end())?;
        }
        self.printed = until;
        if until < page.rows() && from < until {
            self.say(&format!(
                "-- {until} of {} rows: Enter shows more --",
                page.rows()
            ))?;
        }
        Ok(())
    }

    /// Rows that have changed since they were printed: a mark that was set.
    fn changed(&mut self, model: &Model) -> io::Result<()> {
        let rows = rows(model);
        if rows.len() == self.rows.len() {
            for (row, _) in rows.iter().zip(&self.rows).filter(|(new, old)| new != old) {
                self.say(row)?;
            }
        }
        self.rows = rows;
        Ok(())
    }

    /// The question, numbered; then the place where the answer is typed.
    fn ask(&mut self, model: &Model) -> io::Result<()> {
        let asked = model.page.question();
        if !model.asks() {
            return self.wait(model);
        }
        if asked == self.asked && !self.typed {
            return Ok(());
        }
        self.questions += 1;
        for (at, line) in asked.iter().enumerate() {
            let mark = match at {
                0 => format!("[{}] ", self.questions),
                _ => "    ".to_owned(),
            };
            let columns = usize::from(PAPER.columns).saturating_sub(mark.len());
            for (row, text) in wrap(line, columns, 0).into_iter().enumerate() {
                let mark = match row {
                    0 => mark.clone(),
                    _ => " ".repeat(mark.len()),
                };
                self.say(&format!("{mark}{text}"))?;
            }
        }
        let mut out = io::stdout().lock();
        write!(out, "> ")?;
        out.flush()?;
        self.asked = asked;
        self.typed = false;
        Ok(())
    }

    fn wait(&mut self, model: &Model) -> io::Result<()> {
        if let Some(waited) = model.waited()
            && model.now.up >= self.told + PATIENCE
        {
            self.told = model.now.up;
            self.say(&format!(
                "... {}:{:02}; ? shows the other ways on",
                waited / 60,
                waited % 60
            ))?;
        }
        Ok(())
    }
}

/// The rows of a screen that is short enough to be compared.
fn rows(model: &Model) -> Vec<String> {
    let count = model.page.rows();
    let few = (count <= usize::from(PAPER.rows)).then_some(count);
    (0..few.unwrap_or(0))
        .filter_map(|at| model.page.row(at))
        .map(|row| row.to_string().trim_end().to_owned())
        .collect()
}

impl Face for Lines {
    fn show(&mut self, model: &mut Model) -> io::Result<()> {
        if !model.is_answered() || model.is_covered() {
            // What is long is never seen whole before it was paged through.
            model.lay_out(PAPER);
            if !model.page.is_long() {
                model.lay_out(WHOLE);
            }
        }
        self.typing.hide(model.hides_typing())?;
        self.happened(model)?;
        if model.is_answered() && !model.is_covered() {
            return Ok(());
        }
        let screen = model.screen_number();
        let before = self.screen.replace(screen);
        if before == Some(screen) {
            if self.typed {
                self.changed(model)?;
            }
            if self.printed < model.scroll + layout::upper_rows(model.size, &model.page) {
                self.upper(model)?;
            }
        } else {
            self.asked.clear();
            self.told = model.now.up;
            if before.is_some_and(|before| before.covered(screen)) {
                // It was printed before something stood over it.
                self.printed = model.scroll + layout::upper_rows(model.size, &model.page);
            } else {
                if !model.is_covered() {
                    self.place(model)?;
                }
                self.printed = 0;
                self.say("")?;
                self.upper(model)?;
            }
            self.rows = rows(model);
        }
        self.ask(model)
    }

    fn keys(&mut self, line: &str, model: &Model) -> Vec<KeyEvent> {
        self.typed = true;
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        let hands = model.hands.is_some() && !model.hides_typing();
        let more = model.scroll + layout::upper_rows(model.size, &model.page) < model.page.rows();
        match line.trim() {
            "?" => return vec![plain(KeyCode::Esc)],
            "" if more => return vec![plain(KeyCode::PageDown)],
            "" if model.is_covered() => {
                // Enter alone goes back from what only shows something.
                let shows = model.only_shows();
                return shows.then(|| plain(KeyCode::Esc)).into_iter().collect();
            }
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
        // What stands in the field from an earlier, refused line is not added to.
        std::iter::once(control('u'))
            .chain(line.chars().map(|c| plain(KeyCode::Char(c))))
            .chain([plain(KeyCode::Enter)])
            .collect()
    }

    fn pasted(&mut self) -> io::Result<()> {
        self.typed = true;
        self.say("Several lines came at once, as from a paste: nothing was taken. Type one line and wait for the next question.")
    }

    fn listener(&self) -> fn(&Sender<Message>, &AtomicBool) {
        typing::listen
    }
}

fn is_pick(line: &str) -> bool {
    line.strip_prefix('#')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
