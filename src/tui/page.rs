//! What a screen says in the main pane, row by row: above, what there is to know;
//! below, where somebody types. The upper part is scrolled when it is too long.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    style::Sheet,
    words::{cut, safe, tail, width, wrap},
};

/// The rows of a main pane of a certain width.
pub(super) struct Page {
    columns: usize,
    pub sheet: Sheet,
    /// What there is to know.
    pub top: Vec<Line<'static>>,
    /// Where somebody types.
    pub bottom: Vec<Line<'static>>,
    /// The row of the upper part that must be seen.
    pub focus: Option<usize>,
    /// The keys that work here, besides those that work everywhere.
    pub keys: String,
}

impl Page {
    /// An empty page of so many columns.
    pub fn new(columns: usize, sheet: Sheet) -> Self {
        Self {
            columns,
            sheet,
            top: Vec::new(),
            bottom: Vec::new(),
            focus: None,
            keys: String::new(),
        }
    }

    /// Who does the one thing to do now.
    pub fn who(&mut self, who: &str) {
        self.push(who, self.sheet.who(), "");
    }

    /// The one thing to do now.
    pub fn headline(&mut self, headline: &str) {
        self.push(headline, self.sheet.headline(), "");
    }

    /// Words to read aloud.
    pub fn aloud(&mut self, words: &str) {
        self.gap();
        self.push("Read aloud:", self.sheet.quiet(), "");
        let bar = format!("{} ", self.sheet.vertical());
        self.push(words, self.sheet.aloud(), &bar);
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        self.push(text, Style::new(), "");
    }

    /// A paragraph in a style, each row after `mark` or an indent of its width.
    pub fn item(&mut self, mark: &str, text: &str, style: Style) {
        let indent = " ".repeat(width(mark));
        let rows = self.rows(text, mark);
        for (at, row) in rows.into_iter().enumerate() {
            let mark = if at == 0 {
                mark.to_owned()
            } else {
                indent.clone()
            };
            self.top.push(Line::styled(mark + &row, style));
        }
    }

    /// A row of a document: continued rows are indented.
    pub fn document(&mut self, line: &str) {
        let line = self.sheet.show(&safe(line)).into_owned();
        self.top
            .extend(wrap(&line, self.columns, 4).into_iter().map(Line::raw));
    }

    /// Something was refused or went wrong, and what to do next.
    pub fn alarm(&mut self, what: &str, next: Option<&str>) {
        self.item("! ", what, self.sheet.alarm());
        if let Some(next) = next.filter(|next| !next.is_empty()) {
            self.item("next: ", next, self.sheet.notice());
        }
    }

    /// An empty row, unless one stands there already.
    pub fn gap(&mut self) {
        if self.top.last().is_some_and(|line| line.width() > 0) {
            self.top.push(Line::default());
        }
    }

    /// A row of a list; the chosen one is marked and kept in sight.
    pub fn choice(&mut self, text: &str, chosen: bool) {
        let mark = if chosen { "> " } else { "  " };
        let text = self.sheet.show(&safe(text)).into_owned();
        let text = cut(&text, self.columns.saturating_sub(2), self.sheet.ellipsis());
        let style = if chosen {
            self.focus = Some(self.top.len());
            self.sheet.chosen()
        } else {
            Style::new()
        };
        self.top.push(Line::styled(format!("{mark}{text}"), style));
    }

    /// Why what was typed is no answer.
    pub fn refusal(&mut self, refusal: Option<&str>) {
        if let Some(refusal) = refusal {
            let style = self.sheet.alarm();
            let rows = self.rows(refusal, "! ");
            for (at, row) in rows.into_iter().enumerate() {
                let mark = if at == 0 { "! " } else { "  " };
                self.bottom
                    .push(Line::styled(format!("{mark}{row}"), style));
            }
        }
    }

    /// What is to be typed.
    pub fn ask(&mut self, what: &str) {
        let rows = self.rows(what, "");
        self.bottom.extend(
            rows.into_iter()
                .map(|row| Line::styled(row, self.sheet.headline())),
        );
    }

    /// A field and what stands in it. Only the one that takes the keys has a cursor.
    pub fn field(&mut self, content: &str, takes_keys: bool) {
        let content = self.sheet.show(&safe(content)).into_owned();
        let seen = tail(&content, self.columns.saturating_sub(3));
        let mut spans = vec![
            Span::raw("> "),
            Span::styled(seen.to_owned(), self.sheet.typed()),
        ];
        if takes_keys {
            spans.push(Span::styled("_", self.sheet.chosen()));
        }
        self.bottom.push(Line::from(spans));
    }

    /// Rows of a text that stand beside a mark.
    fn rows(&self, text: &str, mark: &str) -> Vec<String> {
        let text = self.sheet.show(&safe(text)).into_owned();
        wrap(&text, self.columns.saturating_sub(width(mark)), 0)
    }

    fn push(&mut self, text: &str, style: Style, bar: &str) {
        for row in self.rows(text, bar) {
            let row = vec![
                Span::styled(bar.to_owned(), self.sheet.quiet()),
                Span::styled(row, style),
            ];
            self.top.push(Line::from(row));
        }
    }
}
