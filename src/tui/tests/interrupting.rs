//! A note, an exception, the end of a turn and leaving are possible everywhere.

use crossterm::event::KeyCode;

use super::{
    printed::Paper,
    story::{Story, handle, serial},
    table::Table,
};
use crate::{
    device::Cancel,
    driver::{Allows, Interrupt, Work},
    tui::{
        link::{Heard, Request},
        model::{Act, Now},
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::{ceremony::Answer, transcript::Event};

/// The wait for the device of the holder in the third seat.
pub(super) fn insert() -> Work {
    Work::Insert {
        holder: handle(3),
        serial: None,
        family: keymoot_attestation::Family::YubiKey,
        seen: None,
    }
}

fn busy() -> Work {
    Work::Busy {
        doing: "generating the key in the device".to_owned(),
    }
}

/// The device of the holder in the third seat blinks.
pub(super) fn touch() -> Work {
    Work::Touch {
        holder: handle(3),
        serial: serial(3),
        allows: Allows {
            what: "the signature on root.json".to_owned(),
            of: "root.json".to_owned(),
            digest: Digest::of(b"root.json"),
        },
    }
}

/// A holder is at the table.
fn turn() -> Story {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    story
}

/// The end of the turn is typed, with a reason.
fn wants_to_end(table: &mut Table) {
    table
        .press(KeyCode::Esc)
        .keys("3")
        .enter("too slow")
        .enter("end");
}

#[test]
fn a_note_is_taken_in_the_middle_of_a_question() {
    let mut table = Table::asked(&Story::at_confirm());
    table
        .control('o')
        .enter("the projector was replaced")
        .enter("record");
    assert_eq!(
        table.interrupt(),
        Interrupt::Note("the projector was replaced".to_owned())
    );
}

#[test]
fn what_was_typed_before_a_note_is_there_after_it() {
    let story = Story::at_confirm();
    let mut table = Table::asked(&story);
    table
        .enter("A 1234")
        .press(KeyCode::F(2))
        .enter("a note")
        .enter("record");
    table.interrupt();
    table.request(Request::Ask(story.question(), None));
    assert!(table.picture().contains(": A 1234"));
    table.enter("09:30").enter("confirm");
    assert!(matches!(
        table.heard(),
        Heard::Answer(Answer::Confirm { .. })
    ));
}

#[test]
fn an_exception_has_three_lines() {
    let mut table = Table::asked(&Story::at_confirm());
    table
        .control('e')
        .enter("nine")
        .enter("eight")
        .enter("wait")
        .enter("record");
    assert_eq!(
        table.interrupt(),
        Interrupt::Exception {
            expected: "nine".to_owned(),
            happened: "eight".to_owned(),
            decided: "wait".to_owned(),
        }
    );
}

#[test]
fn an_empty_note_is_none() {
    let mut table = Table::asked(&Story::at_confirm());
    table.control('o').enter("").enter("   ");
    assert!(table.nothing_happened());
}

#[test]
fn leaving_takes_its_word() {
    let mut table = Table::asked(&Story::at_confirm());
    table.control('l').enter("yes").enter("");
    assert!(table.nothing_happened());
    assert_eq!(table.enter("leave").interrupt(), Interrupt::Leave);
}

#[test]
fn ctrl_c_asks_before_it_leaves() {
    let mut table = Table::asked(&Story::at_confirm());
    table.control('c');
    assert!(table.nothing_happened());
    assert!(table.picture().contains("Leave the ceremony"));
}

#[test]
fn a_turn_ends_with_a_reason_and_the_word() {
    let mut table = Table::asked(&turn());
    table
        .press(KeyCode::Esc)
        .keys("3")
        .enter("it is broken")
        .enter("yes");
    assert!(table.nothing_happened());
    table.enter("end");
    assert_eq!(
        table.interrupt(),
        Interrupt::EndTurn("it is broken".to_owned())
    );
}

#[test]
fn where_nobody_is_at_the_table_there_is_no_turn_to_end() {
    let mut table = Table::asked(&Story::at_confirm());
    table.press(KeyCode::Esc);
    assert!(!table.picture().contains("end the turn"));
}

#[test]
fn a_device_that_was_set_aside_is_not_called_the_holders_own() {
    let mut story = turn();
    story.tell(Event::DeviceSetAside {
        holder: handle(3),
        serial: serial(3),
    });
    let mut table = Table::of(&story);
    let work = Work::Remove { holder: handle(3) };
    table.request(Request::Working(work, Some(Cancel::new())));
    assert!(table.says("Take this device out, then insert the right one."));
    assert!(!table.says("Keep it with you"), "{}", table.picture());
}

#[test]
fn a_wait_is_ended_and_the_driver_learns_why() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(insert(), Some(Cancel::new())));
    table.press(KeyCode::F(4)).enter("leave");
    assert!(matches!(table.acts().as_slice(), [Act::EndWait(_)]));
    table.request(Request::Interrupted);
    assert_eq!(table.interrupt(), Interrupt::Leave);
}

#[test]
fn a_wish_while_the_device_works_reaches_the_driver_at_the_next_question() {
    let story = turn();
    let mut table = Table::of(&story);
    table.request(Request::Working(busy(), None));
    table.control('o').enter("it blinks").enter("record");
    assert!(table.nothing_happened());
    assert!(
        table
            .picture()
            .contains("as soon as the device answers: the note")
    );
    table.request(Request::Ask(story.question(), None));
    assert_eq!(table.interrupt(), Interrupt::Note("it blinks".to_owned()));
}

#[test]
fn what_is_wanted_while_the_device_works_ends_the_next_wait() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(busy(), None));
    table.control('o').enter("it blinks").enter("record");
    table.request(Request::Working(insert(), Some(Cancel::new())));
    assert!(matches!(table.acts().as_slice(), [Act::EndWait(_)]));
    table.request(Request::Interrupted);
    assert_eq!(table.interrupt(), Interrupt::Note("it blinks".to_owned()));
}

#[test]
fn a_wait_that_ended_by_itself_meanwhile_loses_no_note() {
    let story = turn();
    let mut table = Table::of(&story);
    table.request(Request::Working(insert(), Some(Cancel::new())));
    table.control('o').enter("at last").enter("record");
    table.acts();
    // The device was inserted at the same moment, so the driver asks the next question.
    table.request(Request::Ask(story.question(), None));
    assert_eq!(table.interrupt(), Interrupt::Note("at last".to_owned()));
}

#[test]
fn the_end_of_a_turn_that_is_over_meanwhile_ends_no_other() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(busy(), None));
    wants_to_end(&mut table);
    let later = Story::at_enrolment();
    table.request(Request::Show(Box::new(later.view())));
    table.request(Request::Ask(later.question(), None));
    assert!(table.nothing_happened());
}

#[test]
fn what_is_wanted_during_a_touch_reaches_the_driver_before_it_announces_more() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(touch(), None));
    table.press(KeyCode::F(4)).enter("leave");
    assert!(table.nothing_happened());
    let said = "Recorded as soon as the device answers: leaving";
    assert!(table.picture().contains(said), "{}", table.picture());
    table.request(Request::Waiting);
    assert_eq!(table.interrupt(), Interrupt::Leave);
    table.request(Request::Waiting);
    assert!(matches!(table.heard(), Heard::Done));
}

#[test]
fn the_end_of_a_turn_that_is_over_meanwhile_does_not_wait() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(touch(), None));
    wants_to_end(&mut table);
    assert!(table.nothing_happened());
    let over = Story::at_enrolment();
    table.request(Request::Show(Box::new(over.view())));
    table.request(Request::Waiting);
    assert!(matches!(table.heard(), Heard::Done));
}

#[test]
fn two_notes_reach_the_driver_one_after_the_other() {
    let story = turn();
    let mut table = Table::of(&story);
    table.request(Request::Working(busy(), None));
    for note in ["one", "two"] {
        table.control('o').enter(note).enter("record");
    }
    table.request(Request::Ask(story.question(), None));
    assert_eq!(table.interrupt(), Interrupt::Note("one".to_owned()));
    table.request(Request::Ask(story.question(), None));
    assert_eq!(table.interrupt(), Interrupt::Note("two".to_owned()));
}

#[test]
fn a_note_being_written_survives_other_events() {
    let story = turn();
    let mut table = Table::of(&story);
    table.request(Request::Working(insert(), Some(Cancel::new())));
    table.control('o').keys("it does not ");
    table.request(Request::Working(busy(), None));
    table.request(Request::Ask(story.question(), None));
    table.enter("fit").enter("record");
    assert_eq!(
        table.interrupt(),
        Interrupt::Note("it does not fit".to_owned())
    );
}

#[test]
fn another_overlay_does_not_wipe_out_a_note() {
    let mut table = Table::asked(&Story::at_confirm());
    table
        .control('o')
        .keys("half a ")
        .control('l')
        .enter("note")
        .enter("record");
    assert_eq!(table.interrupt(), Interrupt::Note("half a note".to_owned()));
}

#[test]
fn after_an_answer_the_keys_wait_for_the_driver() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.enter("1");
    table.acts();
    assert!(table.enter("2").nothing_happened());
}

#[test]
fn what_looks_like_a_pin_is_warned_of_before_it_is_kept() {
    let mut table = Table::asked(&Story::at_confirm());
    table.control('o').enter("482913");
    assert!(table.says("looks like a PIN"));
    assert!(table.nothing_happened());
    let mut table = Table::asked(&Story::at_confirm());
    table.control('o').enter("the lamp fell over");
    assert!(!table.says("looks like a PIN"));
    assert!(table.picture().contains("the lamp fell over"));
}

/// A text of so many characters, all of whose words differ.
fn long_text(length: usize) -> String {
    let words: String = (0..).map(|n| format!("word{n} ")).take(100).collect();
    words[..length].to_owned()
}

#[test]
fn a_note_that_is_too_long_is_kept_and_says_so() {
    let text = long_text(400);
    let mut table = Table::asked(&Story::at_confirm());
    table.control('o').keys(&text);
    assert!(!table.says("At most 400 characters"), "{}", table.picture());
    table.keys("more");
    assert!(
        table.says("! At most 400 characters."),
        "{}",
        table.picture()
    );
    table.press(KeyCode::Backspace);
    assert!(!table.says("At most 400 characters"), "{}", table.picture());
    table.keys("x").press(KeyCode::Enter).enter("record");
    let expected = format!("{}x", &text[..399]);
    assert_eq!(
        table.interrupt(),
        Interrupt::Note(expected.trim().to_owned())
    );
}

#[test]
fn an_empty_line_of_a_form_says_that_it_needs_words() {
    let needs = "! This line needs words.";
    let mut table = Table::asked(&Story::at_confirm());
    table.control('e');
    for empty in ["", "  "] {
        assert!(table.enter(empty).says(needs), "{}", table.picture());
    }
    assert!(!table.keys("x").says(needs), "{}", table.picture());
    // Nothing is said of the line above.
    table.press(KeyCode::Enter).press(KeyCode::Enter);
    assert!(table.says(needs), "{}", table.picture());
    assert!(!table.press(KeyCode::Up).says(needs), "{}", table.picture());
    assert!(table.nothing_happened());
}

#[test]
fn in_plain_an_empty_line_of_a_form_says_that_it_needs_words_and_does_nothing_else() {
    let mut paper = Paper::asked(&Story::at_confirm());
    paper.line("?").line("1");
    let said = paper.answer("");
    assert!(said.contains("! This line needs words."), "{said}");
    assert!(said.contains("The note, then Enter:"), "{said}");
    paper.line("it rained").line("").line("");
    assert!(paper.acts.is_empty());
    paper.line("record");
    assert_eq!(paper.acts.len(), 1);
}

#[test]
fn a_line_that_is_too_long_for_a_note_is_refused_whole() {
    let mut paper = Paper::asked(&Story::at_confirm());
    paper.line("?").line("1");
    let said = paper.answer(&"x".repeat(401));
    assert!(said.starts_with("! At most 400 characters"), "{said}");
    assert!(said.contains("The note, then Enter:"), "{said}");
}

#[test]
fn the_whole_text_is_shown_before_the_word_that_records_it() {
    let text = long_text(390);
    let mut table = Table::asked(&Story::at_confirm());
    table.control('o').enter(&text);
    assert!(table.says("Type record"));
    let picture = table.picture();
    let mut paper = Paper::asked(&Story::at_confirm());
    paper.line("?").line("1");
    let said = paper.answer(&text);
    for word in text.split_whitespace() {
        assert!(picture.contains(&format!("{word} ")), "{word}\n{picture}");
        assert!(said.contains(word), "{word}\n{said}");
    }
}

#[test]
fn pasted_text_is_ignored_and_the_screen_says_so_for_a_while() {
    let said = "Pasted text was ignored: type it.";
    let mut table = Table::asked(&Story::at_confirm());
    table.model.pasted();
    assert!(table.picture().contains(said), "{}", table.picture());
    assert!(!table.keys("A").picture().contains(said));
    table.model.pasted();
    let Now { utc, up } = table.model.now;
    for (later, shown) in [(2, true), (10, false)] {
        table.model.tick(Now {
            utc,
            up: up + later,
        });
        assert_eq!(table.picture().contains(said), shown, "{later} s later");
    }
}

/// What the end of a turn leaves to stop, when the turn is over already.
const NOTHING_TO_STOP: &str = "The turn had reached its end: nothing was left to stop.";

#[test]
fn who_ends_a_turn_during_its_last_touch_reads_that_it_was_over() {
    let mut table = Table::of(&turn());
    table.request(Request::Working(touch(), None));
    wants_to_end(&mut table);
    assert!(!table.picture().contains(NOTHING_TO_STOP));
    let over = Story::at_enrolment();
    table.request(Request::Show(Box::new(over.view())));
    table.request(Request::Waiting);
    let picture = table.picture();
    assert!(picture.contains(NOTHING_TO_STOP), "{picture}");
}

#[test]
fn printed_lines_say_what_waits_for_the_device_and_what_came_too_late() {
    let mut paper = Paper::of(&turn());
    paper.request(Request::Working(touch(), None));
    paper.line("?").line("3").line("too slow");
    let printed = paper.answer("end");
    let waits = "Recorded as soon as the device answers: the end of the turn";
    assert!(printed.contains(waits), "{printed}");
    assert!(!printed.contains(NOTHING_TO_STOP), "{printed}");
    let over = Story::at_enrolment();
    paper.request(Request::Show(Box::new(over.view())));
    paper.request(Request::Waiting);
    let text = paper.text();
    assert_eq!(text.matches(waits).count(), 1, "{text}");
    assert_eq!(text.matches(NOTHING_TO_STOP).count(), 1, "{text}");
}
