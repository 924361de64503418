//! A terminal without an alternate screen, such as the Linux console.

use super::{
    rehearsal::Rehearsal,
    states::{CALL, INSERT},
};
use testkit::terminal::{CONSOLE, Kind, Terminal};

/// The output of other programs on the console.
fn before() -> String {
    "text from before the start ".repeat(80)
}

#[test]
fn a_console_shows_the_screen_and_nothing_from_before_the_start() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    at.expect_any([CALL, INSERT]);
    let console = at.on_a_console(&before());
    assert!(console.contains("REHEARSAL"), "{console}");
    assert!(!console.contains("before the start"), "{console}");
}

#[test]
fn a_console_shows_nothing_of_the_ceremony_after_leaving() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    at.expect_any([CALL, INSERT]);
    at.press("\u{c}").expect("type leave").enter("leave");
    assert_eq!(at.exit_code(), 4);
    let console = at.on_a_console(&before());
    let rows: Vec<_> = console
        .lines()
        .filter(|row| !row.trim().is_empty())
        .collect();
    assert!(
        rows[0].starts_with("Left. To continue: keymoot resume"),
        "{console}"
    );
    assert!(!console.contains("holder-1"), "{console}");
}

#[test]
fn a_terminal_that_obeys_no_codes_gets_none_and_is_pointed_to_plain() {
    for term in ["dumb", ""] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("ceremony");
        let dumb = Kind { term, ..CONSOLE };
        let mut at = Terminal::with(
            dumb,
            &[],
            ["rehearse".as_ref(), "--dir".as_ref(), dir.as_os_str()],
        );
        at.read("TERM is dumb or not set");
        at.read("add --plain");
        assert_eq!(at.exit_code(), 1);
        assert!(!at.was_sent("\u{1b}"), "{term}");
        assert!(!dir.exists());
    }
}
