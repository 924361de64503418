//! Foreign text made safe to show.
//!
//! Other people wrote the names in rosters, labels on devices and strings in metadata.
//! Before they reach a screen, a report or an error they pass
//! through [`escape`]. So a terminal or a reader shows them and never
//! obeys them, and two texts that differ look different.

use std::ops::RangeInclusive;

use crate::digest::Digest;

/// Replaces every character that could control a terminal, reorder or hide text, or pass
/// for another one, by a visible escape such as `\u{202e}`.
///
/// These are the C0 and C1 controls, line and paragraph separators, and bidirectional controls
/// (Unicode UAX #9). Zero-width and other default-ignorable characters, and combining marks of no
/// script, are escaped too. So are spaces other than the usual one, private characters and
/// non-characters, and letters made to look like others (mathematical and fullwidth ones). In a
/// word that mixes alphabets which look alike, all letters that are not ASCII are escaped. Ordinary
/// text in any script is unchanged. A backslash is doubled so that the result is unambiguous.
#[must_use]
pub fn escape(text: &str) -> String {
    escaped(text, "\\\\", |shown, c| shown.extend(c.escape_unicode()))
}

/// A line of JSON as [`escape`] shows it, but with its backslashes as the file has them: no escape
/// of JSON is written like `\u{202e}`.
#[must_use]
pub fn escape_json(line: &str) -> String {
    escaped(line, "\\", |shown, c| shown.extend(c.escape_unicode()))
}

/// A piece of a string of JSON, in which every character that [`escape`] replaces is an escape of
/// JSON such as `\u202e`: parsers read the same text.
#[must_use]
pub fn escape_in_json(piece: &str) -> String {
    escaped(piece, "\\", |shown, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

fn escaped(text: &str, backslash: &str, replace: impl Fn(&mut String, char)) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in words(text) {
        let mixed = !word.is_ascii() && mixes_alphabets(word);
        for c in word.chars() {
            match c {
                '\\' => shown.push_str(backslash),
                c if is_invisible(c) || poses(c) => replace(&mut shown, c),
                c if mixed && !c.is_ascii() && alphabet(c).is_some() => replace(&mut shown, c),
                c => shown.push(c),
            }
        }
    }
    shown
}

/// A text as [`escape`] shows it, of a length that fits on a line or two.
#[must_use]
pub fn excerpt(text: &str) -> String {
    shortened(text, 80)
}

/// A text as [`escape`] shows it, of at most so many characters: its author may
/// have made it as long as a file. A longer one is cut, with its
/// length and digest, so that two that differ in their ends look different.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => {
            let digest = Digest::of(text.as_bytes()).to_string();
            format!(
                "{}… ({} bytes, SHA-256 {}…)",
                escape(text.get(..end).unwrap_or_default()),
                text.len(),
                digest.get(..16).unwrap_or_default()
            )
        }
        None => escape(text),
    }
}

/// A finding as a sentence of its own: with a capital, and with a full stop at its end.
#[must_use]
pub fn sentence(finding: &str) -> String {
    let mut letters = finding.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if finding.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A stranger's text as [`escape`] shows it, in quotation marks, and at most 200 characters of it.
/// Its own quotation marks are escaped, and several spaces are one: among sentences of the program
/// it passes for none of them.
#[must_use]
pub fn quoted(text: &str) -> String {
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let shown = shortened(&words.join(" "), 200);
    format!("\"{}\"", shown.replace('"', "\\\""))
}

/// The first of many findings, and how many more there are.
#[must_use]
pub fn several(findings: &[String], separator: &str) -> String {
    const TOLD: usize = 20;
    let told = findings.get(..TOLD).unwrap_or(findings).join(separator);
    match findings.len().checked_sub(TOLD) {
        None | Some(0) => told,
        Some(more) => format!("{told}{separator}and {more} more"),
    }
}

/// A path as [`escape`] shows it.
#[must_use]
pub fn escape_path(path: &std::path::Path) -> String {
    escape(&path.display().to_string())
}

/// A path for a command that people copy: as [`escape_path`] shows it, in quotation marks where a
/// shell would split it.
#[must_use]
pub fn quoted_path(path: &std::path::Path) -> String {
    let shown = escape_path(path);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    match !shown.is_empty() && shown.chars().all(plain) {
        true => shown,
        false => format!("'{}'", shown.replace('\'', "'\\''")),
    }
}

/// The words of a text and what is between them, in order.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let of_a_word = first.is_alphabetic();
        let end = rest
            .find(|c: char| c.is_alphabetic() != of_a_word)
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Whether a character is invisible or acts on other text: controls, and characters that
/// Unicode ignores by default.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || (u32::from(c) & 0xfffe) == 0xfffe
}

/// Whether a character passes for another one, for part of it, or is
/// unassigned.
fn poses(c: char) -> bool {
    matches!(c,
        // Spaces.
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
        // Combining marks of no script: accents have letters of their own.
        | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        // Mathematical and fullwidth forms of letters and digits.
        | '\u{1d400}'..='\u{1d7ff}' | '\u{ff01}'..='\u{ff5e}'
        // Private use.
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10fffd}')
}

/// The alphabets whose letters look alike: the one of a letter, if any.
fn alphabet(c: char) -> Option<usize> {
    const ALPHABETS: [&[RangeInclusive<char>]; 7] = [
        // Latin
        &[
            'A'..='Z',
            'a'..='z',
            '\u{c0}'..='\u{2af}',
            '\u{1e00}'..='\u{1eff}',
            '\u{2c60}'..='\u{2c7f}',
        ],
        // Greek and Coptic
        &[
            '\u{370}'..='\u{3ff}',
            '\u{1f00}'..='\u{1fff}',
            '\u{2c80}'..='\u{2cff}',
        ],
        // Cyrillic
        &[
            '\u{400}'..='\u{52f}',
            '\u{1c80}'..='\u{1c8f}',
            '\u{2de0}'..='\u{2dff}',
            '\u{a640}'..='\u{a69f}',
        ],
        // Armenian
        &['\u{530}'..='\u{58f}'],
        // Georgian
        &[
            '\u{10a0}'..='\u{10ff}',
            '\u{1c90}'..='\u{1cbf}',
            '\u{2d00}'..='\u{2d2f}',
        ],
        // Cherokee
        &['\u{13a0}'..='\u{13ff}', '\u{ab70}'..='\u{abbf}'],
        // Lisu
        &['\u{a4d0}'..='\u{a4ff}'],
    ];
    let has = |ranges: &&[RangeInclusive<char>]| ranges.iter().any(|range| range.contains(&c));
    ALPHABETS.iter().position(has)
}

fn mixes_alphabets(word: &str) -> bool {
    let mut alphabets = word.chars().filter_map(alphabet);
    alphabets
        .next()
        .is_some_and(|first| alphabets.any(|other| other != first))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use testkit::hostile::strings;

    use super::{escape, escape_in_json, escape_json, excerpt, quoted, several};

    #[test]
    fn ordinary_text_in_any_script_is_unchanged() {
        for text in [
            "holder-1",
            "Ærøskøbing",
            "東京",
            "a — b",
            "Ольга and Ἑλένη",
            "Նարեկ",
            "Tシャツ",
            "नमस्ते",
            "สวัสดี",
            "שלום",
        ] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn terminal_sequences_are_shown_and_not_obeyed() {
        assert_eq!(escape("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(escape("a\nb\u{9b}"), "a\\u{a}b\\u{9b}");
    }

    #[test]
    fn a_line_of_json_keeps_its_backslashes() {
        for line in [r#""key": "-----\nMFkw\u202e""#, r#""C:\\temp""#] {
            assert_eq!(escape_json(line), line);
        }
        assert_eq!(escape_json("\"\\n\u{202e}\""), r#""\n\u{202e}""#);
    }

    #[test]
    fn bidirectional_and_invisible_characters_are_shown() {
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(escape("a\u{200b}b\u{feff}"), "a\\u{200b}b\\u{feff}");
    }

    #[test]
    fn an_escape_written_by_hand_differs_from_one_of_ours() {
        assert_ne!(escape("\\u{202e}"), escape("\u{202e}"));
    }

    #[test]
    fn every_hostile_text_is_shown_as_visible_escapes() {
        for hostile in strings::ALL {
            let shown = escape(hostile.text);
            assert_eq!(shown, hostile.seen, "{}", hostile.what);
            assert!(shown.chars().all(|c| c.is_ascii_graphic() || c == ' '));
            let mut raw = strings::raw(hostile.text);
            assert!(raw.all(|c| !shown.contains(c)), "{}", hostile.what);
        }
    }

    #[test]
    fn every_hostile_text_in_json_is_safe_and_read_as_it_is() {
        for hostile in strings::ALL {
            let shown = escape_in_json(hostile.text).replace('"', "\\\"");
            assert!(shown.chars().all(|c| c.is_ascii_graphic() || c == ' '));
            if !hostile.text.contains('\\') {
                let read: String = serde_json::from_str(&format!("\"{shown}\"")).unwrap();
                assert_eq!(read, hostile.text, "{}", hostile.what);
            }
        }
    }

    #[test]
    fn letters_that_pass_for_others_are_shown() {
        assert_eq!(escape("p\u{430}ypal"), "p\\u{430}ypal");
        assert_eq!(escape("\u{420}aul и Ольга"), "\\u{420}aul и Ольга");
        assert_eq!(
            escape("\u{1d5d4}\u{ff21}\u{a0}"),
            "\\u{1d5d4}\\u{ff21}\\u{a0}"
        );
        assert_eq!(escape("Jose\u{301}"), "Jose\\u{301}");
        assert_eq!(escape("\u{e000}"), "\\u{e000}");
    }

    #[test]
    fn of_a_text_without_end_the_beginning_is_shown_and_two_of_them_look_different() {
        let long = "x".repeat(10 << 20);
        let (one, other) = (excerpt(&format!("{long}1")), excerpt(&format!("{long}2")));
        assert!(one.len() < 300 && one.contains("10485761 bytes"), "{one}");
        assert_ne!(one, other);
        assert_eq!(excerpt("short"), "short");
    }

    #[test]
    fn a_quoted_text_cannot_leave_its_quotation_marks_or_its_line() {
        let padded = format!("x{}\". VERIFIED\n", " ".repeat(120));
        assert_eq!(quoted(&padded), "\"x \\\". VERIFIED\\u{a}\"");
        assert!(quoted(&"x".repeat(1 << 20)).len() < 300);
    }

    #[test]
    fn of_many_findings_the_first_are_listed_and_the_others_counted() {
        let many: Vec<_> = (0..100).map(|n| n.to_string()).collect();
        assert!(several(&many, "; ").ends_with("18; 19; and 80 more"));
        assert_eq!(several(&many[..2], ", "), "0, 1");
    }
}
