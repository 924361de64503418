//! Nothing is confirmed that nobody typed out.

use std::{collections::BTreeMap, time::Duration};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    story::{SCRIPT, Story, device_error, handle, now, roster, serial},
    table::Table,
};
use crate::{
    driver::{Interrupt, Trouble, Work},
    tui::{
        link::{Heard, Request},
        model::Act,
    },
};
use keymoot_core::{Rule, digest::Digest};
use keymoot_record::{
    ceremony::{Answer, Question, Refusal, Said, question::reading_words},
    transcript::{Event, Mode},
};

/// Every question that a ceremony asks, each with the story in which it is asked.
pub(super) fn every_question() -> Vec<Story> {
    let mut used = Story::at_enrolment();
    used.device_seen(3, true);
    let mut erase = Story::at_enrolment();
    erase.device_seen(3, true).tell(Event::DeviceConfirmed {
        holder: handle(3),
        serial: serial(3),
    });
    let violated = || {
        vec![keymoot_core::Violation::new(Rule::MachineSwap, "there is swap", "turn it off").into()]
    };
    let mut refused = Story::at_enrolment();
    refused.tell(Event::TurnBegun { holder: handle(3) });
    refused.tell(Event::DeviceSeen {
        holder: handle(3),
        serial: serial(3),
        family: keymoot_attestation::Family::YubiKey,
        firmware: "5.4.3".to_owned(),
        used: false,
        state: None,
        verdicts: violated(),
    });
    let mut unfit = Story::opened();
    unfit.tell(Event::MachineChecked {
        verdicts: violated(),
    });
    vec![
        Story::at_digests(Mode::Rehearsal, SCRIPT.to_owned(), roster()),
        Story::at_confirm(),
        Story::at_roll_call(),
        Story::at_enrolment(),
        Story::at_signing(5),
        Story::at_review(3),
        used,
        erase,
        refused,
        Story::with_key_found(3),
        unfit,
    ]
}

fn typed(heard: &Heard) -> &str {
    match heard {
        Heard::Answer(Answer::Typed(typed)) => typed,
        _ => panic!("nothing was typed"),
    }
}

#[test]
fn enter_alone_does_nothing_on_any_question() {
    for story in every_question() {
        let mut table = Table::asked(&story);
        for _ in 0..50 {
            table.press(KeyCode::Enter);
        }
        assert!(table.nothing_happened(), "{:?}", story.question());
    }
}

#[test]
fn the_words_typed_before_a_question_was_seen_do_not_answer_it() {
    let story = Story::at_review(1);
    let mut table = Table::asked(&story);
    let before = table.now;
    table.now += Duration::from_millis(5);
    table.model.shown(table.now);
    for c in "confirm".chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        assert!(table.model.key(&key, before).is_empty());
    }
    assert!(!table.picture().contains("confirm_"));
}

#[test]
fn a_key_pressed_while_a_question_is_not_yet_drawn_is_dropped() {
    let mut table = Table::asked(&Story::at_confirm());
    let key = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE);
    table.model.key(&key, table.now);
    assert!(!table.picture().contains("> x"));
}

#[test]
fn a_refused_value_is_replaced_by_the_next_character_and_corrected_by_backspace() {
    let mut table = Table::asked(&Story::at_confirm());
    table.enter("A 1234").enter("99:99");
    assert!(table.picture().contains("> 99:99"));
    assert!(table.keys("09:30").picture().contains("> 09:30_"));
    table.press(KeyCode::Enter);
    assert!(table.says("type confirm"), "{}", table.picture());
    let mut table = Table::asked(&Story::at_confirm());
    table.enter("A 1234").enter("09:99");
    table.press(KeyCode::Backspace).press(KeyCode::Backspace);
    assert!(table.keys("30").picture().contains("> 09:30_"));
}

#[test]
fn a_step_is_confirmed_by_its_fields_and_the_word() {
    let mut table = Table::asked(&Story::at_confirm());
    table.enter("A 1234").enter("09:30");
    assert!(table.nothing_happened());
    table.enter("confirm");
    match table.heard() {
        Heard::Answer(Answer::Confirm { word, fields }) => {
            assert_eq!(word, "confirm");
            assert_eq!(fields["bag"], "A 1234");
            assert_eq!(fields["clock"], "09:30");
        }
        _ => panic!("no confirmation"),
    }
}

#[test]
fn a_field_that_holds_something_else_is_not_left() {
    let mut table = Table::asked(&Story::at_confirm());
    table
        .enter("A 1234")
        .enter("half past nine")
        .enter("confirm");
    assert!(table.nothing_happened());
    assert!(table.picture().contains("00:00 to 23:59"));
}

#[test]
fn what_was_typed_stays_when_the_word_is_refused() {
    let story = Story::at_confirm();
    let mut table = Table::asked(&story);
    table.enter("A 1234").enter("09:30").enter("yes");
    let refusal = Refusal("Type the word \"confirm\" and press Enter.".to_owned());
    table.request(Request::Ask(story.question(), Some(refusal)));
    let picture = table.picture();
    assert!(picture.contains(": A 1234") && picture.contains("Type the word"));
}

#[test]
fn the_fields_of_one_step_do_not_reach_the_next() {
    let mut table = Table::asked(&Story::at_confirm());
    table.enter("A 1234");
    let mut later = Story::at_confirm();
    later.state.step += 1;
    table.request(Request::Show(Box::new(later.view())));
    table.request(Request::Ask(Question::Confirm, None));
    assert!(!table.picture().contains("A 1234"));
}

#[test]
fn enough_is_typed_and_only_where_it_may_be() {
    let mut table = Table::asked(&Story::at_signing(5));
    assert_eq!(typed(&table.enter("enough").heard()), "enough");
    let mut table = Table::asked(&Story::at_signing(4));
    table.enter("enough");
    assert!(table.nothing_happened());
}

#[test]
fn the_serial_number_is_not_on_the_screen_where_it_is_asked_for() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    let digits = keymoot_record::ceremony::question::last_four(serial(3));
    assert!(!table.picture().contains(&digits));
    assert_eq!(typed(&table.enter(&digits).heard()), digits);
}

#[test]
fn another_device_is_asked_for_by_its_word() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let heard = Table::asked(&story).enter("another").heard();
    assert!(matches!(heard, Heard::Answer(Answer::Another)));
}

#[test]
fn a_document_can_be_confirmed_only_after_its_end_was_seen() {
    let words = reading_words(&Digest::of(b"root"));
    let mut table = Table::asked(&Story::at_review(200));
    table.enter(&words);
    assert!(table.nothing_happened());
    while !table.picture().contains("the end; back") {
        table.press(KeyCode::PageDown);
    }
    assert_eq!(typed(&table.enter(&words).heard()), words);
}

#[test]
fn what_is_checked_or_tried_again_is_typed() {
    let mut story = Story::opened();
    let violation = keymoot_core::Violation::new(Rule::MachineSwap, "swap", "off");
    story.tell(Event::MachineChecked {
        verdicts: vec![violation.into()],
    });
    let mut table = Table::asked(&story);
    assert!(table.enter("r").nothing_happened());
    assert!(matches!(
        table.enter("retry").heard(),
        Heard::Answer(Answer::Again)
    ));
    table.request(Request::Trouble(Trouble {
        holder: handle(3),
        error: device_error(crate::device::ErrorKind::Removed),
    }));
    assert!(matches!(table.enter("retry").heard(), Heard::Done));
}

#[test]
fn a_one_time_password_typed_by_a_touched_device_answers_nothing() {
    let password = "ccccccjlukunvvudkgkrnhlghbufhhrvirtrfvbuhulk";
    for story in every_question() {
        let mut table = Table::asked(&story);
        table.read_on();
        table.enter(password);
        assert!(table.nothing_happened(), "{:?}", story.question());
    }
}

/// Xorshift (Marsaglia 2003): the same keys in every run.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> KeyEvent {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let pick = self.0 >> 8;
        let letter = char::from(b'a' + (pick % 26) as u8);
        let code = match self.0 % 16 {
            0..=2 => KeyCode::Enter,
            3 => KeyCode::Esc,
            4 => KeyCode::Up,
            5 => KeyCode::Down,
            6 => KeyCode::F((pick % 12) as u8 + 1),
            7 => return KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL),
            8 => KeyCode::Char(char::from(b'0' + (pick % 10) as u8)),
            9 => [
                KeyCode::Tab,
                KeyCode::BackTab,
                KeyCode::End,
                KeyCode::PageDown,
            ][(pick % 4) as usize],
            10 => KeyCode::Backspace,
            11 => KeyCode::Char(' '),
            _ => KeyCode::Char(letter),
        };
        KeyEvent::new(code, KeyModifiers::NONE)
    }
}

/// What random keys may do: begin a turn, and record typed
/// remarks; they may confirm, erase, end, skip or leave nothing.
fn harmless(story: &Story, act: Act) -> Option<Refusal> {
    match act {
        Act::Tell(Heard::Answer(answer)) => {
            match story.state.answer(&story.question(), answer, now()) {
                Ok(Said::Event(Event::TurnBegun { .. })) => None,
                Ok(said) => panic!("random keys said {said:?}"),
                Err(refusal) => Some(refusal),
            }
        }
        Act::Tell(Heard::Interrupt(Interrupt::Note(_) | Interrupt::Exception { .. })) => None,
        Act::Room(_) => None,
        Act::Tell(_) => panic!("random keys confirmed something"),
        Act::EndWait(_) => panic!("random keys ended a wait"),
    }
}

#[test]
fn ten_thousand_random_key_streams_confirm_nothing() {
    let mut keys = Keys(0x6b65_796d_6f6f_7421);
    let stories = every_question();
    for round in 0..1_000 {
        let story = &stories[round % stories.len()];
        let mut table = Table::asked(story);
        for _ in 0..10 {
            for _ in 0..8 {
                table.burst(keys.next());
            }
            table.strike(keys.next());
            for act in table.acts() {
                let refusal = harmless(story, act);
                table.request(Request::Ask(story.question(), refusal));
            }
        }
    }
}

#[test]
fn random_keys_end_no_wait_but_for_a_remark_that_was_typed() {
    let mut keys = Keys(7);
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::of(&story);
    let remove = || {
        let work = Work::Remove { holder: handle(3) };
        Request::Working(work, Some(crate::device::Cancel::new()))
    };
    table.request(remove());
    for _ in 0..10_000 {
        table.burst(keys.next());
        for act in table.acts() {
            if matches!(act, Act::EndWait(_)) {
                let remark = table.request(Request::Interrupted).interrupt();
                assert!(matches!(
                    remark,
                    Interrupt::Note(_) | Interrupt::Exception { .. }
                ));
                table.request(remove());
            }
        }
    }
}

#[test]
fn a_wall_clock_that_shows_another_time_is_not_confirmed_in_a_live_ceremony() {
    // The story begins at 14:13:20.
    let said = |mode, clock: &str| {
        let story = Story::at_confirm_as(mode);
        let typed = [("bag", "A 1234"), ("clock", clock)];
        let fields = typed.map(|(id, typed)| (id.to_owned(), typed.to_owned()));
        let answer = Answer::Confirm {
            word: "confirm".to_owned(),
            fields: BTreeMap::from(fields),
        };
        story.state.answer(&Question::Confirm, answer, now())
    };
    assert!(said(Mode::Live, "14:18").is_ok());
    assert!(said(Mode::Rehearsal, "09:30").is_ok());
    let refused = said(Mode::Live, "14:19").unwrap_err().0;
    assert!(refused.starts_with("MACHINE-WATCH: "), "{refused}");
}

#[test]
fn a_rehearsal_says_that_the_wall_clock_is_not_compared() {
    let said = "a rehearsal records it, and does not compare it";
    for (mode, compares) in [(Mode::Live, true), (Mode::Rehearsal, false)] {
        let mut table = Table::asked(&Story::at_confirm_as(mode));
        assert!(!table.says(said), "the bag");
        table.enter("A 1234");
        assert_eq!(!table.says(said), compares, "{}", table.picture());
    }
}

#[test]
fn a_blocked_pin_names_the_other_device_only_where_it_counts() {
    let mut story = Story::at_signing(2);
    story.device_seen(3, false);
    let blocked = || {
        Request::Trouble(Trouble {
            holder: handle(3),
            error: device_error(crate::device::ErrorKind::PinBlocked),
        })
    };
    let mut table = Table::of(&story);
    table.request(blocked());
    assert!(table.says("PUK"));
    assert!(!table.says("spare") && !table.says("other device"));
    let mut outgoing = story.state.seats[2].enrolment.clone().unwrap();
    outgoing.serial = serial(30);
    story.state.seats[2].outgoing = Some(outgoing);
    let mut table = Table::of(&story);
    table.request(blocked());
    assert!(table.says("other device counts too"));
}
