//! The screens as rows that are printed one below the other: each row that is new or differs from
//! what was printed, once.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::tui::{
    full_screen::draw,
    model::{Model, ScreenNumber},
    page::{layout::Size, words::wrap},
    seats,
};
use keymoot_core::text::escape;

/// As much of a long document at once as an 80×24 terminal shows.
const PAPER: Size = Size {
    columns: 80,
    rows: 28,
};

/// Other screens are printed whole.
const WHOLE: Size = Size {
    columns: 80,
    rows: 1_000,
};

/// How often a wait says how long it has lasted, in seconds.
const PATIENCE: u64 = 15;

/// The most rows that are held back at the end of a page, to be printed together on the next.
const HELD_BACK: usize = 16;

/// What was printed before, and where.
pub(in crate::tui) struct Printed<W> {
    pub(in crate::tui) out: W,
    screen: Option<ScreenNumber>,
    step: Option<usize>,
    /// The last screen without an overlay: it is not printed again when one is closed.
    uncovered: Option<ScreenNumber>,
    /// Which rows of a long text were printed.
    shown: Vec<bool>,
    /// The row that a search found last.
    found: Option<usize>,
    /// The rows of any other screen, to see which have changed.
    rows: Vec<String>,
    questions: usize,
    asked: Vec<String>,
    /// A line was typed since the last question was printed.
    pub(in crate::tui) typed: bool,
    /// Why the last line was refused, when it was none of the answers.
    pub(in crate::tui) refused: Option<String>,
    /// When a wait was last printed, in seconds since the screens were set up.
    told: u64,
}

impl<W: Write> Printed<W> {
    /// Nothing was printed yet.
    pub(in crate::tui) fn new(out: W) -> Self {
        Self {
            out,
            screen: None,
            step: None,
            uncovered: None,
            shown: Vec::new(),
            found: None,
            rows: Vec::new(),
            questions: 0,
            asked: Vec::new(),
            typed: false,
            refused: None,
            told: 0,
        }
    }

    /// What is above the first screen.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(super) fn opening(&mut self, model: &Model) -> io::Result<()> {
        let mode = draw::mode_in_words(model.mode);
        self.say_wrapped("", &format!("{mode}: {}", escape(&model.title)))?;
        self.say_wrapped("", "Type each answer as a line. A line with only ? shows more options: a note, an exception, leaving, help.")?;
        if model.hands.is_some() {
            self.say_wrapped("", "In this rehearsal, + inserts or unplugs the simulated device, * touches it, and #3 takes device 3 in hand.")?;
        }
        Ok(())
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    /// A text of any length behind a mark, wrapped between words.
    pub(super) fn say_wrapped(&mut self, mark: &str, text: &str) -> io::Result<()> {
        let columns = usize::from(PAPER.columns).saturating_sub(mark.len());
        for (row, text) in wrap(text, columns, 0).into_iter().enumerate() {
            match row {
                0 => self.say(&format!("{mark}{text}"))?,
                _ => self.say(&format!("{}{text}", " ".repeat(mark.len())))?,
            }
        }
        Ok(())
    }

    /// New entries of the transcript, each with its number, and new notices.
    fn happened(&mut self, model: &mut Model) -> io::Result<()> {
        for (number, sentence) in model.fresh.drain(..).collect::<Vec<_>>() {
            self.say_wrapped(&format!("{number:>4}. "), &sentence)?;
        }
        for notice in std::mem::take(&mut model.notices) {
            self.say_wrapped("", &notice)?;
        }
        Ok(())
    }

    /// Prints the current step: at each step, and when another holder is called.
    fn place(&mut self, model: &Model) -> io::Result<()> {
        let Some(view) = &model.view else {
            return Ok(());
        };
        if self.step != Some(view.state.step) {
            self.step = Some(view.state.step);
            self.say("")?;
            let step = draw::step(
                model,
                Size {
                    columns: 400,
                    rows: PAPER.rows,
                },
            );
            let mode = draw::mode_in_words(model.mode);
            self.say_wrapped("== ", &format!("{mode}: {step}"))?;
            let (next, ends) = (model.next().unwrap_or_default(), draw::ends(model));
            let ends = (!ends.is_empty()).then(|| format!("; {ends}"));
            let (head, ends) = (view.head.short_words(), ends.unwrap_or_default());
            self.say_wrapped("== ", &format!("transcript: {head}; next: {next}{ends}"))?;
        }
        if view.state.purpose().is_some() && view.state.turn.is_none() {
            self.say_wrapped("== ", &seats::in_words(&view.state))?;
        }
        Ok(())
    }

    /// All rows of a screen that is not long.
    fn whole(&mut self, model: &Model) -> io::Result<()> {
        for row in rows(model) {
            self.say(&row)?;
        }
        Ok(())
    }

    /// The rows of a long text in sight that were not printed yet; around what a search found,
    /// all of them.
    fn long(&mut self, model: &Model) -> io::Result<()> {
        let page = &model.page;
        self.shown.resize(page.rows(), false);
        let sight = (model.scroll + page.upper_rows()).min(page.rows());
        let together = &page.together;
        // A digest is compared as a whole, so its words are printed together.
        let until = match together.start < sight && sight < together.end {
            true => together.start,
            false => sight,
        };
        let found = page.found.is_some() && page.found != self.found;
        self.found = page.found;
        let from = match found {
            true => model.scroll,
            false => model.scroll.saturating_sub(HELD_BACK),
        };
        let mut last = None;
        for at in from..until {
            let Some(shown) = self.shown.get_mut(at) else {
                break;
            };
            if std::mem::replace(shown, true) && !found {
                continue;
            }
            if let Some(first) = last.map(|last| last + 1).filter(|first| *first < at) {
                self.say(&format!(
                    "-- rows {} to {at} were shown before --",
                    first + 1
                ))?;
            }
            let row = page.row(at).map(ToString::to_string).unwrap_or_default();
            self.say(row.trim_end())?;
            last = Some(at);
        }
        if last.is_some() && page.unseen.is_some() {
            let rows = page.rows();
            self.say(&format!("-- {until} of {rows} rows: Enter shows more --"))?;
        }
        Ok(())
    }

    /// The rows of the same screen that were not printed before: a mark that was set, or other
    /// rows that replace older ones.
    fn changed(&mut self, model: &Model) -> io::Result<()> {
        let rows = rows(model);
        let mut before: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            *before.entry(row).or_default() += 1;
        }
        let mut fresh = Vec::new();
        for row in rows.iter().filter(|row| !row.is_empty()) {
            match before.get_mut(row.as_str()) {
                Some(left) if *left > 0 => *left -= 1,
                _ => fresh.push(row.clone()),
            }
        }
        for row in fresh {
            self.say(&row)?;
        }
        self.rows = rows;
        Ok(())
    }

    /// The question, numbered; then the place where the answer is typed.
    fn ask(&mut self, model: &Model) -> io::Result<()> {
        if let Some(why) = self.refused.take() {
            self.say_wrapped("! ", &why)?;
        }
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
            self.say_wrapped(&mark, line)?;
        }
        write!(self.out, "> ")?;
        self.out.flush()?;
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
                "... {}:{:02}; ? shows more options",
                waited / 60,
                waited % 60
            ))?;
        }
        Ok(())
    }

    /// Prints the rows that are new or differ.
    ///
    /// # Errors
    /// What the terminal refused.
    pub(in crate::tui) fn show(&mut self, model: &mut Model) -> io::Result<()> {
        self.happened(model)?;
        if model.is_answered() && !model.is_covered() {
            return Ok(());
        }
        let screen = model.screen_number();
        let before = self.screen.replace(screen);
        if before == Some(screen) {
            match model.page.is_long() {
                true => self.long(model)?,
                false => self.changed(model)?,
            }
        } else {
            self.asked.clear();
            self.told = model.now.up;
            if self.uncovered != Some(screen) {
                if !model.is_covered() {
                    self.uncovered = Some(screen);
                    self.place(model)?;
                }
                self.say("")?;
                match model.page.is_long() {
                    true => {
                        self.shown.clear();
                        self.found = None;
                        self.long(model)?;
                    }
                    false => self.whole(model)?,
                }
            }
            self.rows = rows(model);
        }
        self.ask(model)
    }
}

/// Lays the model out for printing: all at once, except a long text, which is paged through.
pub(in crate::tui) fn lay_out(model: &mut Model) {
    if !model.is_answered() || model.is_covered() {
        // A long text counts as read only after paging through it.
        model.lay_out(PAPER);
        if !model.page.is_long() {
            model.lay_out(WHOLE);
        }
    }
}

/// The rows of a screen that is not long.
fn rows(model: &Model) -> Vec<String> {
    let count = match model.page.is_long() {
        true => 0,
        false => model.page.rows(),
    };
    (0..count)
        .filter_map(|at| model.page.row(at))
        .map(|row| row.to_string().trim_end().to_owned())
        .collect()
}
