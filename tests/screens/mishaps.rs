//! Every device error ends in a clear screen with a next step.

use std::fs;

use keymoot_record::ceremony::question::last_four;
use testkit::terminal::Terminal;

use super::{
    late::way_on,
    rehearsal::{
        DOCUMENTS, ESCAPE, PLUG, Rehearsal, TOUCH, course, serials, unattended_pin as pin,
    },
    states::{
        BLINKS, CALL, CALL_TO_SIGN, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, REFUSED,
        REMOVE, SET_ASIDE, TROUBLE, TYPE_PIN,
    },
};

/// Calls holder 1 unless the interruption found that holder at the table.
fn call_first(at: &mut Terminal) {
    if at.expect_any([CALL, INSERT]) == 0 {
        at.enter("1");
    }
    at.expect(INSERT).expect("is out; Ctrl-N inserts");
}

/// Chooses the third option by arrows, from the last one up to the first: over a PIN, digits choose
/// none, and Enter alone goes back.
fn third_option(at: &mut Terminal) {
    at.press(ESCAPE).expect("Options");
    at.press(&"\u{1b}[A".repeat(9)).press("\u{1b}[B\u{1b}[B\r");
}

#[test]
fn a_wrong_pin_shows_the_tries_left_and_a_blocked_one_has_a_next_step() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(TYPE_PIN).enter("999999");
    at.expect(TROUBLE.with("2 tries left"));
    insta::assert_snapshot!("wrong_pin", at.picture());
    at.enter("999999")
        .expect(TROUBLE.with("1 try left"))
        .enter("999999");
    at.expect(TROUBLE.with("is blocked")).expect(TROUBLE);
    insta::assert_snapshot!("pin_blocked", at.picture());
    // A wrong PUK costs a try, and is asked for again.
    at.enter("unblock");
    for tries in ["2 tries left", "1 try left"] {
        at.expect("Type the PUK of your device").enter("73916500");
        at.expect("New PIN, first time");
        // Nothing is sealed again.
        assert!(!at.picture().contains("age recipient"));
        at.enter("739164");
        at.expect("New PIN, second time").enter("739164");
        at.expect(tries);
    }
    third_option(&mut at);
    at.expect("Why the turn ends early").enter("PIN blocked");
    at.expect("Type end").enter("end");
    // Left in, the device would be taken for that of the holder who comes next.
    at.expect(REMOVE.following(&["turn-ended"])).by_hand(PLUG);
    at.expect(CALL_TO_SIGN).enter("2");
    at.expect(INSERT).expect("is out; Ctrl-N inserts");
}

#[test]
fn a_pin_that_was_left_blocked_is_in_the_status_of_the_bundle() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(TYPE_PIN).enter("999999");
    for tries in ["2 tries left", "1 try left"] {
        at.expect(TROUBLE.with(tries)).enter("999999");
    }
    at.expect(TROUBLE.with("is blocked")).press(ESCAPE);
    at.expect("Options").press("3");
    at.expect("Why the turn ends")
        .enter("PIN blocked")
        .enter("end");
    at.expect(REMOVE.following(&["turn-ended"])).by_hand(PLUG);
    at.expect(CALL_TO_SIGN);
    way_on(&mut at, "somebody arrives or leaves the room")
        .expect("Who arrives or leaves the room?")
        .press("1")
        .expect("type departed and press Enter")
        .enter("departed");
    at.expect(CALL_TO_SIGN.following(&["departed"]));
    drop(at);
    rehearsal.goes_on_by_itself();
    let status = testkit::programs::keymoot()
        .args(["status", "--json"])
        .arg(rehearsal.dir().join("bundle"))
        .output()
        .unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let blocked = |holder: usize| status["holders"][holder]["pin_blocked"] == true;
    assert!(blocked(0) && !(1..9).any(blocked), "{status}");
    let next = status["next"]["sentence"].as_str().unwrap();
    assert!(next.contains("The PIN of holder-1 is blocked"), "{next}");
}

#[test]
fn a_device_unplugged_while_it_waits_for_the_touch_can_be_plugged_in_again() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(TYPE_PIN).enter(&pin(1));
    at.expect(BLINKS).by_hand(PLUG);
    at.expect(TROUBLE.with("was unplugged while signing"))
        .expect(TROUBLE)
        .expect("is out; Ctrl-N inserts");
    insta::assert_snapshot!("unplugged", at.picture());
    at.enter("retry").expect(INSERT).by_hand(PLUG);
    for name in DOCUMENTS {
        at.expect(BLINKS.with(&format!("the signature on {name}")))
            .expect(BLINKS)
            .by_hand(TOUCH);
    }
    at.expect(REMOVE);
}

/// The first holder's device blinks for the first document.
fn first_touch(rehearsal: &Rehearsal) -> Terminal {
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(TYPE_PIN).enter(&pin(1));
    let allows = format!("the signature on {}", DOCUMENTS[0]);
    at.expect(BLINKS.with(&allows)).expect(BLINKS);
    at
}

/// The kinds of the events about signatures, and of those after them.
fn signatures(rehearsal: &Rehearsal) -> Vec<String> {
    let course = course(&rehearsal.dir()).into_iter();
    let kinds = course.filter_map(|line| Some(line.split_whitespace().next()?.to_owned()));
    kinds.skip_while(|kind| kind != "sign-announced").collect()
}

#[test]
fn who_leaves_during_a_touch_is_asked_for_no_other_touch() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = first_touch(&rehearsal);
    at.press("\u{c}").expect("type leave").enter("leave");
    at.expect("Recorded as soon as the device answers: leaving")
        .by_hand(TOUCH);
    assert_eq!(at.exit_code(), 4);
    let recorded = ["sign-announced", "signed", "left"];
    assert_eq!(signatures(&rehearsal), recorded);
}

#[test]
fn a_holder_who_ends_the_turn_during_a_touch_signs_nothing_more() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = first_touch(&rehearsal);
    at.press(ESCAPE).expect("Options").press("3");
    at.expect("Why the turn ends early").enter("I am tired");
    at.expect("Type end").enter("end");
    at.expect("Recorded as soon as the device answers: the end of the turn")
        .by_hand(TOUCH);
    at.expect(REMOVE.following(&["turn-ended"])).by_hand(PLUG);
    at.expect(CALL_TO_SIGN);
    let recorded = ["sign-announced", "signed", "turn-ended"];
    assert_eq!(signatures(&rehearsal), recorded);
}

#[test]
fn another_holders_device_is_refused_by_name() {
    let rehearsal = Rehearsal::until("signing", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    // Ctrl-P picks device 2, which is the next holder's.
    at.by_hand("\u{10}2\r").by_hand(PLUG);
    at.expect(REFUSED.with("DEVICE-ENROLLED"))
        .expect("holder-2's");
    insta::assert_snapshot!("another_holders_device", at.picture());
}

#[test]
fn a_device_that_is_enrolled_already_is_refused_for_the_next_holder() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN)
        .enter("482913")
        .expect(NEW_PIN_AGAIN)
        .enter("482913");
    at.expect(BLINKS)
        .by_hand(TOUCH)
        .expect(HAND_OVER)
        .enter("taken")
        .expect(REMOVE)
        .by_hand(PLUG);
    at.expect(CALL).enter("2").expect(INSERT);
    at.by_hand("\u{10}1\r").by_hand(PLUG);
    at.expect(REFUSED.with("DEVICE-DISTINCT"))
        .expect("already enrolled, for holder-1");
    insta::assert_snapshot!("already_enrolled", at.picture());
    at.enter("another").expect(SET_ASIDE);
}

#[test]
fn an_old_firmware_is_refused_before_anything_is_changed_on_the_device() {
    let rehearsal = Rehearsal::until("enrolment", &["--firmware", "5.4.3"]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG)
        .expect(REFUSED.with("DEVICE-FIRMWARE"))
        .expect("5.4.3");
    insta::assert_snapshot!("old_firmware", at.picture());
}

#[test]
fn the_factory_pin_and_a_run_of_digits_are_refused_with_a_reason() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN)
        .enter("123456")
        .expect(NEW_PIN.with("is the value from the factory"));
    insta::assert_snapshot!("factory_pin", at.picture());
    at.enter("234567").expect(NEW_PIN);
}

#[test]
fn digits_of_another_device_do_not_pass_for_this_one() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.by_hand(PLUG).expect(IDENTIFY).enter("0000");
    at.expect(IDENTIFY.with("not the last four digits"));
}

#[test]
fn a_device_that_is_exchanged_while_its_number_is_read_has_to_come_out() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    let serials = serials(&rehearsal.dir());
    at.by_hand(PLUG).expect(IDENTIFY);
    // Out comes the first holder's device, and in goes that of the second.
    at.expect("is in; Ctrl-N unplugs").by_hand(PLUG);
    at.expect("is out; Ctrl-N inserts").by_hand("\u{10}2\r");
    at.by_hand(PLUG).expect("is in; Ctrl-N unplugs");
    // Its own number is not that of the device that was read.
    at.enter(&last_four(serials[1]))
        .expect(IDENTIFY.with("this is another device: take it out"));
    // The number of the device that was read does not pass for it.
    at.enter(&last_four(serials[0]));
    let seen = format!("YubiKey {} is inserted: take it out", serials[1]);
    at.expect(&seen);
    // The right one goes in beside it, and then the wrong one comes out.
    at.by_hand("\u{10}1\r").by_hand(PLUG);
    at.expect("2 devices are inserted: leave only one")
        .by_hand("\u{10}2\r")
        .by_hand(PLUG);
    at.expect(NEW_PIN);
}

#[test]
fn leaving_asks_for_the_word_and_says_how_to_resume() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    at.expect_any([CALL, INSERT]);
    // Ctrl-L, from any screen.
    at.press("\u{c}").expect("type leave").enter("leave");
    assert_eq!(at.exit_code(), 4);
}

#[test]
fn a_note_can_be_recorded_while_a_device_is_awaited() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    at.press(ESCAPE).expect("Options").enter("1");
    at.expect("The note, then Enter")
        .enter("the clock on the wall is slow")
        .expect("Type record and press Enter")
        .enter("record");
    // The words of the head before it may leave no room for more.
    at.expect(": note");
    let transcript = fs::read_to_string(rehearsal.dir().join("transcript.jsonl")).unwrap();
    assert!(
        transcript.contains("the clock on the wall is slow"),
        "{}",
        at.picture()
    );
}

#[test]
fn a_terminal_made_small_and_large_again_in_a_moment_shows_all_of_the_screen() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    for _ in 0..10 {
        // The drawn screen is lost, and the size is the one that the program knows.
        at.squeeze(40, 10).squeeze(80, 24);
        at.expect(INSERT)
            .expect("is out; Ctrl-N inserts")
            .expect("F4 leave");
    }
}

#[test]
fn the_whole_serial_number_is_taken() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    call_first(&mut at);
    let serial = serials(&rehearsal.dir())[0];
    at.by_hand(PLUG).expect(IDENTIFY).enter(&serial.to_string());
    at.expect(NEW_PIN);
    third_option(&mut at);
    at.expect("Why the turn ends")
        .enter("only a look")
        .enter("end");
    at.expect(REMOVE.following(&["turn-ended"])).by_hand(PLUG);
    at.expect(CALL);
}
