//! Words in large type, to be read from the back of the room.

/// Rows of a letter, and its columns.
const HEIGHT: usize = 5;
const WIDTH: usize = 5;

/// Columns from one letter to the next.
const STEP: usize = WIDTH + 1;

/// The letters A to Z, five rows of five points each; the first point is the
/// highest of the five bits.
const LETTERS: [[u8; HEIGHT]; 26] = [
    [0b01110, 0b10001, 0b11111, 0b10001, 0b10001],
    [0b11110, 0b10001, 0b11110, 0b10001, 0b11110],
    [0b01111, 0b10000, 0b10000, 0b10000, 0b01111],
    [0b11110, 0b10001, 0b10001, 0b10001, 0b11110],
    [0b11111, 0b10000, 0b11110, 0b10000, 0b11111],
    [0b11111, 0b10000, 0b11110, 0b10000, 0b10000],
    [0b01111, 0b10000, 0b10011, 0b10001, 0b01111],
    [0b10001, 0b10001, 0b11111, 0b10001, 0b10001],
    [0b01110, 0b00100, 0b00100, 0b00100, 0b01110],
    [0b00111, 0b00001, 0b00001, 0b10001, 0b01110],
    [0b10001, 0b10010, 0b11100, 0b10010, 0b10001],
    [0b10000, 0b10000, 0b10000, 0b10000, 0b11111],
    [0b10001, 0b11011, 0b10101, 0b10001, 0b10001],
    [0b10001, 0b11001, 0b10101, 0b10011, 0b10001],
    [0b01110, 0b10001, 0b10001, 0b10001, 0b01110],
    [0b11110, 0b10001, 0b11110, 0b10000, 0b10000],
    [0b01110, 0b10001, 0b10101, 0b10010, 0b01101],
    [0b11110, 0b10001, 0b11110, 0b10010, 0b10001],
    [0b01111, 0b10000, 0b01110, 0b00001, 0b11110],
    [0b11111, 0b00100, 0b00100, 0b00100, 0b00100],
    [0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
    [0b10001, 0b10001, 0b10001, 0b01010, 0b00100],
    [0b10001, 0b10001, 0b10101, 0b11011, 0b10001],
    [0b10001, 0b01010, 0b00100, 0b01010, 0b10001],
    [0b10001, 0b01010, 0b00100, 0b00100, 0b00100],
    [0b11111, 0b00010, 0b00100, 0b01000, 0b11111],
];

/// Digits and punctuation.
const MARKS: [(char, [u8; HEIGHT]); 22] = [
    ('0', [0b01110, 0b10011, 0b10101, 0b11001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b11110, 0b00001, 0b01110, 0b10000, 0b11111]),
    ('3', [0b11110, 0b00001, 0b00110, 0b00001, 0b11110]),
    ('4', [0b10010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b11110]),
    ('6', [0b01110, 0b10000, 0b11110, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b00100]),
    ('8', [0b01110, 0b10001, 0b01110, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b01111, 0b00001, 0b01110]),
    (' ', [0; HEIGHT]),
    ('.', [0, 0, 0, 0, 0b00100]),
    (',', [0, 0, 0, 0b00100, 0b01000]),
    (':', [0, 0b00100, 0, 0b00100, 0]),
    ('-', [0, 0, 0b01110, 0, 0]),
    ('?', [0b01110, 0b00001, 0b00110, 0, 0b00100]),
    ('!', [0b00100, 0b00100, 0b00100, 0, 0b00100]),
    ('/', [0b00001, 0b00010, 0b00100, 0b01000, 0b10000]),
    ('(', [0b00010, 0b00100, 0b00100, 0b00100, 0b00010]),
    (')', [0b01000, 0b00100, 0b00100, 0b00100, 0b01000]),
    ('\'', [0b00100, 0b00100, 0, 0, 0]),
    ('"', [0b01010, 0b01010, 0, 0, 0]),
];

/// The points of a character, if it has a large form.
fn points(c: char) -> Option<&'static [u8; HEIGHT]> {
    let letter = u8::try_from(c.to_ascii_uppercase()).ok()?;
    let letter = letter.checked_sub(b'A').map(usize::from);
    letter.and_then(|at| LETTERS.get(at)).or_else(|| {
        let mut marks = MARKS.iter();
        marks.find(|(mark, _)| *mark == c).map(|(_, points)| points)
    })
}

/// A sentence in so many columns, row by row; nothing where a character has no large form, or a word
/// is too long.
pub(in crate::tui) fn sentence(text: &str, columns: usize, blocks: bool) -> Option<Vec<String>> {
    let across = columns / STEP;
    let fits = text.split(' ').all(|word| word.len() <= across);
    if !fits || !text.chars().all(|c| points(c).is_some()) {
        return None;
    }
    let lines = super::words::wrap(text, across, 0);
    Some(lines.iter().flat_map(|line| rows(line, blocks)).collect())
}

/// The columns of the longest word of the list: eleven letters.
pub(in crate::tui) const LONGEST: usize = 11 * STEP;

/// The rows of a word: half as many where a row can show two points.
pub(in crate::tui) fn height(blocks: bool) -> usize {
    if blocks { HEIGHT.div_ceil(2) } else { HEIGHT }
}

/// A line, row by row. What has no large form is left out.
pub(in crate::tui) fn rows(word: &str, blocks: bool) -> Vec<String> {
    let letters: Vec<_> = word.chars().filter_map(points).collect();
    let point = |row: usize, column: usize| -> bool {
        let letter = letters.get(column / STEP);
        let bits = letter.and_then(|letter| letter.get(row));
        column % STEP < WIDTH
            && bits.is_some_and(|bits| bits >> (WIDTH - 1 - column % STEP) & 1 == 1)
    };
    let columns = letters.len() * STEP;
    let row = |at: usize| {
        (0..columns)
            .map(|column| match blocks {
                true => half_block(point(2 * at, column), point(2 * at + 1, column)),
                false if point(at, column) => '#',
                false => ' ',
            })
            .collect()
    };
    (0..height(blocks)).map(row).collect()
}

/// Two points, one above the other, in one character.
pub(in crate::tui) fn half_block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{height, rows, sentence};

    #[test]
    fn a_word_can_be_read_in_plain_characters() {
        assert_eq!(
            rows("it", false),
            [
                " ###  ##### ",
                "  #     #   ",
                "  #     #   ",
                "  #     #   ",
                " ###    #   "
            ]
        );
    }

    #[test]
    fn a_sentence_is_broken_between_its_words_and_left_alone_where_it_has_no_large_form() {
        let rows = sentence("Take it out, 3.", 60, true).unwrap();
        assert_eq!(rows.len(), 2 * height(true));
        assert_eq!(sentence("Tschüss", 60, true), None);
        assert_eq!(sentence("Unzerbrechlich", 60, true), None);
    }

    #[test]
    fn every_word_of_the_list_fits_its_columns() {
        for byte in 0..=255_u8 {
            for blocks in [true, false] {
                for word in keymoot_core::digest::Digest::of(&[byte]).words() {
                    let rows = rows(word, blocks);
                    assert_eq!(rows.len(), height(blocks));
                    assert!(rows.iter().all(|row| row.chars().count() <= super::LONGEST));
                }
            }
        }
    }
}
