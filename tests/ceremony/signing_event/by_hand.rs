//! A holder at a terminal: the screens, the typed input, and a checkout that changes
//! between review and touch.

use std::{ffi::OsString, fs};

use keymoot::rehearsal::unattended;
use keymoot_record::ceremony::question::reading_words;
use keymoot_tuf::Dialect;
use testkit::{stage::SEED, terminal::Terminal};

use super::{
    only_signatures_differ,
    repository::{Change, Event, holder},
};

/// Plugs the simulated device in hand in or out.
const PLUG: &str = "\u{e}";
/// Touches it.
const TOUCH: &str = "\u{14}";

/// The command by which a holder signs, with these options.
fn arguments(event: &Event, number: usize, more: &[&str]) -> Vec<OsString> {
    let command = event.answer(number);
    let arguments = command.get_args().map(ToOwned::to_owned);
    arguments.chain(more.iter().map(OsString::from)).collect()
}

fn pin(number: usize) -> String {
    let handle = holder(number).handle.try_into().unwrap();
    let pin = unattended::pin(SEED, &handle);
    String::from_utf8(pin.expose().to_vec()).unwrap()
}

/// Reads the documents, inserts the device, and continues up to the PIN.
fn up_to_the_pin(at: &mut Terminal, event: &Event, roles: &[&str]) {
    for role in roles {
        at.read_on(&format!("{role}.json"));
        at.enter(&reading_words(&event.document(role).digest()));
    }
    at.expect("Insert your device").by_hand(PLUG);
    let touches = format!("asks for {} touches", roles.len() + 1);
    at.expect(touches.as_str()).enter("sign");
    at.expect("PIN, then Enter");
}

#[test]
fn a_holder_signs_a_new_root_at_a_terminal_of_80_by_24() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/root-v2");
    let mut at = Terminal::start(arguments(&event, 1, &[]));
    up_to_the_pin(&mut at, &event, &["root"]);
    at.enter(&pin(1));
    // The line below says what follows, and not what is asked for now.
    at.expect("touch 1 of 2")
        .expect("next: the last touch is for your receipt")
        .by_hand(TOUCH);
    at.expect("touch 2 of 2, the last")
        .expect("next: your signatures and your receipt are written")
        .by_hand(TOUCH);
    at.expect("Take your device out")
        .expect("Your signatures and your receipt are written")
        .by_hand(PLUG);
    assert_eq!(at.exit_code(), 0);
    only_signatures_differ(&event);
    assert!(event.receipt(1).is_file());
}

#[test]
fn a_holder_signs_two_documents_in_numbered_lines() {
    let event = Event::new(Dialect::Tufops, Change::Both, "sign/both");
    let mut at = Terminal::start(arguments(&event, 1, &["--plain"]));
    for role in ["root", "targets"] {
        let pages = [
            "Enter shows more --",
            "first two words, or three letters of each:",
        ];
        while at.read_any(&pages).0 == 0 {
            at.enter("");
        }
        at.enter(&reading_words(&event.document(role).digest()));
    }
    let shown = at.read("Insert your device");
    assert!(!shown.contains("transcript"), "{shown}");
    at.by_hand("+\r");
    let shown = at.read("Type sign and press Enter");
    assert!(
        shown.contains("1 root.json, version 2")
            && shown.contains("2 targets.json, version 2")
            && shown.contains("3 your receipt"),
        "{shown}"
    );
    at.enter("sign");
    at.read("PIN, then Enter:");
    at.enter(&pin(1));
    for touch in ["touch 1 of 3", "touch 2 of 3", "touch 3 of 3"] {
        at.read(touch);
        at.by_hand("*\r");
    }
    at.read("Take your device out");
    at.by_hand("+\r");
    at.read("git -C");
    assert_eq!(at.exit_code(), 0);
    only_signatures_differ(&event);
}

#[test]
fn a_holder_who_gives_no_root_reads_on_the_first_page_that_nothing_shows_whose_root_it_is() {
    let event = Event::new(Dialect::Tufops, Change::Both, "sign/both");
    let mut at = Terminal::start(arguments(&event, 1, &["--plain"]));
    let shown = at.read("Enter shows more --");
    let unknown = "This event starts from root version 1. You gave no root from another source:";
    assert!(shown.contains(unknown), "{shown}");
}

#[test]
fn a_file_that_changes_between_review_and_touch_stops_the_signature() {
    let event = Event::new(Dialect::TufCi, Change::Targets, "sign/new-file");
    let mut at = Terminal::start(arguments(&event, 1, &[]));
    up_to_the_pin(&mut at, &event, &["targets"]);
    let path = event.tree().join("metadata/targets.json");
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replace("new.txt", "bad.txt");
    fs::write(&path, &changed).unwrap();
    at.enter(&pin(1));
    assert_eq!(at.exit_code(), 3);
    assert!(at.was_sent("EVENT-UNCHANGED: changed since the review: \"metadata/targets.json\""));
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    assert!(!event.receipt(1).exists());
}

#[test]
fn a_holder_who_leaves_changes_nothing() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/new-file");
    let mut at = Terminal::start(arguments(&event, 1, &[]));
    up_to_the_pin(&mut at, &event, &["targets"]);
    at.press("\u{c}")
        .expect("Leave, and sign nothing?")
        .enter("leave");
    assert_eq!(at.exit_code(), 4);
    assert_eq!(event.git(&["status", "--porcelain"]), "");
    assert!(!event.receipt(1).exists());
}

#[test]
fn a_holder_who_leaves_during_a_touch_is_asked_for_no_other_touch() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/new-file");
    let mut at = Terminal::start(arguments(&event, 1, &[]));
    up_to_the_pin(&mut at, &event, &["targets"]);
    at.enter(&pin(1)).expect("touch 1 of 2");
    at.press("\u{c}")
        .expect("Leave, and sign nothing?")
        .enter("leave");
    at.expect("Recorded as soon as the device answers: leaving")
        .by_hand(TOUCH);
    assert_eq!(at.exit_code(), 4);
    assert_eq!(event.git(&["status", "--porcelain"]), "");
    assert!(!event.receipt(1).exists());
}

#[test]
fn a_wrong_pin_is_asked_for_again_and_a_missed_touch_is_tried_again() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/new-file");
    let mut at = Terminal::start(arguments(&event, 1, &[]));
    up_to_the_pin(&mut at, &event, &["targets"]);
    at.enter("9182736");
    at.expect("tries left").expect("PIN, then Enter");
    at.enter(&pin(1));
    // Pulled out instead of touched.
    at.expect("touch 1 of 2").by_hand(PLUG);
    at.expect("to try again").by_hand(PLUG);
    at.enter("retry");
    at.expect("touch 1 of 2").by_hand(TOUCH);
    at.expect("touch 2 of 2").by_hand(TOUCH);
    at.expect("Take your device out").by_hand(PLUG);
    assert_eq!(at.exit_code(), 0);
    only_signatures_differ(&event);
}
