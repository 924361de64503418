//! A screen: its text without the parts that differ from run to run, and as a
//! picture.

use std::{fmt::Write as _, num::NonZeroU16};

use super::steady::steady;

/// A character's place, in units of the picture.
const ACROSS: usize = 9;
pub(super) const DOWN: usize = 18;
/// Room around the screen.
pub(super) const EDGE: usize = 10;

/// A character and how it is shown.
#[derive(Clone, PartialEq)]
pub(super) struct Cell {
    shown: char,
    ink: Colour,
    paper: Colour,
    bold: bool,
}

pub(super) type Colour = (u8, u8, u8);

pub(super) const PAPER: Colour = (0x16, 0x18, 0x1d);
const INK: Colour = (0xd8, 0xda, 0xde);

/// A screen.
#[derive(Clone)]
pub struct Frame {
    rows: Vec<Vec<Cell>>,
    coloured: bool,
}

/// The replacement of a part that differs from run to run, of the same width.
const SHAPES: [(&str, &str); 7] = [
    ("0000-00-00 00:00:00 UTC", "2027-03-14 09:26:53 UTC"),
    ("0000-00-00T00:00:00Z", "2028-06-11T09:26:53Z"),
    ("waiting 0:00", "waiting 0:07"),
    ("0:00 left to touch", "0:08 left to touch"),
    ("at work 0:00", "at work 0:01"),
    ("for 0:00", "for 0:42"),
    ("ends about 00:00", "ends about 13:10"),
];

/// Instead of the last characters of an age recipient.
const RECIPIENT: &str = "7qsxan4x";

impl Frame {
    /// What a terminal of so many columns and rows shows after these bytes.
    pub fn of_bytes(bytes: &[u8], (columns, rows): (u16, u16)) -> Self {
        let count = |count| NonZeroU16::new(count).unwrap();
        let mut parser = vt100::Parser::new(count(rows), count(columns), 0);
        parser.process(bytes);
        Self::of(parser.screen())
    }

    /// The width and the height of a picture of so many columns and rows.
    pub(super) fn extent(columns: u16, rows: u16) -> (usize, usize) {
        let width = usize::from(columns) * ACROSS + 2 * EDGE;
        (width, usize::from(rows) * DOWN + 2 * EDGE)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// The screen of an emulator.
    pub fn of(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let mut coloured = false;
        let rows = (0..rows.get()).map(|row| {
            let cells = (0..columns.get()).filter_map(|column| {
                let cell = screen.cell(row, column)?;
                if cell.is_wide_continuation() {
                    return None;
                }
                coloured |= cell.fgcolor() != vt100::Color::Default
                    || cell.bgcolor() != vt100::Color::Default;
                let ink = colour(cell.fgcolor(), INK);
                let paper = colour(cell.bgcolor(), PAPER);
                let (ink, paper) = match cell.inverse() {
                    true => (paper, ink),
                    false => (ink, paper),
                };
                Some(Cell {
                    shown: cell.contents().chars().next().unwrap_or(' '),
                    ink,
                    paper,
                    bold: cell.bold(),
                })
            });
            cells.collect()
        });
        let mut frame = Self {
            rows: rows.collect(),
            coloured,
        };
        frame.calm();
        frame
    }

    /// Whether any colour is shown.
    pub fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// Replaces the parts that differ from run to run.
    fn calm(&mut self) {
        for row in &mut self.rows {
            let text: String = row.iter().map(|cell| cell.shown).collect();
            let shape: String = text
                .chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect();
            for (wanted, instead) in SHAPES {
                if let Some(at) = shape.find(wanted) {
                    put(row, shape[..at].chars().count(), instead);
                }
            }
            // The end of a recipient, which is another one in each rehearsal.
            if let Some((before, after)) = text.split_once("ends in ")
                && after.find('.') == Some(RECIPIENT.len())
            {
                put(row, before.chars().count() + "ends in ".len(), RECIPIENT);
            }
            // Minutes spent, in the second row and in the list of steps.
            let chars: Vec<char> = text.chars().collect();
            for (at, rest) in (0..).zip(chars.windows(5)) {
                if rest[0].is_ascii_digit() && rest[1..] == [' ', 'o', 'f', ' '] {
                    let whole = chars[at + 5..].iter().skip_while(|c| c.is_ascii_digit());
                    // A word of a digest may begin like it ("minnow").
                    if whole.take(4).eq(&[' ', 'm', 'i', 'n']) {
                        put(row, at, "0");
                    }
                }
            }
            if text.starts_with("transcript: ") {
                let words = "transcript: ratchet Babylon suspense stupendous";
                put(row, 0, words);
                let rest = row.iter_mut().skip(words.len());
                rest.for_each(|cell| cell.shown = ' ');
            }
        }
    }

    /// The screen as a camera sees it, but sharp and straight: columns, rows, and the brightness of
    /// each pixel, row by row. A letter is a bar.
    pub fn pixels(&self) -> (usize, usize, Vec<u8>) {
        let columns = self.rows.first().map_or(0, Vec::len) * ACROSS;
        let mut pixels = Vec::with_capacity(columns * self.rows.len() * DOWN);
        for row in &self.rows {
            for y in 0..DOWN {
                for cell in row {
                    let inked = |x: usize| match cell.shown {
                        '█' => true,
                        '▀' => y < DOWN / 2,
                        '▄' => y >= DOWN / 2,
                        ' ' => false,
                        _ => (2..4).contains(&x) && (4..14).contains(&y),
                    };
                    let pixel = |x| brightness(if inked(x) { cell.ink } else { cell.paper });
                    pixels.extend((0..ACROSS).map(pixel));
                }
            }
        }
        (columns, self.rows.len() * DOWN, pixels)
    }

    /// Its text; digests and paths are replaced.
    pub fn text(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let row: Vec<char> = row.iter().map(|cell| cell.shown).collect();
            let parted = divider(row.len()).filter(|at| matches!(row[*at], '│' | '|'));
            steady(&row, parted).trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// The picture. Rows in `varying` differ from run to run and are marked as such.
    pub fn svg(&self, about: &str, varying: &std::ops::Range<usize>) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = columns * ACROSS + 2 * EDGE;
        let height = self.rows.len() * DOWN + 2 * EDGE;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
             <title>{about}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
             <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n",
            hex(PAPER)
        );
        for (at, row) in self.rows.iter().enumerate() {
            let mark = match varying.contains(&at) {
                true => " class=\"varying\"",
                false => "",
            };
            let _ = writeln!(svg, "<g{mark}>{}</g>", drawn(row, at));
        }
        svg.push_str("</g>\n</svg>\n");
        svg
    }
}

/// The column between the panes, on a wide screen and on others.
pub(super) fn divider(columns: usize) -> Option<usize> {
    let side = if columns >= 110 { 42 } else { 28 };
    columns.checked_sub(side)
}

/// Whether two pictures are the same, except for rows that differ from run to run.
pub fn same_picture(one: &str, other: &str) -> bool {
    let steady = |svg: &str| -> Vec<String> {
        let lines = svg.lines().filter(|line| !line.contains("varying"));
        lines.map(str::to_owned).collect()
    };
    steady(one) == steady(other)
}

fn put(row: &mut [Cell], at: usize, text: &str) {
    for (cell, c) in row.iter_mut().skip(at).zip(text.chars()) {
        cell.shown = c;
    }
}

/// A row: runs of characters that are shown alike.
pub(super) fn drawn(row: &[Cell], at: usize) -> String {
    let mut svg = String::new();
    let top = EDGE + at * DOWN;
    let mut from = 0;
    for run in row.chunk_by(|a, b| (a.ink, a.paper, a.bold) == (b.ink, b.paper, b.bold)) {
        let left = EDGE + from * ACROSS;
        let wide = run.len() * ACROSS;
        let first = &run[0];
        if first.paper != PAPER {
            let _ = write!(
                svg,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{DOWN}\" fill=\"{}\"/>",
                hex(first.paper)
            );
        }
        for (place, cell) in run.iter().enumerate() {
            let half = match cell.shown {
                '█' => (0, DOWN),
                '▀' => (0, DOWN / 2),
                '▄' => (DOWN / 2, DOWN / 2),
                _ => continue,
            };
            let _ = write!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{ACROSS}\" height=\"{}\" fill=\"{}\"/>",
                left + place * ACROSS,
                top + half.0,
                half.1,
                hex(first.ink)
            );
        }
        let text: String = run
            .iter()
            .map(|cell| match cell.shown {
                '█' | '▀' | '▄' => ' ',
                c => c,
            })
            .collect();
        if !text.trim().is_empty() {
            let kept = text.trim_end();
            let bold = if first.bold {
                " font-weight=\"bold\""
            } else {
                ""
            };
            let _ = write!(
                svg,
                "<text x=\"{left}\" y=\"{}\" fill=\"{}\"{bold} textLength=\"{}\">{}</text>",
                top + 14,
                hex(first.ink),
                kept.chars().count() * ACROSS,
                escaped(kept)
            );
        }
        from += run.len();
    }
    svg
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        // Leading spaces stay, even where SVG collapses white space.
        .replace(' ', "\u{a0}")
}

/// The mean of the three parts of a colour.
fn brightness((red, green, blue): Colour) -> u8 {
    let sum = u16::from(red) + u16::from(green) + u16::from(blue);
    u8::try_from(sum / 3).unwrap_or(u8::MAX)
}

pub(super) fn hex((red, green, blue): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The sixteen colours of a console, as the Linux console has them but softer.
fn colour(colour: vt100::Color, default: Colour) -> Colour {
    const SIXTEEN: [Colour; 16] = [
        (0x16, 0x18, 0x1d),
        (0xc0, 0x39, 0x2b),
        (0x3f, 0xa3, 0x4d),
        (0xd7, 0xa0, 0x21),
        (0x3b, 0x6f, 0xc9),
        (0xa3, 0x4b, 0xb3),
        (0x2a, 0xa1, 0xa8),
        (0xd8, 0xda, 0xde),
        (0x7d, 0x82, 0x8c),
        (0xf0, 0x6a, 0x5d),
        (0x6f, 0xd0, 0x7c),
        (0xf2, 0xc9, 0x4c),
        (0x6c, 0x9c, 0xf0),
        (0xcf, 0x7f, 0xdf),
        (0x5f, 0xd3, 0xda),
        (0xff, 0xff, 0xff),
    ];
    match colour {
        vt100::Color::Idx(index) => *SIXTEEN.get(usize::from(index)).unwrap_or(&default),
        vt100::Color::Rgb(red, green, blue) => (red, green, blue),
        vt100::Color::Default => default,
    }
}
