//! QR codes of characters: of a digest, so that each holder can compare it on a device of their
//! own, and of the frames of an answer.

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits};
use ratatui::{
    style::Modifier,
    text::{Line, Span},
};

use super::{Page, large::half_block, style::Sheet};
use keymoot_core::digest::Digest;

/// The least margin that cameras were found to need, in modules. The standard
/// (ISO/IEC 18004) asks for four, which are given where there is room.
const LEAST_MARGIN: usize = 1;
const MARGIN: usize = 4;

/// The largest version that is shown (ISO/IEC 18004: 97 modules a side). A larger one is hard to
/// photograph.
const LARGEST: i16 = 20;

/// A code, and how it is drawn here.
pub(in crate::tui) struct Code {
    /// The rows that show it.
    pub rows: Vec<Line<'static>>,
    /// The columns that it takes.
    pub columns: usize,
}

impl Code {
    /// Puts the code onto a page, and a text to its right.
    pub(in crate::tui) fn put(self, page: &mut Page, text: Vec<Line<'static>>) {
        let mut text = text.into_iter();
        for row in self.rows {
            let mut spans = row.spans;
            for span in &mut spans {
                span.style = row.style.patch(span.style);
            }
            let taken: usize = spans.iter().map(Span::width).sum();
            spans.push(Span::raw(
                " ".repeat(self.columns.saturating_sub(taken) + 1),
            ));
            spans.extend(text.next().map(|line| line.spans).unwrap_or_default());
            page.line(Line::from(spans));
        }
        text.for_each(|line| page.line(line));
    }
}

/// The code of a digest's 64 hexadecimal digits, in capitals, which make the
/// smallest code. `None` where it cannot be shown in so many rows.
pub(in crate::tui) fn code(
    digest: &Digest,
    sheet: Sheet,
    rows: usize,
    columns: usize,
) -> Option<Code> {
    let text = digest.to_string().to_uppercase();
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    drawn(&code, sheet, rows, columns)
}

/// The code of a text in this version.
pub(in crate::tui) fn of_version(
    text: &str,
    version: i16,
    sheet: Sheet,
    (rows, columns): (usize, usize),
) -> Option<Code> {
    let code = QrCode::with_version(text, Version::Normal(version), EcLevel::L).ok()?;
    drawn(&code, sheet, rows, columns)
}

/// Whether a code of this version holds a text.
pub(in crate::tui) fn holds(version: i16, text: &str) -> bool {
    let mut bits = Bits::new(Version::Normal(version));
    let pushed = bits.push_optimal_data(text.as_bytes());
    pushed
        .and_then(|()| bits.push_terminator(EcLevel::L))
        .is_ok()
}

/// The versions that can be shown in so many rows and columns, the smallest first.
pub(in crate::tui) fn versions(
    sheet: Sheet,
    rows: usize,
    columns: usize,
) -> impl Iterator<Item = i16> {
    (1..=LARGEST).filter(move |version| {
        let width = usize::try_from(Version::Normal(*version).width());
        width.is_ok_and(|width| margin(width, sheet, rows, columns).is_some())
    })
}

/// The margin above and below a code of so many modules, if it can be shown.
fn margin(width: usize, sheet: Sheet, rows: usize, columns: usize) -> Option<usize> {
    (LEAST_MARGIN..=MARGIN).rev().find(|margin| {
        let side = width + 2 * margin;
        match sheet.blocks {
            // The margin at the sides is always whole: only rows are scarce.
            true => side.div_ceil(2) <= rows && width + 2 * MARGIN <= columns,
            // Two spaces make a module that is about as wide as it is high.
            false => side <= rows && 2 * side <= columns,
        }
    })
}

fn drawn(code: &QrCode, sheet: Sheet, rows: usize, columns: usize) -> Option<Code> {
    let width = code.width();
    let margin = margin(width, sheet, rows, columns)?;
    let modules = code.to_colors();
    let dark = |row: usize, column: usize, margin: usize| -> bool {
        let inside = |at: usize| at.checked_sub(margin).filter(|at| *at < width);
        match (inside(row), inside(column)) {
            (Some(row), Some(column)) => modules.get(row * width + column) == Some(&Color::Dark),
            _ => false,
        }
    };
    if sheet.blocks {
        let (across, down) = (width + 2 * MARGIN, (width + 2 * margin).div_ceil(2));
        let line = |row: usize| {
            let cells = (0..across).map(|column| {
                let column = (column + margin).checked_sub(MARGIN);
                let is = |row| column.is_some_and(|column| dark(row, column, margin));
                let (upper, lower) = (is(2 * row), is(2 * row + 1));
                // Without colours, light modules are drawn, on a terminal that is dark.
                match sheet.colour {
                    true => half_block(upper, lower),
                    false => half_block(!upper, !lower),
                }
            });
            Line::styled(cells.collect::<String>(), sheet.code())
        };
        return Some(Code {
            rows: (0..down).map(line).collect(),
            columns: across,
        });
    }
    let across = width + 2 * margin;
    let light = match sheet.colour {
        true => sheet.code(),
        false => sheet.code().add_modifier(Modifier::REVERSED),
    };
    let shade = match sheet.colour {
        true => sheet.code().add_modifier(Modifier::REVERSED),
        false => sheet.code(),
    };
    let line = |row: usize| {
        let cells = (0..across).map(|column| {
            let style = if dark(row, column, margin) {
                shade
            } else {
                light
            };
            Span::styled("  ", style)
        });
        Line::from_iter(cells)
    };
    Some(Code {
        rows: (0..across).map(line).collect(),
        columns: 2 * across,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ratatui::style::{Color, Modifier};

    use super::{Code, code};
    use crate::tui::page::style::Sheet;
    use keymoot_core::digest::Digest;

    const SHEETS: [(bool, bool); 4] = [(true, true), (false, true), (true, false), (false, false)];

    /// What a camera sees: light and dark points, two across for each down.
    fn seen(code: &Code, sheet: Sheet) -> Vec<Vec<bool>> {
        let mut points = Vec::new();
        for line in &code.rows {
            let (mut upper, mut lower) = (Vec::new(), Vec::new());
            for span in &line.spans {
                let style = line.style.patch(span.style);
                let reversed = style.add_modifier.contains(Modifier::REVERSED);
                // A terminal is light on dark where no colours are given.
                let on_dark = style.bg != Some(Color::White);
                for c in span.content.chars() {
                    let (top, bottom) = match c {
                        '█' => (true, true),
                        '▀' => (true, false),
                        '▄' => (false, true),
                        _ => (false, false),
                    };
                    let light = |drawn: bool| drawn == (on_dark != reversed);
                    upper.push(light(top));
                    lower.push(light(bottom));
                }
            }
            match sheet.blocks {
                true => points.extend([upper, lower]),
                false => points.push(upper.into_iter().step_by(2).collect()),
            }
        }
        points
    }

    fn scanned(points: &[Vec<bool>]) -> String {
        const SCALE: usize = 4;
        let (rows, columns) = (points.len(), points[0].len());
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(columns * SCALE, rows * SCALE, |x, y| {
                if points[y / SCALE][x / SCALE] { 255 } else { 0 }
            });
        let grids = image.detect_grids();
        grids[0].decode().unwrap().1
    }

    #[test]
    fn every_code_that_is_shown_can_be_scanned() {
        let digest = Digest::of(b"root");
        for (colour, blocks) in SHEETS {
            for rows in [17, 19, 33, 37, 60] {
                let sheet = Sheet {
                    colour,
                    unicode: blocks,
                    blocks,
                    console: false,
                };
                let shown = code(&digest, sheet, rows, 100);
                assert_eq!(shown.is_some(), blocks || rows > 30);
                if let Some(shown) = shown {
                    assert!(shown.rows.len() <= rows);
                    let scanned = scanned(&seen(&shown, sheet));
                    assert_eq!(scanned, digest.to_string().to_uppercase());
                }
            }
        }
    }
}
