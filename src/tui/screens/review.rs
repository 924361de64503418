//! Has everybody read this document? The change first, then all of it, then its
//! digest in hex and in words.

use crossterm::event::KeyEvent;

use super::{Screen, Sight, opening_of_step};
use crate::{
    ceremony::{Answer, script::Document},
    digest::Digest,
    tui::{field::TypedWord, link::Heard, page::Page},
};

/// The screen: typing is offered once the end was in sight.
pub(super) struct Review {
    document: Document,
    signed: Digest,
    seen: bool,
    words: TypedWord,
}

impl Review {
    /// The screen of this document.
    pub fn new(document: Document, signed: Digest) -> Self {
        Self {
            document,
            signed,
            seen: false,
            words: TypedWord::default(),
        }
    }

    fn digest(&self, page: &mut Page) {
        page.headline(&format!(
            "The digest of the bytes to be signed ({})",
            self.document.name()
        ));
        page.gap();
        let hex = self.signed.to_string();
        for row in hex.as_bytes().chunks(32) {
            let row: Vec<_> = row.chunks(4).map(String::from_utf8_lossy).collect();
            page.text(&row.join(" "));
        }
        page.gap();
        for (row, words) in self.signed.words().chunks(4).enumerate() {
            let words: Vec<_> = words.iter().map(|word| format!("{word:<11}")).collect();
            let style = page.sheet.typed();
            page.item(&format!("{} ", row + 1), words.join(" ").trim_end(), style);
        }
    }
}

impl Screen for Review {
    fn page(&self, page: &mut Page, sight: &Sight<'_>) {
        opening_of_step(page, sight);
        let readings = sight.view.map(|view| view.readings.as_slice());
        let reading = readings
            .unwrap_or_default()
            .iter()
            .find(|reading| reading.document == self.document && reading.signed == self.signed);
        let Some(reading) = reading else {
            page.alarm(
                &format!("{} cannot be shown", self.document.name()),
                Some("leave, and resume: the document is read from the disk again"),
            );
            return;
        };
        page.headline("What changes");
        for change in &reading.changes {
            page.item("* ", change, ratatui::style::Style::new());
        }
        page.gap();
        page.headline(&format!("The whole of {}", self.document.name()));
        page.gap();
        for line in &reading.lines {
            page.document(line);
        }
        page.gap();
        self.digest(page);
        if self.seen {
            self.words.show(
                page,
                "When all agree, type the first two words of the digest and press Enter:",
            );
        } else {
            page.ask("Read on to the end: PgDn. Then it can be confirmed.");
        }
        page.keys = "PgDn PgUp Home End".to_owned();
    }

    fn key(&mut self, key: &KeyEvent, _: &Sight<'_>) -> Option<Heard> {
        if !self.seen {
            return None;
        }
        Some(Heard::Answer(Answer::Typed(self.words.key(key)?)))
    }

    fn refuse(&mut self, why: String) {
        self.words.refuse(why);
    }

    fn reached_end(&mut self) {
        self.seen = true;
    }
}
