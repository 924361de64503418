//! `--plain`: a line counts as a whole, and no part of it reaches the next question.

use std::collections::BTreeSet;

use super::{
    printed::Paper,
    story::{Story, handle, prompt},
};
use crate::{
    driver::{Asked, Interrupt},
    tui::{
        link::{Heard, Request},
        model::Act,
        room::{RoomDevice, RoomSeen},
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{
        Answer, Question,
        requests::{Apart, Asked as Requested},
        turn::Purpose,
    },
    transcript::{Event, Person},
};

/// Lines that are no number of a list.
const NO_NUMBERS: [&str; 8] = [
    "/tmp/trial2/c3.answer.txt",
    "17",
    "0",
    "1x",
    "2 3 4 record",
    "64669359",
    "-1",
    "１",
];

/// The number of an option.
fn option(options: &str, what: &str) -> String {
    let row = options.lines().find(|row| row.contains(what));
    row.unwrap().split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_line_that_is_no_seat_begins_no_turn() {
    for line in NO_NUMBERS {
        let mut paper = Paper::asked(&Story::at_enrolment());
        let said = paper.answer(line);
        assert!(said.starts_with("! "), "{line}: {said}");
        assert!(!said.contains("6466"), "{said}");
        assert!(paper.acts.is_empty(), "{line}");
        paper.line("");
        assert!(paper.acts.is_empty(), "Enter after {line}");
    }
}

#[test]
fn the_number_of_a_seat_begins_the_turn_of_its_holder() {
    let mut paper = Paper::asked(&Story::at_enrolment());
    assert!(
        paper
            .answer("12")
            .contains("! There is no seat to call 12:")
    );
    paper.line("3");
    match paper.acts.as_slice() {
        [Act::Tell(Heard::Answer(Answer::Begin(holder)))] => assert_eq!(*holder, handle(3)),
        _ => panic!("no turn began"),
    }
}

#[test]
fn a_line_that_is_no_option_opens_none() {
    for line in NO_NUMBERS {
        let mut paper = Paper::asked(&Story::at_enrolment());
        paper.line("?");
        let said = paper.answer(line);
        assert!(said.starts_with("! "), "{line}: {said}");
        assert!(said.contains(": 1 to "), "{line}: {said}");
        assert!(!said.contains("A note"), "{line}: {said}");
    }
}

#[test]
fn the_options_say_which_numbers_there_are() {
    let mut paper = Paper::asked(&Story::at_enrolment());
    let said = paper.line("?").answer("17");
    assert!(said.starts_with("! There is no option 17: 1 to "), "{said}");
    // What was typed may have been a PIN.
    let mut paper = Paper::of(&Story::at_enrolment());
    paper.request(Request::Pin(prompt(3, Asked::Pin)));
    let said = paper.line("?").answer("64669359");
    assert!(!said.contains("6466"), "{said}");
}

#[test]
fn every_option_is_opened_by_its_number() {
    let story = Story::at_enrolment();
    let mut paper = Paper::asked(&story);
    let options = paper.answer("?");
    let rows = options.lines().filter_map(|row| row.trim().split_once(' '));
    let rows = rows.filter(|(number, _)| number.parse::<usize>().is_ok());
    let numbers: Vec<_> = rows
        .map(|(number, what)| (number.to_owned(), what.to_owned()))
        .collect();
    assert!(numbers.len() > 5, "{options}");
    for (number, what) in numbers {
        let said = Paper::asked(&story).line("?").answer(&number);
        let expected = match what.as_str() {
            "record a note" => "A note for the transcript",
            "record an exception" => "An exception",
            "somebody arrives or leaves the room" => "Who arrives or leaves",
            "compare a digest: hexadecimal and words" => "SHA-256 of",
            "we do not agree, or there is no quorum" => "End this ceremony",
            "a break" => "A break.",
            "leave, and resume later" => "Leave the ceremony",
            "help: what the keys do" => "Help",
            "go back" => "Whose turn?",
            other => panic!("an unknown option: {other}"),
        };
        assert!(said.contains(expected), "{number} {what}: {said}");
    }
}

#[test]
fn the_seats_in_words_say_who_is_here_also_after_the_enrolment() {
    let mut story = Story::at_enrolment();
    story.enrolled(1).enrolled(2);
    let departs = story.state.comes_or_goes(Person::Holder(handle(2)));
    story.tell(departs);
    let said = Paper::asked(&story).answer("?");
    for seat in [
        "seat 1 holder-1: enrolled, present",
        "seat 2 holder-2: enrolled, absent",
        "seat 3 holder-3: present",
    ] {
        assert!(said.lines().any(|row| row == seat), "{seat}\n{said}");
    }
}

#[test]
fn a_form_says_that_a_question_mark_goes_back() {
    for what in ["record a note", "somebody arrives or leaves", "a break"] {
        let mut paper = Paper::asked(&Story::at_enrolment());
        let number = option(&paper.answer("?"), what);
        // In the list of people, the second line chooses one, and the third is not the word.
        for line in [number.as_str(), "3", "arrived", ""] {
            let said = paper.answer(line);
            assert!(said.ends_with("    ? goes back.\n> "), "{what}: {said}");
        }
        let said = paper.answer("?");
        assert!(said.contains("Whose turn?"), "{what}: {said}");
        assert!(paper.acts.is_empty());
    }
}

#[test]
fn before_the_word_of_a_form_the_number_of_a_line_corrects_it() {
    let mut paper = Paper::asked(&Story::at_enrolment());
    let number = option(&paper.answer("?"), "record an exception");
    paper.line(&number).line("five").line("fuor");
    let said = paper.answer("continue");
    for row in [
        "line 1: What was expected: five",
        "line 2: What happened: fuor",
        "line 3: What was decided: continue",
        "    To change a line, type its number.",
    ] {
        assert!(said.lines().any(|line| line == row), "{row}\n{said}");
    }
    let said = paper.answer("2");
    assert!(
        said.contains("What happened: (Enter alone: fuor)"),
        "{said}"
    );
    // The line after it is kept.
    let said = paper.line("four").answer("");
    assert!(said.contains("line 2: What happened: four"), "{said}");
    assert!(paper.acts.is_empty());
    paper.line("record");
    match paper.acts.as_slice() {
        [
            Act::Tell(Heard::Interrupt(Interrupt::Exception {
                expected,
                happened,
                decided,
            })),
        ] => assert_eq!([expected, happened, decided], ["five", "four", "continue"]),
        _ => panic!("no exception"),
    }
}

#[test]
fn before_a_step_is_confirmed_the_number_of_a_line_corrects_it() {
    let mut paper = Paper::asked(&Story::at_confirm());
    let bag = "line 1: Number of the tamper-evident bag that held the machine:";
    let said = paper.line("A 1234").answer("09:30");
    assert!(said.contains(&format!("{bag} A 1234")), "{said}");
    // The line after it is kept.
    let said = paper.line("1").line("A 4321").answer("");
    assert!(said.contains(&format!("{bag} A 4321")), "{said}");
    assert!(said.contains(": 09:30"), "{said}");
    assert!(paper.acts.is_empty());
    paper.line("confirm");
    match paper.acts.last() {
        Some(Act::Tell(Heard::Answer(Answer::Confirm { fields, .. }))) => {
            assert_eq!(fields["bag"], "A 4321");
            assert_eq!(fields["clock"], "09:30");
        }
        _ => panic!("no confirmation"),
    }
}

#[test]
fn a_line_that_is_no_choice_asks_takes_and_withdraws_nothing() {
    let mut story = Story::at_roll_call();
    story.tell(Event::RollCalled {
        present: (1..=7).map(handle).collect(),
        witnesses: Vec::new(),
        apart: vec![handle(8), handle(9)],
    });
    story.state.requests.push(Requested {
        request: Digest::of(b"request"),
        head: Digest::of(b"head"),
        seq: 20,
        step: story.state.step,
        to: vec![handle(8)],
        until: None,
        replied: BTreeSet::new(),
        withdrawn: false,
    });
    let chosen = |line: &str| {
        let mut paper = Paper::asked(&story);
        let number = option(&paper.answer("?"), "holders apart");
        let choice = paper.answer(&number);
        assert!(choice.contains("withdraw the newest request"), "{choice}");
        let said = paper.answer(line);
        assert!(paper.acts.is_empty(), "{line}");
        said
    };
    for line in NO_NUMBERS {
        let said = chosen(line);
        assert!(said.starts_with("! "), "{line}: {said}");
        assert!(
            said.contains("What for? Type its number."),
            "{line}: {said}"
        );
    }
    let said = chosen("3");
    assert!(said.contains("Why, in one line"), "{said}");
}

#[test]
fn a_line_that_is_no_list_of_seats_marks_nobody() {
    for line in ["17", "1 2 17", "123", "1 2 present", "1x", "64669359"] {
        let mut paper = Paper::asked(&Story::at_roll_call());
        let said = paper.answer(line);
        assert!(said.starts_with("! "), "{line}: {said}");
        assert!(!said.contains("[x]"), "{line}: {said}");
        assert!(paper.acts.is_empty(), "{line}");
    }
    let mut paper = Paper::asked(&Story::at_roll_call());
    let said = paper.answer("1, 3 9");
    for marked in ["[x] present 1 ", "[x] present 3 ", "[x] present 9 "] {
        assert!(said.contains(marked), "{said}");
    }
    assert_eq!(said.matches("[x]").count(), 3, "{said}");
}

#[test]
fn a_person_arrives_or_departs_by_a_number_alone() {
    let mut paper = Paper::asked(&Story::at_enrolment());
    let number = option(&paper.answer("?"), "somebody arrives");
    paper.line(&number);
    for line in ["3 departed", "departed", "17", "4departed"] {
        let said = paper.answer(line);
        assert!(said.starts_with("! "), "{line}: {said}");
        assert!(paper.acts.is_empty(), "{line}");
    }
    paper.line("1").line("2").line("departed");
    assert_eq!(paper.acts.len(), 1);
}

#[test]
fn the_number_of_a_device_goes_to_no_screen() {
    let mut paper = Paper::asked(&Story::at_enrolment());
    paper.room(RoomSeen {
        devices: (1..=9)
            .map(|number| RoomDevice {
                number,
                serial: 17_380_000,
                inserted: false,
                awaiting_touch: false,
            })
            .collect(),
        failed: None,
    });
    for line in ["#12", "#03", "#3", "#0"] {
        paper.line(line);
        assert!(paper.acts.is_empty(), "{line}");
        paper.line("");
        assert!(paper.acts.is_empty(), "Enter after {line}");
    }
    let said = paper.answer("#12");
    assert!(
        said.starts_with("! There is no such device: 1 to 9."),
        "{said}"
    );
}

#[test]
fn only_enter_begins_the_turn_of_a_holder_at_home() {
    let mut story = Story::at_enrolment();
    story.state.apart = Some(Apart {
        holder: handle(3),
        purpose: Purpose::Enroll,
        request: Digest::of(b"request"),
        base: Digest::of(b"base"),
        programs: Vec::new(),
        expected: String::new(),
        trusted_root: None,
        machine: None,
        compared: None,
        serial: None,
        statement: None,
        done: false,
    });
    let mut paper = Paper::of(&story);
    paper.request(Request::Ask(
        Question::WhoseTurn {
            purpose: Purpose::Enroll,
            waiting: vec![handle(3)],
            can_stop: false,
        },
        None,
    ));
    let said = paper.answer("64669359");
    assert!(said.starts_with("! Only Enter begins your turn."), "{said}");
    assert!(paper.acts.is_empty());
}
