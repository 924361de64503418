//! Whether two names look the same to people.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// A key that is equal for two names that look the same to people. It ignores case, full-width
/// forms, the width and number of spaces, and how an accented letter is composed. Letters that look
/// alike count as one (Unicode UTS #39, skeleton).
///
/// For comparison alone, never shown.
pub(super) fn key(name: &str) -> String {
    let name: String = name.nfkc().collect();
    let words: Vec<_> = name.split_whitespace().collect();
    let words = words.join(" ");
    // ASCII letters keep their case until it is folded: the skeleton of `I` is `l`, of `i` itself.
    let latin: String = words
        .chars()
        .flat_map(|c| match c.is_ascii() {
            true => vec![c],
            false => skeleton(c.encode_utf8(&mut [0; 4])).collect(),
        })
        .collect();
    let folded = latin.to_lowercase();
    let folded = skeleton(&folded).collect::<String>().to_lowercase();
    folded.replace('i', "l")
}

/// The first invisible character of a name.
pub(super) fn invisible(name: &str) -> Option<char> {
    name.chars()
        .find(|c| c.is_control() || keymoot_core::text::is_invisible(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_the_same() {
        for other in [
            "ACME  Ltd",
            "Acme\u{a0}Ltd",
            "  Acme Ltd ",
            "Ａｃｍｅ Ltd",
            "\u{410}cme Ltd",
            "Acm\u{435} Ltd",
            "acme ltd",
        ] {
            assert_eq!(key("Acme Ltd"), key(other), "{other:?}");
        }
        for (one, other) in [
            ("Zoë", "Zoe\u{308}"),
            ("INTEL", "intel"),
            ("\u{406}ntel", "Intel"),
            ("\u{397}older 1", "Holder 1"),
            ("Pay0nline", "PayOnline"),
        ] {
            assert_eq!(key(one), key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_that_differ_are_not_the_same() {
        for (one, other) in [
            ("Holder 1", "Holder 2"),
            ("Acme", "Acme Ltd"),
            ("Zoë", "Zoe"),
            ("東京", "京都"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn a_character_without_ink_is_found() {
        for hidden in [
            '\u{200b}',
            '\u{ad}',
            '\u{202e}',
            '\u{feff}',
            '\u{e0041}',
            '\n',
        ] {
            assert_eq!(invisible(&format!("Ac{hidden}me")), Some(hidden));
        }
        assert_eq!(invisible("Zoë 東京 O’Neil-Müller"), None);
    }
}
