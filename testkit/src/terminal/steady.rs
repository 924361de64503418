//! Replaces what differs from run to run in a row of a screen, such as
//! digests in every form, and paths, by a constant of the same form.

use std::{collections::HashSet, sync::LazyLock};

use keymoot_core::digest::Digest;

/// Hexadecimal digits in one run that belong to a digest or a name.
const DIGITS: usize = 16;
/// The columns of the label before what is displayed once.
const LABEL: usize = 16;
/// Words of the list in one row that belong to a digest.
const WORDS: usize = 3;

/// The words in which digests are read aloud.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    // Every word comes up many times over.
    (0..1_000_u32)
        .flat_map(|n| Digest::of(&n.to_be_bytes()).words())
        .collect()
});

/// A row whose panes are divided at this column, if there are two.
pub(super) fn steady(row: &[char], parted: Option<usize>) -> String {
    if is_drawn_in_points(row) {
        return "<points>".to_owned();
    }
    let (left, right) = row.split_at(parted.unwrap_or(row.len()));
    let right: String = right.iter().collect();
    let left = without_rows(without_words(without_path(without_digits(left.to_vec()))));
    format!("{}{right}", left.iter().collect::<String>())
}

/// Half blocks; or, on a terminal without them, only signs for points.
fn is_drawn_in_points(row: &[char]) -> bool {
    let has = |points: &[char]| row.iter().any(|c| points.contains(c));
    has(&['█', '▀', '▄']) || (has(&['#']) && row.iter().all(|c| matches!(c, '#' | ' ')))
}

fn without_digits(mut row: Vec<char>) -> Vec<char> {
    let is_digit = char::is_ascii_hexdigit;
    let mut from = 0;
    while from < row.len() {
        let run = row[from..].iter().take_while(|c| is_digit(c)).count();
        if run >= DIGITS {
            row[from..from + run].fill('0');
        }
        from += run.max(1);
    }
    // Groups of four, as they are compared; and the one number that is displayed once.
    let text: String = row.iter().collect();
    let is_group = |part: &&str| part.len() == 4 && part.chars().all(|c| is_digit(&c));
    let groups = text.split_whitespace().filter(is_group).count();
    let shown_once = ["PUK  ", "management key  "];
    let label = shown_once.iter().any(|label| text.starts_with(label));
    if label || groups >= DIGITS / 4 {
        let from = if label { LABEL } else { 0 };
        for c in row.iter_mut().skip(from).filter(|c| is_digit(c)) {
            *c = '0';
        }
    }
    row
}

/// Replaces a part of a row, which keeps its length.
fn replaced(mut row: Vec<char>, from: usize, by: &str) -> Vec<char> {
    row[from..].fill(' ');
    for (place, c) in row[from..].iter_mut().zip(by.chars()) {
        *place = c;
    }
    row
}

fn without_path(row: Vec<char>) -> Vec<char> {
    let begins = row.windows(3).position(|part| part == [' ', '/', 't']);
    match begins {
        Some(at) => replaced(row, at + 1, "<path>"),
        None => row,
    }
}

fn without_words(row: Vec<char>) -> Vec<char> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < row.len() {
        let run = row[from..].iter().take_while(|c| c.is_alphabetic()).count();
        let word: String = row[from..from + run].iter().collect();
        if LIST.contains(word.as_str()) {
            found.push(from);
        }
        from += run.max(1);
    }
    match found.first() {
        Some(&first) if found.len() >= WORDS && !is_head(&row) => replaced(row, first, "<words>"),
        _ => row,
    }
}

/// The number of rows of a document, in text with wrapped words of a digest.
fn without_rows(mut row: Vec<char>) -> Vec<char> {
    let text: String = row.iter().collect();
    let is_long = |part: &str| {
        part.trim_end_matches(')')
            .parse()
            .is_ok_and(|n: usize| n >= 100)
    };
    if text.contains("(rows ") && text.split(' ').any(is_long) {
        for c in row.iter_mut().filter(|c| c.is_ascii_digit()) {
            *c = '0';
        }
    }
    row
}

/// Whether it is the row of the transcript's head, whose words differ in every run.
fn is_head(row: &[char]) -> bool {
    row.iter().copied().take(12).eq("transcript: ".chars())
}
