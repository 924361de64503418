//! A keyboard before the screens of a story.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};

use super::{contrast, story::Story};
use crate::{
    driver::Interrupt,
    tui::{
        full_screen::draw::draw,
        link::{Heard, Request},
        model::{Act, Model, Now},
        page::{layout::Size, style::Sheet},
    },
};
use keymoot_record::transcript::Mode;

/// The screens of a story, at a size.
pub(super) struct Table {
    pub model: Model,
    size: (u16, u16),
    acts: Vec<Act>,
    pub now: Instant,
}

pub(super) const PLAIN: Sheet = Sheet {
    colour: false,
    unicode: true,
    blocks: true,
    console: false,
};

impl Table {
    /// The screens of this story, on an 80×24 terminal.
    pub(super) fn of(story: &Story) -> Self {
        Self::sized(story, (80, 24), PLAIN)
    }

    /// The screens of this story in a live ceremony.
    pub(super) fn live(story: &Story) -> Self {
        let model = Model::new(Mode::Live, "The first root".to_owned(), PLAIN, false);
        Self::with(model, story, (80, 24))
    }

    pub(super) fn sized(story: &Story, size: (u16, u16), sheet: Sheet) -> Self {
        let model = Model::new(Mode::Rehearsal, "The first root".to_owned(), sheet, true);
        Self::with(model, story, size)
    }

    fn with(mut model: Model, story: &Story, size: (u16, u16)) -> Self {
        model.tick(Now {
            utc: 1_790_000_000 + 3_600,
            up: 100,
        });
        let mut table = Self {
            model,
            size,
            acts: Vec::new(),
            now: Instant::now(),
        };
        table.request(Request::Show(Box::new(story.view())));
        table
    }

    /// The screens of this story at its question.
    pub(super) fn asked(story: &Story) -> Self {
        let mut table = Self::of(story);
        table.request(Request::Ask(story.question(), None));
        table
    }

    /// A request of the driver.
    pub(super) fn request(&mut self, request: Request) -> &mut Self {
        let acts = self.model.request(request);
        self.acts.extend(acts);
        self.lay_out();
        self
    }

    fn lay_out(&mut self) {
        self.model.lay_out(Size {
            columns: self.size.0,
            rows: self.size.1,
        });
    }

    /// A key is pressed.
    pub(super) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.strike(KeyEvent::new(code, KeyModifiers::NONE))
    }

    /// A document of a few dozen pages is read page by page to its end.
    pub(super) fn read_on(&mut self) -> &mut Self {
        for _ in 0..40 {
            self.press(KeyCode::PageDown);
        }
        self
    }

    /// A key is pressed together with Ctrl.
    pub(super) fn control(&mut self, c: char) -> &mut Self {
        self.strike(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
    }

    /// A key is pressed.
    pub(super) fn strike(&mut self, key: KeyEvent) -> &mut Self {
        self.burst(key).lay_out();
        self
    }

    /// A key is pressed, and the next comes before the screen is laid out again.
    pub(super) fn burst(&mut self, key: KeyEvent) -> &mut Self {
        self.model.shown(self.now);
        let acts = self.model.key(&key, self.now);
        self.acts.extend(acts);
        self
    }

    /// A line is typed, and Enter.
    pub(super) fn enter(&mut self, line: &str) -> &mut Self {
        self.keys(line).press(KeyCode::Enter)
    }

    /// Characters are typed.
    pub(super) fn keys(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
        self
    }

    /// The acts since the last call.
    pub(super) fn acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// The one answer that the driver got.
    pub(super) fn heard(&mut self) -> Heard {
        let mut acts = self.acts();
        assert_eq!(acts.len(), 1, "one act");
        match acts.pop() {
            Some(Act::Tell(heard)) => heard,
            _ => panic!("the driver was not told"),
        }
    }

    /// The interruption that the driver got.
    pub(super) fn interrupt(&mut self) -> Interrupt {
        match self.heard() {
            Heard::Interrupt(interrupt) => interrupt,
            _ => panic!("no interruption"),
        }
    }

    /// Whether nothing was done.
    pub(super) fn nothing_happened(&mut self) -> bool {
        self.acts().is_empty()
    }

    /// The screen as it is seen.
    pub(super) fn picture(&mut self) -> String {
        for colour in [true, false] {
            let console = Sheet {
                colour,
                console: true,
                ..self.model.sheet
            };
            contrast::demand(self.drawn(console).buffer());
        }
        self.drawn(self.model.sheet).to_string()
    }

    /// The screen in a style.
    fn drawn(&mut self, sheet: Sheet) -> TestBackend {
        let own = std::mem::replace(&mut self.model.sheet, sheet);
        self.lay_out();
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| draw(frame, &self.model)).unwrap();
        self.model.sheet = own;
        terminal.backend().clone()
    }

    /// Whether the main pane says this, across breaks of rows.
    pub(super) fn says(&mut self, what: &str) -> bool {
        self.lay_out();
        let page = &self.model.page;
        let upper = (0..page.rows()).filter_map(|at| page.row(at));
        let rows: Vec<_> = upper
            .chain(&page.bottom)
            .map(|line| line.to_string().trim().to_owned())
            .collect();
        rows.join(" ").contains(what)
    }

    /// The terminal is resized.
    pub(super) fn resize(&mut self, size: (u16, u16)) -> &mut Self {
        self.size = size;
        self.lay_out();
        self
    }
}
