//! The pages of a holder at home.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;

use super::{
    super::{
        printed::Paper,
        story::{Story, hand_over, handle},
        table::Table,
    },
    asked, option, request, without_the_third,
};
use crate::{
    driver::{Farewell, HandOver, Interrupt},
    tui::{
        link::{Heard, Request},
        model::Act,
        page::word_rows,
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{Answer, question::reading_words},
    transcript::{Event, Person, Program, Time},
};

/// The third holder, at home, before the request is read.
fn at_home(lines: usize) -> Story {
    let mut story = without_the_third(lines);
    begin_at_home(&mut story);
    story
}

fn begin_at_home(story: &mut Story) {
    story.tell(Event::AnswerBegun {
        holder: handle(3),
        request: request(),
        program: Box::new(Program {
            name: "keymoot 0.1.0".to_owned(),
            sha256: Digest::of(b"the program"),
            sbom: Digest::of(b"what it is made of"),
        }),
        expected: "rehearsal-small".to_owned(),
        trusted_root: None,
    });
    story.tell(Event::MachineChecked {
        verdicts: Vec::new(),
    });
}

/// The third holder, at home, before the request to close is read; how many events the sealed
/// transcript has, and its head.
fn at_home_to_close() -> (Story, u64, Digest) {
    let mut story = Story::at_signing(5);
    for event in [
        Event::Enough {
            step: "signing".to_owned(),
        },
        Event::Verified {
            verdicts: Vec::new(),
        },
        Event::Confirmed {
            step: "last-words".to_owned(),
            fields: BTreeMap::new(),
        },
        Event::Sealed {
            attachments: BTreeMap::new(),
        },
    ] {
        story.tell(event);
    }
    let sealed = story.view();
    story.tell(Event::ManifestMade {
        manifest: Digest::of(b"manifest"),
    });
    let departs = story.state.comes_or_goes(Person::Holder(handle(3)));
    story.tell(departs);
    begin_at_home(&mut story);
    (story, sealed.entries, sealed.head)
}

#[test]
fn the_page_at_home_says_first_why_the_root_changes_as_the_table_does() {
    let list = "What changes in root.json * The key of holder-1 in device 12838521 is revoked: stolen \
                * This is the first root: version 1.";
    let reason = "The key of holder-1 in device 12838521 is revoked: stolen".to_owned();
    let mut home = at_home(3);
    home.readings[0].reasons = vec![reason.clone()];
    let mut table = Story::at_review(3);
    table.readings[0].reasons = vec![reason];
    for story in [home, table] {
        assert!(Table::asked(&story).says(list));
    }
}

#[test]
fn a_holder_at_home_sees_what_the_closing_signature_covers() {
    let (story, events, head) = at_home_to_close();
    let mut table = Table::asked(&story);
    let events = format!("* Its sealed transcript has {events} events.");
    for row in [
        "* Ceremony 0123456789abcdef0123456789abcdef, opened on 2026-09-21.",
        events.as_str(),
        "* root.json, version 1: signed by 5 of its keys, 5 must.",
        "Times and typed texts are only claimed",
        "Your signature covers this record up to the seal. It signs no new document.",
        "The request claims it. keymoot makes MANIFEST.json again before your device signs",
    ] {
        assert!(table.says(row), "{row}\n{}", table.picture());
    }
    for (at, words) in word_rows(&head).iter().enumerate() {
        assert!(table.says(&format!("{} {words}", at + 1)), "{words}");
    }
    // The words that are typed are those of the request.
    assert!(table.says(&format!("1 {}", word_rows(&request())[0])));
    // A request to sign documents shows no record.
    assert!(!Table::asked(&at_home(3)).says("What you close"));
}

#[test]
fn a_long_request_is_printed_page_by_page_and_answered_after_its_end() {
    let mut paper = Paper::asked(&at_home(269));
    let last = "\"line\": 269,";
    assert!(paper.text().contains("rows: Enter shows more --"));
    paper.line(&format!("{} phone", reading_words(&request())));
    let asked = "Type the first two words";
    assert!(!paper.text().contains(last) && !paper.text().contains(asked));
    for _ in 0..30 {
        paper.line("");
    }
    assert!(paper.text().contains(last), "{}", paper.text());
    assert!(paper.text().contains(asked), "{}", paper.text());
    for word in request().words() {
        assert!(paper.text().contains(word), "{word}");
    }
}

#[test]
fn leaving_at_home_names_the_command_that_continues_there() {
    let mut table = Table::asked(&at_home(3));
    table.press(KeyCode::F(4));
    assert!(table.says("Holder 3 (holder-3)"));
    assert!(table.says("The same `keymoot answer` command continues from here."));
    assert!(!table.says("keymoot resume"));
    let mut table = Table::asked(&asked());
    table.press(KeyCode::F(4));
    assert!(table.says("The administrator") && table.says("keymoot resume"));
}

#[test]
fn the_sealed_file_is_shown_at_home_in_the_folder_of_the_turn() {
    for (story, folder) in [
        (
            at_home(3),
            "in the folder of your turn: /me/3.turn/escrow/3.age",
        ),
        (asked(), "in the ceremony's folder: /me/3.turn/escrow/3.age"),
    ] {
        let mut table = Table::of(&story);
        table.request(Request::HandOver(HandOver {
            file: "/me/3.turn/escrow/3.age".to_owned(),
            ..hand_over()
        }));
        assert!(table.says(folder), "{}", table.picture());
    }
}

#[test]
fn the_last_screen_at_home_names_the_folder_to_keep() {
    let mut table = Table::of(&at_home(3));
    table.request(Request::Finished(Farewell {
        bundle: "/me/3.answer".to_owned(),
        medium: None,
        copies: Vec::new(),
        manifest: None,
        answer: None,
        turn: Some("/me/3.answer.turn".to_owned()),
    }));
    assert!(table.says("Your answer is written. Send this file back: /me/3.answer"));
    let kept = "the folder of your turn, until the ceremony is over: /me/3.answer.turn";
    assert!(table.says(kept), "{}", table.picture());
}

#[test]
fn the_options_at_home_are_those_of_the_holder() {
    let mut table = Table::asked(&at_home(3));
    table.press(KeyCode::Esc);
    assert!(table.says("Holder 3 (holder-3) Options."));
    assert!(!table.says("The administrator"));
}

#[test]
fn the_day_by_which_an_answer_is_due_is_on_the_first_page() {
    let mut story = at_home(40);
    assert!(!Table::asked(&story).says("Answer by"));
    story.due = Time::parse("2026-12-24T23:59:59Z");
    let picture = Table::asked(&story).picture();
    assert!(picture.contains("Answer by 2026-12-24."), "{picture}");
    let late = "That day is past; a late answer counts.";
    assert!(!picture.contains(late), "{picture}");
    story.due = Time::parse("2026-09-20T23:59:59Z");
    assert!(Table::asked(&story).says(&format!("Answer by 2026-09-20. {late}")));
}

/// What the driver hears of lines that were typed at home, if anything.
fn typed_at_home(lines: &[&str]) -> Option<Answer> {
    let mut table = Table::asked(&at_home(3));
    table.read_on();
    for line in lines {
        table.enter(line);
    }
    match table.acts().pop() {
        Some(Act::Tell(Heard::Answer(answer))) => Some(answer),
        _ => None,
    }
}

#[test]
fn words_without_a_channel_are_asked_for_it_once_more() {
    let words = reading_words(&request());
    let with_phone = format!("{words} phone");
    assert_eq!(typed_at_home(&[&words]), None);
    let answer = |typed: &str| Some(Answer::Typed(typed.to_owned()));
    assert_eq!(typed_at_home(&[&words, ""]), answer(&words));
    assert_eq!(typed_at_home(&[&words, "phone"]), answer(&with_phone));
    assert_eq!(typed_at_home(&[&words, &with_phone]), answer(&with_phone));
    assert_eq!(typed_at_home(&[&with_phone]), answer(&with_phone));
    // Wrong words are refused, and not asked for a channel.
    assert_eq!(typed_at_home(&["two words"]), answer("two words"));
    let mut table = Table::asked(&at_home(3));
    table.read_on().enter(&words);
    assert!(table.says("your answer says that nobody compared"));
}

#[test]
fn in_plain_enter_alone_says_that_nobody_compared() {
    let mut paper = Paper::asked(&at_home(269));
    for _ in 0..30 {
        paper.line("");
    }
    paper.line(&reading_words(&request()));
    assert!(paper.text().contains("Enter alone: nobody compared"));
    assert!(!paper.is_answered());
    paper.line("");
    assert!(paper.is_answered());
}

#[test]
fn the_words_of_the_request_are_shown_at_home_in_large_type() {
    let mut table = Table::asked(&at_home(3));
    table.press(KeyCode::F(8));
    assert!(table.picture().contains("SHA-256 of this request"));
}

#[test]
fn a_holder_at_home_declines_on_the_screen_and_says_why() {
    let mut table = Table::asked(&at_home(3));
    option(&mut table, "decline, and say why");
    assert!(table.says("Decline, and say why?"));
    table.enter("I am ill").enter("decline");
    assert_eq!(table.interrupt(), Interrupt::Decline("I am ill".to_owned()));
    let mut table = Table::asked(&asked());
    table.press(KeyCode::Esc);
    assert!(!table.says("decline, and say why"));
}
