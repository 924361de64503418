//! Texts that would steer a terminal, hide or reorder what is beside them, or pass
//! for others: their purpose, their bytes, and the visible form that must be shown.
//!
//! The visible form is written out here and not made by the program.

/// A hostile text.
pub struct Hostile {
    /// Its purpose
    pub what: &'static str,
    /// The text
    pub text: &'static str,
    /// Its visible form
    pub seen: &'static str,
}

const fn hostile(what: &'static str, text: &'static str, seen: &'static str) -> Hostile {
    Hostile { what, text, seen }
}

/// One of each kind. None contains a raw line feed or tab, which TOML and JSON cannot write
/// on one line: they are written as escapes there.
pub const ALL: &[Hostile] = &[
    hostile("clears the screen", "a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
    hostile(
        "goes up and writes over",
        "a\u{1b}[3A\u{1b}[2Kb",
        "a\\u{1b}[3A\\u{1b}[2Kb",
    ),
    hostile(
        "colours what follows",
        "a\u{1b}[32;1mOKb",
        "a\\u{1b}[32;1mOKb",
    ),
    hostile(
        "renames the window",
        "a\u{1b}]0;b\u{7}c",
        "a\\u{1b}]0;b\\u{7}c",
    ),
    hostile(
        "makes a link",
        "a\u{1b}]8;;http://b\u{1b}\\c",
        "a\\u{1b}]8;;http://b\\u{1b}\\\\c",
    ),
    hostile(
        "fills the clipboard",
        "a\u{1b}]52;c;YQ==\u{7}b",
        "a\\u{1b}]52;c;YQ==\\u{7}b",
    ),
    hostile(
        "asks the terminal to answer",
        "a\u{1b}[c\u{5}b",
        "a\\u{1b}[c\\u{5}b",
    ),
    hostile("resets the terminal", "a\u{1b}cb", "a\\u{1b}cb"),
    hostile(
        "begins a sequence with one character",
        "a\u{9b}2Jb",
        "a\\u{9b}2Jb",
    ),
    hostile(
        "begins a string with one character",
        "a\u{90}b\u{9c}\u{9d}c",
        "a\\u{90}b\\u{9c}\\u{9d}c",
    ),
    hostile(
        "goes back",
        "good\u{8}\u{8}\u{8}\u{8}evil",
        "good\\u{8}\\u{8}\\u{8}\\u{8}evil",
    ),
    hostile("begins the line anew", "good\revil", "good\\u{d}evil"),
    hostile(
        "breaks the line",
        "good\nheld  ROOT-CHANGE",
        "good\\u{a}held  ROOT-CHANGE",
    ),
    hostile(
        "jumps to a column",
        "a\tb\u{b}c\u{c}d",
        "a\\u{9}b\\u{b}c\\u{c}d",
    ),
    hostile("ends a text for C", "a\u{0}b", "a\\u{0}b"),
    hostile("deletes", "a\u{7f}b", "a\\u{7f}b"),
    hostile(
        "breaks the line in Unicode",
        "a\u{85}b\u{2028}c\u{2029}d",
        "a\\u{85}b\\u{2028}c\\u{2029}d",
    ),
    hostile(
        "reads from right to left",
        "a\u{202e}nimda",
        "a\\u{202e}nimda",
    ),
    hostile(
        "embeds a direction",
        "a\u{202a}b\u{202b}c\u{202c}\u{202d}d",
        "a\\u{202a}b\\u{202b}c\\u{202c}\\u{202d}d",
    ),
    hostile(
        "isolates a direction",
        "a\u{2066}b\u{2067}c\u{2068}d\u{2069}",
        "a\\u{2066}b\\u{2067}c\\u{2068}d\\u{2069}",
    ),
    hostile(
        "marks a direction",
        "a\u{200e}b\u{200f}c\u{61c}d",
        "a\\u{200e}b\\u{200f}c\\u{61c}d",
    ),
    hostile(
        "has no width",
        "a\u{200b}b\u{200c}c\u{200d}d\u{feff}",
        "a\\u{200b}b\\u{200c}c\\u{200d}d\\u{feff}",
    ),
    hostile(
        "joins invisibly",
        "a\u{2060}b\u{2062}c\u{ad}d",
        "a\\u{2060}b\\u{2062}c\\u{ad}d",
    ),
    hostile(
        "fills with nothing",
        "a\u{3164}b\u{ffa0}c\u{2800}d",
        "a\\u{3164}b\\u{ffa0}c\\u{2800}d",
    ),
    hostile(
        "chooses another look",
        "a\u{fe0f}b\u{e0100}c",
        "a\\u{fe0f}b\\u{e0100}c",
    ),
    hostile(
        "hides a text in tags",
        "a\u{e0041}\u{e007f}b",
        "a\\u{e0041}\\u{e007f}b",
    ),
    hostile(
        "annotates",
        "a\u{fff9}b\u{fffa}c\u{fffb}d",
        "a\\u{fff9}b\\u{fffa}c\\u{fffb}d",
    ),
    hostile(
        "piles marks up",
        "a\u{300}\u{301}\u{489}\u{302}b",
        "a\\u{300}\\u{301}\\u{489}\\u{302}b",
    ),
    hostile(
        "strikes through",
        "a\u{336}b\u{20dd}c",
        "a\\u{336}b\\u{20dd}c",
    ),
    hostile(
        "passes for a space",
        "a\u{a0}b\u{2003}c\u{3000}d",
        "a\\u{a0}b\\u{2003}c\\u{3000}d",
    ),
    hostile(
        "has a letter of another alphabet",
        "\u{430}dmin",
        "\\u{430}dmin",
    ),
    hostile(
        "has a Greek letter",
        "r\u{3bf}\u{3bf}t",
        "r\\u{3bf}\\u{3bf}t",
    ),
    hostile(
        "is written in mathematical letters",
        "\u{1d42b}\u{1d428}ot",
        "\\u{1d42b}\\u{1d428}ot",
    ),
    hostile(
        "is written in fullwidth letters",
        "\u{ff52}\u{ff4f}ot",
        "\\u{ff52}\\u{ff4f}ot",
    ),
    hostile(
        "is private",
        "a\u{e000}b\u{f8ff}c\u{10fffd}d",
        "a\\u{e000}b\\u{f8ff}c\\u{10fffd}d",
    ),
    hostile(
        "is no character",
        "a\u{fffe}b\u{fdd0}c\u{1ffff}d",
        "a\\u{fffe}b\\u{fdd0}c\\u{1ffff}d",
    ),
    hostile("looks like an escape", "a\\u{202e}b", "a\\\\u{202e}b"),
];

/// The characters that must never be shown raw.
pub fn raw(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|c| !c.is_ascii() || c.is_ascii_control())
}

/// The text as TOML writes it on one line.
pub fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| format!("\\U{:08x}", u32::from(c)))
        .collect();
    format!("\"{escaped}\"")
}
