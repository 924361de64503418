//! Every cell of every picture can be read on a Linux console: the contrast of its text is that of
//! WCAG 2.2, criterion 1.4.3, in the console's own 16 colours.

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

/// What the console shows, 0 to 15, as the kernel has them (`default_red` and others in
/// drivers/tty/vt/vt.c), in the order of the numbers in escape sequences.
const COLOURS: [[u8; 3]; 16] = [
    [0x00, 0x00, 0x00],
    [0xaa, 0x00, 0x00],
    [0x00, 0xaa, 0x00],
    [0xaa, 0x55, 0x00],
    [0x00, 0x00, 0xaa],
    [0xaa, 0x00, 0xaa],
    [0x00, 0xaa, 0xaa],
    [0xaa, 0xaa, 0xaa],
    [0x55, 0x55, 0x55],
    [0xff, 0x55, 0x55],
    [0x55, 0xff, 0x55],
    [0xff, 0xff, 0x55],
    [0x55, 0x55, 0xff],
    [0xff, 0x55, 0xff],
    [0x55, 0xff, 0xff],
    [0xff, 0xff, 0xff],
];

const ENOUGH: f64 = 4.5;

/// The number of a colour, or `otherwise` for the terminal's own.
fn number(colour: Color, otherwise: usize) -> usize {
    match colour {
        Color::Reset => otherwise,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        other => panic!("the console has no {other:?}"),
    }
}

/// Text and ground of a cell as the console shows them (`rgb_foreground`, `rgb_background` and
/// `build_attr` there): a colour sets the brightness that bold had set, and reversing exchanges
/// the colours without their brightness.
fn shown(cell: &Cell) -> (usize, usize) {
    let bright = match cell.fg {
        Color::Reset => cell.modifier.contains(Modifier::BOLD),
        colour => number(colour, 7) > 7,
    };
    let (text, ground) = (number(cell.fg, 7) % 8, number(cell.bg, 0) % 8);
    let (text, ground) = match cell.modifier.contains(Modifier::REVERSED) {
        true => (ground, text),
        false => (text, ground),
    };
    (text + if bright { 8 } else { 0 }, ground)
}

fn luminance(colour: usize) -> f64 {
    let linear = |value: u8| match f64::from(value) / 255.0 {
        low if low <= 0.04045 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    };
    let [red, green, blue] = COLOURS[colour].map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(cell: &Cell) -> f64 {
    let (text, ground) = shown(cell);
    let (one, other) = (luminance(text) + 0.05, luminance(ground) + 0.05);
    one.max(other) / one.min(other)
}

/// Fails where a cell of a picture cannot be read.
pub(super) fn demand(picture: &Buffer) {
    for cell in picture.content().iter().filter(|cell| cell.symbol() != " ") {
        assert!(!cell.modifier.contains(Modifier::DIM), "dim: {cell:?}");
        // Where they differ, the text after this cell is bright or dark by accident.
        let bold = cell.modifier.contains(Modifier::BOLD);
        let bright = number(cell.fg, if bold { 15 } else { 7 }) > 7;
        assert_eq!(bold, bright, "bold or its colour is bright: {cell:?}");
        let contrast = contrast(cell);
        assert!(contrast >= ENOUGH, "{contrast:.1} is too little: {cell:?}");
    }
}

#[test]
fn dark_grey_on_black_and_bold_reversed_text_are_too_little() {
    let mut cell = Cell::new("x");
    cell.fg = Color::DarkGray;
    assert!(contrast(&cell) < ENOUGH);
    let mut cell = Cell::new("x");
    cell.modifier = Modifier::BOLD | Modifier::REVERSED;
    assert!(contrast(&cell) < ENOUGH);
    cell.modifier = Modifier::REVERSED;
    assert!(contrast(&cell) > ENOUGH);
}
