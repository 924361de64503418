//! Has everybody read this document? The change first, then all of it, then its
//! digest in hex and in words.

use std::{cell::RefCell, sync::Arc};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::text::Line;

use super::step::{opening_of_step, what_changes};
use crate::{
    driver::Reading,
    tui::{
        input::field::{Field, TypedWord},
        link::Heard,
        page::{Page, hex_groups},
        screen::{Screen, Sight},
        upcoming::unread,
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::ceremony::{Answer, question::say_it_was_read, script::Document};

/// The screen: typing is offered once the end was in sight.
pub(super) struct Review {
    /// The name of the document's file.
    name: String,
    signed: Digest,
    /// The document of a signing event, and the lines above it.
    event: Option<(Reading, Vec<String>)>,
    words: TypedWord,
    laid_out: RefCell<LaidOut>,
    search: Search,
}

/// The document's rows for a width. They are made once: a document may be long.
#[derive(Default)]
struct LaidOut {
    columns: usize,
    rows: Arc<[Line<'static>]>,
    /// The row at which each line begins.
    begins: Vec<usize>,
}

/// The text of the search.
#[derive(Default)]
struct Search {
    /// The text being typed, while it is.
    typing: Option<Field>,
    /// The last search.
    wanted: String,
    /// The line that it found.
    found: Option<usize>,
    /// Whether it found nothing.
    in_vain: bool,
}

impl Search {
    /// Finds the next line, from the one after the last match on, and from
    /// the beginning again.
    fn next(&mut self, lines: &[String]) {
        let wanted = self.wanted.to_lowercase();
        if wanted.is_empty() {
            return;
        }
        let holds = |line: &String| line.to_lowercase().contains(&wanted);
        let after = self.found.map_or(0, |found| found + 1).min(lines.len());
        let (before, rest) = lines.split_at(after);
        let found = rest
            .iter()
            .position(holds)
            .map(|at| at + after)
            .or_else(|| before.iter().position(holds));
        self.in_vain = found.is_none();
        self.found = found;
    }
}

impl Review {
    /// The screen of this document.
    pub(super) fn new(document: Document, signed: Digest) -> Self {
        Self::named(document.name().to_owned(), signed, None)
    }

    /// The screen of a document of a signing event.
    pub(super) fn of_event(reading: Reading, above: Vec<String>) -> Self {
        Self::named(reading.name.clone(), reading.signed, Some((reading, above)))
    }

    fn named(name: String, signed: Digest, event: Option<(Reading, Vec<String>)>) -> Self {
        Self {
            name,
            signed,
            event,
            words: TypedWord::default(),
            laid_out: RefCell::default(),
            search: Search::default(),
        }
    }

    fn reading<'m>(&'m self, sight: &Sight<'m>) -> Option<&'m Reading> {
        if let Some((reading, _)) = &self.event {
            return Some(reading);
        }
        let readings = sight.view.map(|view| &view.readings);
        readings?
            .iter()
            .find(|reading| reading.name == self.name && reading.signed == self.signed)
    }

    /// The whole document; the row of the line that was found.
    fn body(&self, page: &mut Page, reading: &Reading) {
        let mut laid_out = self.laid_out.borrow_mut();
        if laid_out.columns != page.columns() {
            let mut rows = Vec::with_capacity(reading.lines.len());
            let mut begins = Vec::with_capacity(reading.lines.len());
            for line in &reading.lines {
                begins.push(rows.len());
                rows.extend(page.of_document(line));
            }
            *laid_out = LaidOut {
                columns: page.columns(),
                rows: rows.into(),
                begins,
            };
        }
        let found = self.search.found.and_then(|line| laid_out.begins.get(line));
        page.found = found.map(|row| page.rows() + row);
        page.focus = page.found;
        page.long(Arc::clone(&laid_out.rows));
    }

    fn digest(&self, page: &mut Page) {
        page.headline(&format!(
            "The digest of the bytes to be signed ({})",
            self.name
        ));
        page.gap();
        for row in hex_groups(&self.signed) {
            page.text(&row);
        }
        page.gap();
        let first = page.rows();
        page.words(&self.signed);
        page.together = first..page.rows();
    }
}

/// The next document to read, if there is more than one.
fn rest(sight: &Sight<'_>) -> Option<String> {
    let unread = unread(sight.state()?);
    let names: Vec<_> = unread
        .iter()
        .skip(1)
        .map(|document| document.name())
        .collect();
    (names.len() > 1).then(|| names.join(" and "))
}

impl Screen for Review {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        match &self.event {
            Some((_, above)) => {
                page.who("The holder");
                for line in above {
                    page.text(line);
                }
                page.gap();
            }
            None => opening_of_step(page, sight),
        }
        let Some(reading) = self.reading(sight) else {
            page.alarm(
                &format!("{} cannot be shown", self.name),
                Some("leave, and resume: the document is read from the disk again"),
            );
            return;
        };
        page.headline(&format!("What changes in {}", self.name));
        if let Some(rest) = rest(sight) {
            page.text(&format!("{rest} are read after it."));
        }
        what_changes(page, sight, reading);
        page.gap();
        page.headline(&format!("The whole of {}", self.name));
        page.gap();
        self.body(page, reading);
        page.gap();
        self.digest(page);
        if let Some(typing) = &self.search.typing {
            page.ask("Find in the document (Enter alone: the same again):");
            page.field(typing.text());
            page.keys = "Enter finds  Esc back to reading".to_owned();
            return;
        }
        if self.search.in_vain {
            page.refusal(Some(&format!("Nowhere: {}", self.search.wanted)));
        }
        let what = match self.event {
            Some(_) => "Type the first two words, or three letters of each:",
            None => "When all agree, type the first two words, or three letters of each:",
        };
        self.words.show_when_read(page, sight.is_read, what);
        page.keys = "/ find  F8 digest".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, sight: &Sight<'_>) -> Option<Heard> {
        if let Some(typing) = &mut self.search.typing {
            match key.code {
                KeyCode::Esc => self.search.typing = None,
                KeyCode::Enter => {
                    let typed = typing.take();
                    self.search.typing = None;
                    if !typed.is_empty() {
                        self.search.wanted = typed;
                        self.search.found = None;
                    }
                    let mut search = std::mem::take(&mut self.search);
                    if let Some(reading) = self.reading(sight) {
                        search.next(&reading.lines);
                    }
                    self.search = search;
                }
                _ => drop(typing.key(key)),
            }
            return None;
        }
        // No word of the list contains this character.
        if key.code == KeyCode::Char('/') && self.words.is_empty() {
            self.search.typing = Some(Field::default());
            self.search.in_vain = false;
            return None;
        }
        if !sight.is_read {
            return None;
        }
        let words = self.words.key(key)?;
        if self.event.is_none() {
            return Some(Heard::Answer(Answer::Typed(words)));
        }
        if say_it_was_read(&words, &self.signed) {
            return Some(Heard::Done);
        }
        self.words.refuse(format!(
            "Those are not the first two words of {}. If you compare them with somebody else's, you do not see the same document: leave.",
            self.name
        ));
        None
    }

    fn refuse(&mut self, why: String) {
        self.words.refuse(why);
    }

    fn takes_escape(&self) -> bool {
        self.search.typing.is_some()
    }

    fn is_long_text(&self) -> bool {
        true
    }
}
