//! A terminal without an alternate screen, such as the Linux console.

use super::{
    rehearsal::Rehearsal,
    states::{CALL, INSERT},
};

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
