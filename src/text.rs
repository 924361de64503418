//! Foreign text made safe to show.
//!
//! Names in rosters, labels on devices and strings in metadata were written by
//! somebody else. Before they reach a screen, a report or an error they pass
//! through [`escape`], so that a terminal or a reader sees them and is never
//! steered by them.

/// Replaces every character that could steer a terminal or reorder or hide
/// text by a visible escape such as `\u{202e}`.
///
/// Covers the C0 and C1 controls, line and paragraph separators, bidirectional
/// controls (Unicode UAX #9), zero-width and other default-ignorable
/// characters, and non-characters. Ordinary text in any script is unchanged;
/// a backslash is doubled so that the result is unambiguous.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => shown.push_str("\\\\"),
            c if steers(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// A path as [`escape`] shows it.
#[must_use]
pub fn escape_path(path: &std::path::Path) -> String {
    escape(&path.display().to_string())
}

/// Whether a character acts on its surroundings instead of being seen.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || (u32::from(c) & 0xfffe) == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn ordinary_text_in_any_script_is_unchanged() {
        for text in ["holder-1", "Ærøskøbing", "東京", "a — b"] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn terminal_sequences_are_shown_and_not_obeyed() {
        assert_eq!(escape("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(escape("a\nb\u{9b}"), "a\\u{a}b\\u{9b}");
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
}
