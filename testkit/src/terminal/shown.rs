//! The bytes to a terminal, and the screen of an emulator.

use std::num::NonZeroU16;

use super::frame::{Frame, divider};

/// What begins a frame and what ends it (synchronized output, DEC mode 2026).
const BEGINS: &[u8] = b"\x1b[?2026h";
const ENDS: &[u8] = b"\x1b[?2026l";

/// What enters the alternate screen, except its last byte, and leaves it.
const ALTERNATE: &[u8] = b"\x1b[?1049";

/// The bytes to the terminal.
pub(super) struct Shown {
    parser: vt100::Parser,
    /// All of them.
    pub written: Vec<u8>,
    /// How much of it was read, where it is written line by line.
    pub read: usize,
    /// Whether the last frame is whole; `None` where it is written line by line.
    whole: Option<bool>,
    /// The last bytes: a mark may come in two parts.
    tail: Vec<u8>,
    /// The first whole frame.
    pub first: Option<Frame>,
}

fn characters(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

impl Shown {
    /// Nothing yet, on so many columns and rows.
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self {
            parser: vt100::Parser::new(characters(rows), characters(columns), 0),
            written: Vec::new(),
            read: 0,
            whole: None,
            tail: Vec::new(),
            first: None,
        }
    }

    /// Takes what came.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if self.first.is_none() {
            let joined = [self.tail.as_slice(), bytes].concat();
            let mut marks = joined.windows(ENDS.len());
            if let Some(at) = marks.position(|part| part == ENDS) {
                let (first, rest) = bytes.split_at(at + ENDS.len() - self.tail.len());
                self.process(first);
                self.first = Some(self.frame());
                bytes = rest;
            }
        }
        self.process(bytes);
    }

    fn process(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.written.extend_from_slice(bytes);
        self.tail.extend_from_slice(bytes);
        let last = |mark: &[u8]| self.tail.windows(mark.len()).rposition(|part| part == mark);
        match (last(BEGINS), last(ENDS)) {
            (Some(begins), ends) if ends.is_none_or(|ends| ends < begins) => {
                self.whole = Some(false)
            }
            (_, Some(_)) => self.whole = Some(true),
            _ => {}
        }
        let keep = self.tail.len().saturating_sub(BEGINS.len() - 1);
        self.tail.drain(..keep);
    }

    /// What a terminal without an alternate screen shows by now, on which this text was before.
    pub(super) fn on_a_console(&self, before: &str) -> String {
        let (rows, columns) = self.parser.screen().size();
        let mut console =
            vt100::Parser::new(characters(rows.into()), characters(columns.into()), 0);
        console.process(before.as_bytes());
        let mut written = self.written.as_slice();
        while let Some(at) = written
            .windows(ALTERNATE.len())
            .position(|part| part == ALTERNATE)
        {
            console.process(&written[..at]);
            // The last byte says whether the screen is entered or left.
            written = &written[at + ALTERNATE.len() + 1..];
        }
        console.process(written);
        console.screen().contents()
    }

    /// The emulator's screen has another size from now on.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        let screen = self.parser.screen_mut();
        screen.set_size(characters(rows), characters(columns));
    }

    /// Whether no frame is drawn in part.
    pub(super) fn is_whole(&self) -> bool {
        self.whole != Some(false)
    }

    /// Whether frames are drawn, and not lines written.
    pub(super) fn is_drawn(&self) -> bool {
        self.whole.is_some()
    }

    /// The present screen.
    pub(super) fn frame(&self) -> Frame {
        Frame::of(self.parser.screen())
    }

    /// Its text.
    pub(super) fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    /// Whether this is in the left pane, in the right one, or across both.
    pub(super) fn shows(&self, text: &str) -> bool {
        let text = squeezed(text);
        self.panes().iter().any(|pane| pane.contains(&text))
    }

    /// What the screen shows, squeezed: the left pane, the right one, and whole lines.
    fn panes(&self) -> [String; 3] {
        let contents = self.contents();
        let columns = usize::from(self.parser.screen().size().1.get());
        let seats = divider(columns).unwrap_or(0);
        let part = |from: usize, count: usize| -> String {
            contents
                .lines()
                .map(|line| line.chars().skip(from).take(count).collect::<String>())
                .collect()
        };
        [
            squeezed(&part(0, seats)),
            squeezed(&part(seats, columns)),
            squeezed(&contents),
        ]
    }
}

/// Text without white space: where lines break does not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The place of a text in the output.
pub(super) fn find(written: &[u8], text: &str) -> Option<usize> {
    let mut parts = written.windows(text.len());
    parts.position(|part| part == text.as_bytes())
}
