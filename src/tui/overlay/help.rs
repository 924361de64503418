//! The keys, and the meaning of the marks.

use crate::tui::{page::Page, screen::Sight};

/// The keys that work on every screen, and their effect.
const KEYS: [(&str, &str); 10] = [
    ("F1  Ctrl-G", "this help"),
    ("F2  Ctrl-O", "record a note"),
    ("F3  Ctrl-E", "record an exception"),
    ("F4  Ctrl-L", "leave, and resume later"),
    ("F8  Ctrl-D", "compare a digest: words, large type, QR code"),
    ("F9  Ctrl-B", "a break"),
    ("Esc       ", "the options; back"),
    ("PgUp PgDn ", "read what does not fit"),
    ("Home End  ", "its beginning, its end"),
    ("Ctrl-U    ", "empty the line"),
];

/// The keys of a rehearsal.
const HANDS: [(&str, &str); 3] = [
    ("F5  Ctrl-N", "insert or unplug the device"),
    ("F6  Ctrl-T", "touch it"),
    ("F7  Ctrl-P", "take another device in hand"),
];

/// The lines of `--plain`.
const LINES: [(&str, &str); 3] = [
    (
        "?",
        "the options: a note, an exception, a digest, a break, leaving",
    ),
    (
        "Enter alone",
        "shows more of a long text; goes back from a text",
    ),
    (
        "A number",
        "before the word that confirms a form: changes that line",
    ),
];

/// The lines of a rehearsal.
const HANDS_BY_LINE: [(&str, &str); 3] = [
    ("+", "inserts or unplugs the device"),
    ("*", "touches it"),
    ("#3", "takes device 3 in hand"),
];

/// Draws the page.
pub(in crate::tui) fn page(page: &mut Page, sight: &Sight<'_>) {
    page.headline("Help");
    page.text(match page.by_line {
        true => "Each question has a number, such as [3]: type its answer as a line. To confirm something, type a word. keymoot ignores several lines that come at once.",
        false => "Do what the top of this pane says. To confirm something, type a word: Enter alone does nothing. keymoot ignores what the terminal marks as pasted.",
    });
    page.gap();
    let (keys, hands): (&[_], &[_]) = match page.by_line {
        true => (&LINES, &HANDS_BY_LINE),
        false => (&KEYS, &HANDS),
    };
    list(page, keys);
    if sight.codes.is_some() && !page.by_line {
        list(
            page,
            &[(
                "F10 Ctrl-K",
                "the file of this screen as QR codes, for a camera",
            )],
        );
    }
    if sight.room {
        page.gap();
        page.headline("The simulated devices");
        list(page, hands);
    }
    page.gap();
    if !page.by_line {
        page.headline("The seats");
        page.text("P present, K key made, A attested, E enrolled (the key has signed that its holder has it), S signed, C signed the manifest. A dot: not yet. > marks who is at the table.");
        // In a first root, nobody joins or leaves.
        if sight
            .state()
            .is_some_and(|state| state.plan.previous().is_some())
        {
            page.text("Behind a seat's number: + joins, - leaves, * changes the device.");
        }
        page.gap();
    }
    page.text("The head of the transcript changes with every entry. Read its words aloud: anyone can write them down, and compare them later.");
}

fn list(page: &mut Page, keys: &[(&str, &str)]) {
    for (key, what) in keys {
        page.item(&format!("{key}  "), what, ratatui::style::Style::new());
    }
}
