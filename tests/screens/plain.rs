//! `--plain`, through a pseudo-terminal.

use std::{fs, path::Path};

use keymoot::rehearsal::cast::Cast;
use keymoot_record::{
    ceremony::question::last_four,
    transcript::{Event, PlanPart},
};
use testkit::terminal::Terminal;

use super::{
    rehearsal::{OUTSIDE, Rehearsal, pin, plan_words, serials, transcript, unattended_pin},
    whole::{answer, read_digests_by_line},
};

/// A rehearsal by lines; the first holder has no age recipient.
fn begun(folder: &Path) -> Terminal {
    let text = Cast::of(9).roster();
    let mut lines = text.lines();
    let recipient = lines
        .find(|line| line.starts_with("age_recipient"))
        .unwrap();
    let roster = folder.join("roster.toml");
    fs::write(&roster, text.replacen(recipient, "", 1)).unwrap();
    Terminal::start([
        "rehearse".as_ref(),
        "--seed".as_ref(),
        "7".as_ref(),
        "--plain".as_ref(),
        "--roster".as_ref(),
        roster.as_os_str(),
        "--dir".as_ref(),
        folder.join("ceremony").as_os_str(),
    ])
}

#[test]
fn puk_and_management_key_are_printed_once_their_holder_asks_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let mut at = begun(folder.path());
    let at = &mut at;
    read_digests_by_line(at, &dir);
    answer(at, "tamper-evident bag", "bag 17");
    answer(at, "Time on the wall clock", "12:00");
    answer(at, "A public value of today", OUTSIDE);
    answer(at, "type confirm", "confirm");
    answer(at, "numbers of those who answer", "1 2 3 4 5 6 7 8 9");
    answer(at, "numbers of those who answer", "present");
    answer(at, "Whose turn?", "1");
    at.read("+ inserts it");
    at.enter("+");
    answer(at, "last four digits", &last_four(serials(&dir)[0]));
    answer(at, "New PIN, first time", &pin(1));
    answer(at, "New PIN, second time", &pin(1));
    let before = answer(at, "type show", "show");
    assert!(before.contains("Cover the projector"), "{before}");
    assert!(!before.contains("PUK   "), "{before}");
    let shown = answer(at, "type written", "written");
    let value = |label: &str| -> String {
        let mut rows = shown.lines().skip_while(|row| !row.starts_with(label));
        let rows = [rows.next().unwrap(), rows.next().unwrap_or_default()];
        let digits = rows.map(|row| row.get(16..).unwrap_or_default().trim().to_owned());
        digits.join(" ")
    };
    let puk = value("PUK ");
    let puk = puk.split_whitespace().next().unwrap();
    assert!(
        puk.len() == 8 && puk.bytes().all(|b| b.is_ascii_digit()),
        "{shown}"
    );
    let key: String = value("management key ").split_whitespace().collect();
    assert!(
        key.len() == 48 && key.bytes().all(|b| b.is_ascii_hexdigit()),
        "{shown}"
    );
    at.read("* touches it");
}

/// The first row of the program's digest, as it is printed.
fn program(dir: &Path) -> String {
    let chain = transcript(dir);
    let Event::Opened { program, .. } = &chain.entries()[0].event else {
        panic!("a transcript begins with its opening");
    };
    let hex = program.sha256.to_string();
    let groups: Vec<_> = (0..8).map(|at| &hex[4 * at..4 * at + 4]).collect();
    groups.join(" ")
}

#[test]
fn the_digest_of_the_program_is_printed_once_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let mut at = begun(folder.path());
    let mut said = answer(&mut at, "type agree", "agree");
    for part in PlanPart::ALL {
        said += &at.read("first two words");
        said += &answer(&mut at, ":", &plan_words(&dir, part));
    }
    said += &at.read("tamper-evident bag");
    assert_eq!(said.matches(&program(&dir)).count(), 1, "{said}");
}

#[test]
fn the_digest_of_the_program_is_printed_once_after_a_resume() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let dir = rehearsal.dir();
    let mut at = Terminal::start(["resume".as_ref(), dir.as_os_str(), "--plain".as_ref()]);
    let (which, mut said) = at.read_any(&["Whose turn?", "+ inserts it"]);
    if which == 0 {
        said += &answer(&mut at, "at the table", "1");
        said += &at.read("+ inserts it");
    }
    at.enter("+");
    said += &at.read("last four digits");
    assert_eq!(said.matches(&program(&dir)).count(), 1, "{said}");
}

/// The first holder is at the table, and the device is awaited.
fn at_the_table(rehearsal: &Rehearsal) -> Terminal {
    let dir = rehearsal.dir();
    let mut at = Terminal::start(["resume".as_ref(), dir.as_os_str(), "--plain".as_ref()]);
    let (which, _) = at.read_any(&["Whose turn?", "+ inserts it"]);
    if which == 0 {
        answer(&mut at, "at the table", "1");
        at.read("+ inserts it");
    }
    at
}

#[test]
fn the_terminal_echoes_no_pin_that_is_typed_a_moment_early() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = at_the_table(&rehearsal);
    // Ctrl-U empties the line, as the terminal reads it.
    at.enter("64669359\u{15}+");
    let said = at.read("last four digits");
    assert!(!said.contains("6466"), "{said}");
}

#[test]
fn the_end_of_a_line_that_was_begun_at_another_question_answers_nothing() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let dir = rehearsal.dir();
    let mut at = at_the_table(&rehearsal);
    let digits = last_four(serials(&dir)[0]);
    let (begun, rest) = digits.split_at(1);
    // The question changes while the second line has no end yet.
    at.press(&format!("+\r{begun}"));
    answer(&mut at, "last four digits", rest);
    answer(&mut at, "ignored that line", &digits);
    at.read("New PIN, first time");
}

#[test]
fn who_leaves_during_a_touch_is_asked_for_no_other_touch() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = at_the_table(&rehearsal);
    at.enter("+");
    answer(&mut at, "PIN, then Enter", &unattended_pin(1));
    at.read("* touches it");
    at.enter("?");
    let options = at.read("Type the number of an option") + &at.read("\n> ");
    let leave = "leave, and resume later";
    let row = options.lines().find(|row| row.contains(leave)).unwrap();
    let number = row.split_whitespace().next().unwrap();
    at.enter(number);
    at.read("type leave and press Enter");
    at.enter("leave").by_hand("*\r");
    assert_eq!(at.exit_code(), 4);
    let chain = transcript(&rehearsal.dir());
    let [.., announced, signed, left] = chain.entries() else {
        panic!("{chain:?}");
    };
    assert!(matches!(announced.event, Event::SignAnnounced { .. }));
    assert!(matches!(signed.event, Event::Signed { .. }));
    assert!(matches!(left.event, Event::Left {}));
}
