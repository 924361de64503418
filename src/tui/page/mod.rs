//! The main pane of a screen, row by row: information above, the input
//! below. The upper part is scrolled when it is too long.

pub(super) mod frames;
pub(super) mod in_sight;
mod key_names;
pub(super) mod large;
pub(super) mod layout;
pub(super) mod qr;
pub(super) mod style;
pub(super) mod words;

use std::{ops::Range, sync::Arc};

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use self::{
    in_sight::Unseen,
    key_names::KeyNames,
    layout::{Panes, Size},
    style::Sheet,
    words::{cut, safe, tail, width, wrap},
};
use keymoot_core::digest::Digest;

/// The columns of a paragraph on a wide screen: longer rows are hard to follow.
const MEASURE: usize = 100;

/// The rows of a main pane of a certain width.
pub(super) struct Page {
    columns: usize,
    pub sheet: Sheet,
    /// The information, except the long part.
    top: Vec<Line<'static>>,
    /// The long part begins after so many rows of `top`, and is laid out only once.
    long: Option<(usize, Arc<[Line<'static>]>)>,
    /// The input.
    pub bottom: Vec<Line<'static>>,
    /// The prompt, for people who cannot see which field takes the keys.
    asks: Vec<String>,
    /// Whether it says why the last input was refused.
    is_refused: bool,
    /// Whether the first headline is shown in large type.
    pub in_large_type: bool,
    /// Whether answers are typed as whole lines: no key works by itself.
    pub by_line: bool,
    /// Whether all of it is read page by page, not its long part alone.
    pub is_read_through: bool,
    /// The row of the upper part that must be seen.
    pub focus: Option<usize>,
    /// The row that a search found.
    pub found: Option<usize>,
    /// Rows that are only printed together: the words of a digest.
    pub together: Range<usize>,
    /// How many rows can be seen at once.
    pub fits: usize,
    /// The side pane beside it.
    pub panes: Panes,
    /// The size of the whole terminal.
    pub size: Size,
    /// The first rows that have not been in sight yet.
    pub unseen: Option<Unseen>,
    /// The keys that work here, in addition to those that work everywhere.
    pub keys: String,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) fn new(columns: usize, sheet: Sheet) -> Self {
        Self {
            columns,
            sheet,
            top: Vec::new(),
            long: None,
            bottom: Vec::new(),
            asks: Vec::new(),
            is_refused: false,
            in_large_type: false,
            by_line: false,
            is_read_through: false,
            focus: None,
            found: None,
            together: 0..0,
            fits: 0,
            panes: Panes::Two,
            size: Size::default(),
            unseen: None,
            keys: String::new(),
        }
    }

    /// The names of the keys in this interface.
    pub(super) fn names(&self) -> &'static KeyNames {
        match self.by_line {
            true => &key_names::LINES,
            false => &key_names::SCREENS,
        }
    }

    /// The columns that it has.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Whether it is read page by page to its end, also where it is printed.
    pub(super) fn is_long(&self) -> bool {
        self.is_read_through || self.long.is_some()
    }

    /// How many rows the upper part has.
    pub(super) fn rows(&self) -> usize {
        self.top.len() + self.long.as_ref().map_or(0, |(_, rows)| rows.len())
    }

    /// The rows that the terminal shows of the upper part; one more is between it and the lower
    /// part, if there is one or there is more than fits.
    pub(super) fn upper_rows(&self) -> usize {
        let rows = layout::pane_rows(self.size, self.panes);
        match self.lower_rows() {
            0 if self.rows() <= rows => rows,
            lower => rows.saturating_sub(lower + 1),
        }
    }

    /// The rows that the terminal shows of the lower part: it may not take all of the pane.
    pub(super) fn lower_rows(&self) -> usize {
        let rows = layout::pane_rows(self.size, self.panes);
        self.bottom.len().min(rows.saturating_sub(4))
    }

    /// A row of the upper part.
    pub(super) fn row(&self, at: usize) -> Option<&Line<'static>> {
        match &self.long {
            Some((before, rows)) if at >= *before => {
                let within = at - before;
                let rest = || self.top.get(at - rows.len());
                rows.get(within).or_else(rest)
            }
            _ => self.top.get(at),
        }
    }

    /// Whether its own words name this key; those of a long part are a document's.
    pub(super) fn names_key(&self, key: &str) -> bool {
        self.top.iter().chain(&self.bottom).any(|line| {
            let row = line.to_string();
            row.split(|c: char| !c.is_alphanumeric())
                .any(|word| word == key)
        })
    }

    /// Something long, laid out before for a page of these columns. A page has one.
    pub(super) fn long(&mut self, rows: Arc<[Line<'static>]>) {
        self.long = Some((self.top.len(), rows));
    }

    /// A row from another layout.
    pub(super) fn line(&mut self, line: Line<'static>) {
        self.top.push(line);
    }

    /// The person who acts now.
    pub(super) fn who(&mut self, who: &str) {
        self.push(who, self.sheet.who(), "");
    }

    /// The one thing to do now, as the headline.
    pub(super) fn headline(&mut self, headline: &str) {
        // Large type is for the first headline alone: others are headings further down.
        if std::mem::take(&mut self.in_large_type)
            && let Some(rows) = large::sentence(headline, self.columns, self.sheet.blocks)
        {
            self.gap();
            let rows = rows.into_iter().map(|row| row.trim_end().to_owned());
            let style = self.sheet.headline();
            self.top.extend(rows.map(|row| Line::styled(row, style)));
            self.top.push(Line::default());
            return;
        }
        self.push(headline, self.sheet.headline(), "");
    }

    /// Words to read aloud.
    pub(super) fn aloud(&mut self, words: &str) {
        self.gap();
        self.push("Read aloud:", self.sheet.quiet(), "");
        let bar = match self.by_line {
            true => "  ".to_owned(),
            false => format!("{} ", self.sheet.vertical()),
        };
        self.push(words, self.sheet.aloud(), &bar);
    }

    /// A paragraph.
    pub(super) fn text(&mut self, text: &str) {
        self.push(text, Style::new(), "");
    }

    /// A paragraph in a style, each row after `mark` or an indent of its width.
    pub(super) fn item(&mut self, mark: &str, text: &str, style: Style) {
        let indent = " ".repeat(width(mark));
        let rows = self.wrapped(text, mark);
        for (at, row) in rows.into_iter().enumerate() {
            let mark = if at == 0 {
                mark.to_owned()
            } else {
                indent.clone()
            };
            self.top.push(Line::styled(mark + &row, style));
        }
    }

    /// The rows of a line of a document: continued rows are indented.
    pub(super) fn of_document(&self, line: &str) -> Vec<Line<'static>> {
        let line = self.sheet.show(&safe(line)).into_owned();
        let rows = wrap(&line, self.columns, 4).into_iter();
        rows.map(Line::raw).collect()
    }

    /// A refusal or an error, and what to do next.
    pub(super) fn alarm(&mut self, what: &str, next: Option<&str>) {
        self.item("! ", what, self.sheet.alarm());
        if let Some(next) = next.filter(|next| !next.is_empty()) {
            self.item("do: ", next, self.sheet.notice());
        }
    }

    /// An empty row, unless one is there already.
    pub(super) fn gap(&mut self) {
        let last = self.rows().checked_sub(1).and_then(|last| self.row(last));
        if last.is_some_and(|line| line.width() > 0) {
            self.top.push(Line::default());
        }
    }

    /// Leaves out as many empty rows as must be for all of it to fit into so many rows, the last
    /// ones first. Where that is not enough, it leaves out none, unless a refusal takes rows: that
    /// must not bring back rows that were left out before it.
    pub(super) fn tighten(&mut self, room: usize) {
        let too_many = self.rows().saturating_sub(room);
        let is_empty = |(_, line): &(usize, &Line<'_>)| line.width() == 0;
        let empty = self.top.iter().enumerate().rev().filter(is_empty);
        let left_out: Vec<usize> = empty.map(|(at, _)| at).take(too_many).collect();
        if self.is_long() || (left_out.len() < too_many && !self.is_refused) {
            return;
        }
        for at in left_out {
            self.top.remove(at);
            if let Some(focus) = self.focus.as_mut().filter(|focus| **focus > at) {
                *focus -= 1;
            }
        }
    }

    /// A row of a list; the chosen one is marked and kept in sight.
    pub(super) fn choice(&mut self, text: &str, chosen: bool) {
        let chosen = chosen && !self.by_line;
        let mark = if chosen { "> " } else { "  " };
        let text = self.sheet.show(&safe(text)).into_owned();
        let text = cut(&text, self.columns.saturating_sub(2), self.sheet.ellipsis());
        let style = if chosen {
            self.focus = Some(self.rows());
            self.sheet.chosen()
        } else {
            Style::new()
        };
        self.top.push(Line::styled(format!("{mark}{text}"), style));
    }

    /// Why the last input was refused.
    pub(super) fn refusal(&mut self, refusal: Option<&str>) {
        if let Some(refusal) = refusal {
            self.is_refused = true;
            self.asks
                .push(format!("! {}", self.sheet.show(&safe(refusal))));
            let style = self.sheet.alarm();
            let rows = self.wrapped(refusal, "! ");
            for (at, row) in rows.into_iter().enumerate() {
                let mark = if at == 0 { "! " } else { "  " };
                self.bottom
                    .push(Line::styled(format!("{mark}{row}"), style));
            }
        }
    }

    /// A warning about the input, which is no refusal.
    pub(super) fn note(&mut self, note: &str) {
        let rows = self.wrapped(note, "");
        let style = self.sheet.notice();
        self.bottom
            .extend(rows.into_iter().map(|row| Line::styled(row, style)));
    }

    /// The prompt.
    pub(super) fn ask(&mut self, what: &str) {
        self.asks.push(self.sheet.show(&safe(what)).into_owned());
        let rows = self.wrapped(what, "");
        self.bottom.extend(
            rows.into_iter()
                .map(|row| Line::styled(row, self.sheet.headline())),
        );
    }

    /// A digest's words, each row with its number.
    pub(super) fn words(&mut self, digest: &Digest) {
        for (row, words) in word_rows(digest).iter().enumerate() {
            self.item(&format!("{} ", row + 1), words, self.sheet.typed());
        }
    }

    /// A long text, which is read before the answer to `what`. Its prompt takes as many rows as that
    /// question will: rows that were in sight before it are in sight with it.
    pub(super) fn ask_to_read_on(&mut self, what: &str) {
        let KeyNames {
            more: shows_more,
            back,
            ..
        } = self.names();
        let unseen = self.unseen.as_ref();
        let above = unseen.filter(|unseen| unseen.above);
        let how = above.map_or_else(
            || format!("Read on to the end: {shows_more}."),
            |Unseen { rows, more, .. }| {
                let (first, last) = (rows.start + 1, rows.end);
                let more = if *more { " and more" } else { "" };
                format!("Rows {first} to {last}{more} were not shown yet: {back}.")
            },
        );
        let due = self.bottom.len() + self.wrapped(what, "").len() + 1;
        self.ask(&format!("{how} Then it can be confirmed."));
        if !self.by_line && self.bottom.len() < due {
            self.bottom.resize(due, Line::default());
        }
    }

    /// A field that does not take the keys now, with its text: one row.
    pub(super) fn other_field(&mut self, label: &str, content: &str) {
        let label = self.sheet.show(&safe(label)).into_owned();
        let label = label.trim_end_matches(':');
        let content = self.sheet.show(&safe(content)).into_owned();
        // In `--plain`, the whole answer comes before its question.
        let content = cut(&content, self.columns * 2 / 3, self.sheet.ellipsis());
        let room = self.columns.saturating_sub(width(&content) + 2);
        let label = cut(label, room, self.sheet.ellipsis());
        self.bottom.push(Line::from(vec![
            Span::styled(format!("{label}: "), self.sheet.quiet()),
            Span::raw(content),
        ]));
    }

    /// The prompt of a field. Where a line is typed, it replaces the text from before.
    pub(super) fn ask_field(&mut self, label: &str, content: &str, is_filled: bool) {
        match self.by_line && is_filled {
            true => self.ask(&format!("{label} (Enter alone: {content})")),
            false => self.ask(label),
        }
    }

    /// A filled line above the word that confirms it, with its number where a line can name it.
    pub(super) fn filled_line(&mut self, at: usize, label: &str, content: &str) {
        let mark = match self.by_line {
            true => format!("line {}: ", at + 1),
            false => "  ".to_owned(),
        };
        let label = label.trim_end_matches(':');
        self.item(&mark, &format!("{label}: {content}"), Style::new());
    }

    /// Says how to go back to one of the filled lines, where no key does.
    pub(super) fn ask_which_line(&mut self) {
        if self.by_line {
            self.ask("To change a line, type its number.");
        }
    }

    /// The field that takes the keys, with its text.
    pub(super) fn field(&mut self, content: &str) {
        let content = self.sheet.show(&safe(content)).into_owned();
        let seen = tail(&content, self.columns.saturating_sub(3));
        self.bottom.push(Line::from(vec![
            Span::raw("> "),
            Span::styled(seen.to_owned(), self.sheet.typed()),
            Span::styled("_", self.sheet.chosen()),
        ]));
    }

    /// The prompt, line by line.
    pub(super) fn question(&self) -> Vec<String> {
        self.asks.clone()
    }

    /// Rows of a text that are beside a mark.
    fn wrapped(&self, text: &str, mark: &str) -> Vec<String> {
        let text = self.sheet.show(&safe(text)).into_owned();
        let columns = self.columns.min(MEASURE);
        wrap(&text, columns.saturating_sub(width(mark)), 0)
    }

    fn push(&mut self, text: &str, style: Style, bar: &str) {
        for row in self.wrapped(text, bar) {
            let row = vec![
                Span::styled(bar.to_owned(), self.sheet.quiet()),
                Span::styled(row, style),
            ];
            self.top.push(Line::from(row));
        }
    }
}

/// A digest's hexadecimal digits in two rows of groups that can be compared.
pub(super) fn hex_groups(digest: &Digest) -> Vec<String> {
    let hex = digest.to_string();
    let rows = hex.as_bytes().chunks(32).map(|row| {
        let groups: Vec<_> = row.chunks(4).map(String::from_utf8_lossy).collect();
        groups.join(" ")
    });
    rows.collect()
}

/// A digest's words in eight rows of four, one under the other.
pub(super) fn word_rows(digest: &Digest) -> Vec<String> {
    let words = digest.words();
    let rows = words.chunks(4).map(|words| {
        let words: Vec<_> = words.iter().map(|word| format!("{word:<11}")).collect();
        words.join(" ").trim_end().to_owned()
    });
    rows.collect()
}
