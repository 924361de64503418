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

/// The columns of the longest word of the list: eleven letters.
pub(super) const LONGEST: usize = 11 * STEP;

/// The rows of a word: half as many where a row can show two points.
pub(super) fn height(blocks: bool) -> usize {
    if blocks { HEIGHT.div_ceil(2) } else { HEIGHT }
}

/// A word, row by row. What is no letter of the alphabet is left out.
pub(super) fn rows(word: &str, blocks: bool) -> Vec<String> {
    let letters: Vec<_> = word
        .bytes()
        .filter_map(|byte| {
            let at = byte.to_ascii_uppercase().checked_sub(b'A')?;
            LETTERS.get(usize::from(at))
        })
        .collect();
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
pub(super) fn half_block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::{height, rows};

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
