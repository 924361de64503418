//! PINs are typed blind, compared here, and handed over once.

use crossterm::event::KeyCode;

use super::{
    interrupting::insert,
    printed::Paper,
    story::{Story, handle, prompt, recipient, serial},
    table::Table,
};
use crate::{
    driver::{Asked, Errand, Interrupt, PinPrompt, Work},
    host::secret::Secret,
    tui::link::{Heard, Request},
};

fn prompted(new: bool) -> Table {
    let mut table = Table::of(&Story::at_enrolment());
    let asked = if new { Asked::NewPin } else { Asked::Pin };
    table.request(Request::Pin(prompt(3, asked)));
    table
}

fn pin(heard: Heard) -> Secret {
    match heard {
        Heard::Pin(pin) => pin,
        _ => panic!("no PIN"),
    }
}

#[test]
fn a_pin_is_handed_over_and_never_shown() {
    let mut table = prompted(false);
    table.keys("739164");
    assert!(table.picture().contains("> ******"));
    assert!(!table.picture().contains("7391"));
    let pin = pin(table.press(KeyCode::Enter).heard());
    assert!(pin.same_as(&Secret::of(b"739164")));
}

#[test]
fn a_new_pin_is_handed_over_when_it_was_typed_twice_alike() {
    let mut table = prompted(true);
    assert!(table.enter("739164").nothing_happened());
    let pin = pin(table.enter("739164").heard());
    assert!(pin.same_as(&Secret::of(b"739164")));
}

#[test]
fn the_rest_of_a_pin_opens_no_option_and_is_typed_into_no_note() {
    for asked in [false, true] {
        let mut table = prompted(asked);
        table.keys("73").press(KeyCode::Esc).keys("1164");
        assert!(table.says("Options."), "{}", table.picture());
        assert!(!table.picture().contains("164"), "{}", table.picture());
        // Enter goes back to the PIN, of which nothing was typed elsewhere.
        table.press(KeyCode::Enter);
        assert!(!table.says("Options."), "{}", table.picture());
        assert!(table.says("PIN"), "{}", table.picture());
    }
}

#[test]
fn typed_as_a_line_only_a_digit_alone_opens_an_option_over_a_pin() {
    let mut paper = Paper::of(&Story::at_enrolment());
    paper.request(Request::Pin(prompt(3, Asked::Pin)));
    paper.line("?").line("139164");
    assert!(!paper.text().contains("A note"), "{}", paper.text());
    paper.line("1");
    assert!(paper.text().contains("A note"), "{}", paper.text());
}

#[test]
fn two_different_new_pins_begin_again() {
    // The second may be one that would be refused by itself.
    for second in ["739165", "123456", "7391"] {
        let mut table = prompted(true);
        table.enter("739164").enter(second);
        assert!(table.nothing_happened());
        assert!(
            table.says("are not the same") && table.says("first time"),
            "{second}: {}",
            table.picture()
        );
    }
}

#[test]
fn a_new_pin_that_a_thief_would_try_is_refused_with_its_reason() {
    let mut table = prompted(true);
    table.enter("123456");
    assert!(table.nothing_happened());
    assert!(table.says("from the factory"));
}

#[test]
fn a_refused_pin_does_not_push_the_end_of_the_recipient_out_of_sight() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Pin(PinPrompt {
        sealed_to: Some(recipient()),
        ..prompt(3, Asked::NewPin)
    }));
    let recipient = recipient();
    for typed in ["", "123456"] {
        let picture = table.enter(typed).picture();
        assert!(picture.contains(recipient.last_characters()), "{picture}");
    }
    assert!(table.says("from the factory"));
}

#[test]
fn a_pin_that_cannot_be_one_uses_up_no_try() {
    let mut table = prompted(false);
    table.enter("7391");
    assert!(table.nothing_happened());
    assert!(table.says("no try was used up"));
}

#[test]
fn a_touched_device_is_recognised_in_a_pin_field() {
    for new in [false, true] {
        let mut table = prompted(new);
        table.enter("ccccccjlukunvvudkgkrnhlghbufhhrvirtrfvbuhulk");
        assert!(table.nothing_happened());
        assert!(table.says("touched YubiKey typed"));
    }
}

#[test]
fn a_touch_in_the_middle_of_a_pin_is_explained() {
    let mut table = prompted(false);
    table.enter("7391ccccccjlukunvvudkgkrnhlghbufhhrvirtrfvbuhulk");
    assert!(table.nothing_happened());
    assert!(table.says("one-time password by itself"));
}

#[test]
fn a_pin_is_corrected_and_emptied() {
    let mut table = prompted(false);
    table
        .keys("99")
        .control('u')
        .keys("739165")
        .press(KeyCode::Backspace)
        .keys("4");
    let pin = pin(table.press(KeyCode::Enter).heard());
    assert!(pin.same_as(&Secret::of(b"739164")));
}

#[test]
fn what_is_shown_once_is_shown_on_a_word_and_confirmed_by_another() {
    let mut table = Table::of(&Story::at_enrolment());
    table.request(Request::Once {
        holder: handle(3),
        serial: serial(3),
        puk: Secret::of(b"83920174"),
        management: Secret::of(&[0xa5; 24]),
    });
    assert!(!table.picture().contains("83920174"));
    table.enter("written");
    assert!(table.nothing_happened());
    assert!(table.enter("show").picture().contains("83920174"));
    assert!(matches!(table.enter("written").heard(), Heard::Done));
}

#[test]
fn the_terminal_hides_what_is_typed_around_a_pin_and_shows_what_is_no_secret() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut paper = Paper::of(&story);
    let doing = "signing".to_owned();
    for work in [insert(), Work::Busy { doing }] {
        paper.request(Request::Working(work, None));
        assert!(paper.hides_typing(), "{}", paper.text());
        paper.line("?");
        assert!(paper.hides_typing(), "the options over a wait");
        paper.line("");
    }
    paper.request(Request::Ask(story.question(), None));
    assert!(!paper.hides_typing(), "the number on the case");
    paper.line("?");
    assert!(paper.hides_typing(), "the options over the number");
    paper.line("1");
    assert!(!paper.hides_typing(), "a note over the number");
    paper.line("?").line("1111");
    assert!(paper.hides_typing(), "after the answer");
    paper.request(Request::Pin(prompt(3, Asked::Pin)));
    assert!(paper.hides_typing(), "the PIN");
    paper.line("?");
    assert!(paper.hides_typing(), "the options over the PIN");
    paper.line("1");
    assert!(!paper.hides_typing(), "a note over the PIN");
    paper.line("?").line("\u{3}");
    assert!(paper.hides_typing(), "leaving over the PIN");
}

#[test]
fn the_terminal_hides_what_is_typed_while_a_signing_event_waits() {
    let mut paper = Paper::of(&Story::at_confirm());
    paper.request(Request::Errand(Errand {
        line: "signing".to_owned(),
        next: "the device signs".to_owned(),
        digests: Vec::new(),
        written: false,
    }));
    paper.request(Request::Working(insert(), None));
    assert!(paper.hides_typing());
    paper.line("?");
    assert!(paper.hides_typing());
}

#[test]
fn the_rest_of_a_pin_after_the_key_of_a_note_is_typed_into_no_note() {
    for asked in [false, true] {
        for key in [KeyCode::F(2), KeyCode::F(3)] {
            let mut table = prompted(asked);
            table.keys("73").press(key).enter("64669359");
            assert!(!table.picture().contains("64669359"), "{}", table.picture());
            assert!(table.says("PIN"), "{}", table.picture());
            assert!(table.nothing_happened());
        }
        for key in ['o', 'e'] {
            let mut table = prompted(asked);
            table.keys("73").control(key);
            assert!(table.says("Options."), "{}", table.picture());
        }
    }
}

#[test]
fn the_rest_of_a_pin_is_not_shown_where_the_ceremony_is_left() {
    let mut table = prompted(false);
    table.keys("73").press(KeyCode::F(4)).keys("64669359");
    assert!(table.says("Leave the ceremony"), "{}", table.picture());
    assert!(table.says("> ********_"), "{}", table.picture());
    table.control('u').enter("leave");
    assert!(matches!(table.interrupt(), Interrupt::Leave));
}

#[test]
fn a_note_over_a_pin_refuses_digits_alone() {
    let mut table = prompted(false);
    let chosen = |table: &mut Table| {
        table.press(KeyCode::F(2));
        for _ in 0..9 {
            table.press(KeyCode::Up);
        }
        table.press(KeyCode::Enter);
        assert!(table.says("A note for the transcript"));
    };
    chosen(&mut table);
    for digits in ["6466", "64669359", "6466 9359"] {
        table.enter(digits);
        assert!(
            table.says("This looks like a PIN, and the record is public."),
            "{}",
            table.picture()
        );
        assert!(!table.picture().contains("6466"), "{}", table.picture());
    }
    table.enter("the keyboard has no 7").enter("record");
    assert!(matches!(
        table.interrupt(),
        Interrupt::Note(note) if note == "the keyboard has no 7"
    ));
}
