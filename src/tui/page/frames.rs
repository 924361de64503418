//! A file as QR codes, one after the other, for a camera: an answer, or what is sealed to a holder.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{style::Style, text::Line};

use super::{
    Page,
    layout::{self, Panes, Size},
    qr,
    style::Sheet,
};
use crate::frames;

/// The columns that are beside a code.
const BESIDE: usize = 17;

/// A file, and its frames for a terminal of one size.
pub(in crate::tui) struct Frames {
    file: Arc<[u8]>,
    /// The frames for the last size; another size makes others.
    made: RefCell<Option<(Size, Option<Rc<Series>>)>>,
}

/// The frames of a file.
struct Series {
    /// All codes have one version (ISO/IEC 18004), so that they are of one size.
    version: i16,
    parts: Vec<String>,
}

impl Frames {
    /// The codes of this file.
    pub(in crate::tui) fn of(file: Arc<[u8]>) -> Self {
        let made = RefCell::default();
        Self { file, made }
    }

    /// How many codes a terminal of this size shows; `None` where there would be too many.
    pub(in crate::tui) fn count(&self, sheet: Sheet, size: Size) -> Option<usize> {
        self.series(sheet, size).map(|series| series.parts.len())
    }

    fn series(&self, sheet: Sheet, size: Size) -> Option<Rc<Series>> {
        let mut made = self.made.borrow_mut();
        match &*made {
            Some((of, series)) if *of == size => series.clone(),
            _ => {
                let (rows, columns) = room(size);
                let versions: Vec<_> = qr::versions(sheet, rows, columns).collect();
                let parts = versions.last().and_then(|largest| {
                    frames::parts(&self.file, |text| qr::holds(*largest, text))
                });
                let series = parts.and_then(|parts| {
                    let holds = |version: &i16| parts.iter().all(|text| qr::holds(*version, text));
                    let version = versions.into_iter().find(holds)?;
                    Some(Rc::new(Series { version, parts }))
                });
                *made = Some((size, series.clone()));
                series
            }
        }
    }
}

/// The rows and columns of a code on a terminal of this size.
fn room(size: Size) -> (usize, usize) {
    let columns = layout::main_columns(size, Panes::Bare);
    (
        layout::pane_rows(size, Panes::Bare),
        columns.saturating_sub(BESIDE + 1),
    )
}

/// Which frame is shown, from 0.
#[derive(Debug, Default)]
pub(in crate::tui) struct Shown {
    at: usize,
    /// The last frame, as it was last shown: it depends on the terminal's size.
    last: Cell<usize>,
}

impl Shown {
    /// Takes a key.
    pub(in crate::tui) fn key(&mut self, key: &KeyEvent) {
        let last = self.last.get();
        let at = self.at.min(last);
        self.at = match key.code {
            KeyCode::Right | KeyCode::Char(' ') | KeyCode::Enter => (at + 1).min(last),
            KeyCode::Left | KeyCode::Backspace => at.saturating_sub(1),
            _ => at,
        };
    }

    /// Shows it.
    pub(in crate::tui) fn page(&self, page: &mut Page, codes: Option<&Frames>) {
        let sheet = page.sheet;
        let series = codes.and_then(|codes| codes.series(sheet, page.size));
        let shown = series.and_then(|series| {
            let count = series.parts.len();
            self.last.set(count.saturating_sub(1));
            let at = self.at.min(self.last.get());
            let code = qr::of_version(
                series.parts.get(at)?,
                series.version,
                sheet,
                room(page.size),
            )?;
            Some((code, at + 1, count))
        });
        let Some((code, number, count)) = shown else {
            page.text("This terminal is too small for the codes of this file. Make it larger, or take the file itself.");
            return;
        };
        page.keys = "Right Left another frame".to_owned();
        let plain = |text: &str| Line::styled(text.to_owned(), Style::new());
        let mut text = vec![
            Line::styled(format!("Frame {number} of {count}"), sheet.headline()),
            Line::default(),
            plain("Photograph each,"),
            plain("in any order."),
        ];
        if number == count {
            text.extend([Line::default(), plain("It is the last.")]);
        }
        code.put(page, text);
    }
}
