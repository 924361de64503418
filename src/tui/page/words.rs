//! Text fitted into the columns of a screen.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use keymoot_core::text::escape;

/// Columns that a text takes.
pub(in crate::tui) fn width(text: &str) -> usize {
    text.width()
}

/// Makes a text safe to show, also if it was escaped before: a text
/// without control characters stays as it is.
pub(in crate::tui) fn safe(text: &str) -> String {
    let escaped = escape(text);
    if escaped.replace("\\\\", "\\") == text {
        text.to_owned()
    } else {
        escaped
    }
}

/// The text in at most so many columns; where it is cut, `ellipsis` says so.
pub(in crate::tui) fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    match columns.checked_sub(width(ellipsis)) {
        Some(room) => format!("{}{ellipsis}", head(text, room)),
        None => head(text, columns).to_owned(),
    }
}

/// The last columns of a text: the visible part of a field that is too long.
pub(in crate::tui) fn tail(text: &str, columns: usize) -> &str {
    let mut left = columns;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

/// As much of the beginning as fits into so many columns.
fn head(text: &str, columns: usize) -> &str {
    let mut left = columns;
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            return text.get(..at).unwrap_or_default();
        }
        left -= wide;
    }
    text
}

/// The text in rows of at most so many columns, broken between words where that
/// is possible. Rows after the first begin with the text's own indent and `hang`
/// more columns.
pub(in crate::tui) fn wrap(text: &str, columns: usize, hang: usize) -> Vec<String> {
    let columns = columns.max(1);
    let body = text.trim_start_matches(' ');
    let indent = (text.len() - body.len()).min(columns / 2);
    let hang = (indent + hang).min(columns / 2);
    let mut rows = Vec::new();
    let mut row = " ".repeat(indent);
    let mut filled = indent;
    let mut empty = true;
    for word in body.split(' ') {
        let mut word = word;
        let gap = usize::from(!empty);
        if filled + gap + width(word) > columns && !empty {
            rows.push(std::mem::replace(&mut row, " ".repeat(hang)));
            filled = hang;
            empty = true;
        }
        if !empty {
            row.push(' ');
            filled += 1;
        }
        while filled + width(word) > columns {
            let mut part = head(word, columns - filled);
            if part.is_empty() {
                // A character that is wider than the row is drawn alone.
                let next = word.chars().next().map_or(word.len(), char::len_utf8);
                part = word.get(..next).unwrap_or(word);
            }
            row.push_str(part);
            word = word.get(part.len()..).unwrap_or_default();
            rows.push(std::mem::replace(&mut row, " ".repeat(hang)));
            filled = hang;
        }
        row.push_str(word);
        filled += width(word);
        empty = false;
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::{cut, safe, tail, width, wrap};

    #[test]
    fn words_are_kept_whole_where_a_row_can_hold_them() {
        assert_eq!(wrap("one two three", 8, 0), ["one two", "three"]);
        assert_eq!(wrap("", 8, 0), [""]);
    }

    #[test]
    fn a_word_longer_than_a_row_is_broken_and_nothing_is_lost() {
        assert_eq!(wrap("ab cdefghij", 4, 0), ["ab", "cdef", "ghij"]);
        assert_eq!(wrap("    \"key\": 1", 20, 2), ["    \"key\": 1"]);
        assert_eq!(wrap("  abcdefgh", 6, 2), ["  abcd", "   efg", "   h"]);
    }

    #[test]
    fn wide_characters_count_two_columns() {
        assert_eq!(wrap("東京東京", 5, 0), ["東京", "東京"]);
        assert_eq!(cut("東京東京", 5, "…"), "東京…");
        assert_eq!(width(&cut("東京東京", 4, "…")), 3);
    }

    #[test]
    fn a_cut_text_says_so_and_fits() {
        assert_eq!(cut("holder-1", 8, "…"), "holder-1");
        assert_eq!(cut("holder-10", 8, "…"), "holder-…");
        assert_eq!(cut("holder-10", 8, "..."), "holde...");
        assert_eq!(cut("holder", 2, "..."), "ho");
    }

    #[test]
    fn a_full_field_shows_its_end() {
        assert_eq!(tail("abcdef", 3), "def");
        assert_eq!(tail("ab", 3), "ab");
    }

    #[test]
    fn text_is_escaped_once_and_only_where_it_steers() {
        assert_eq!(safe("a\\u{202e}b"), "a\\u{202e}b");
        assert_eq!(safe("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(safe("C:\\x"), "C:\\x");
    }
}
