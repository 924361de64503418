//! What the table sees of its requests.

use crossterm::event::KeyCode;

use super::{
    super::{
        printed::Paper,
        story::{Story, handle},
        table::Table,
    },
    asked, option, request, without_the_third,
};
use crate::{
    driver::{Interrupt, Told},
    tui::link::Request,
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{Question, turn::Purpose},
    transcript::{Event, Person},
};

#[test]
fn a_request_says_that_who_departed_after_the_roll_call_must_be_named() {
    let state = without_the_third(3).state;
    let refused = |named: &[&str]| {
        let named: Vec<_> = named.iter().map(|name| (*name).to_owned()).collect();
        let error = crate::apart::whom(&state, &named).unwrap_err();
        (error.what, error.next)
    };
    let (what, help) = refused(&[]);
    assert_eq!(
        what,
        "this step awaits no holder who is apart; not in the room, and not marked as apart: holder-3"
    );
    assert_eq!(help, "name one of them with --to, such as --to holder-3");
    let (what, help) = refused(&["holder-7"]);
    assert!(what.ends_with("this step can ask holder-3"), "{what}");
    assert!(!help.contains("roll call"), "{help}");
    let named = crate::apart::whom(&state, &["holder-3".to_owned()]);
    assert_eq!(named.ok(), Some(vec![handle(3)]));
}

#[test]
fn where_nobody_can_come_the_screen_says_who_can_be_asked_apart_by_name() {
    let mut table = Table::of(&without_the_third(3));
    let asked = |waiting| Question::WhoseTurn {
        purpose: Purpose::Sign,
        waiting,
        can_stop: false,
    };
    let hint = "Not in the room, and not asked: holder-3. To ask one apart, leave (F4), and name \
                the holder: keymoot request DIR --to holder-3 -o FILE";
    table.request(Request::Ask(asked(vec![handle(1)]), None));
    assert!(!table.says("Not in the room"), "{}", table.picture());
    table.request(Request::Ask(asked(Vec::new()), None));
    assert!(table.says(hint), "{}", table.picture());
}

#[test]
fn the_table_shows_the_open_requests_and_all_words_of_the_newest() {
    let mut table = Table::asked(&asked());
    option(&mut table, "holders apart");
    let row = format!(
        "* {}: awaits holder-3; answers are due on 2026-12-24",
        request().short_words()
    );
    assert!(table.says(&row), "{}", table.picture());
    let keys = table.model.keys();
    assert_eq!(keys, "1-2 choose  F8 digest  Esc back");
    table.press(KeyCode::F(8));
    assert!(
        table
            .picture()
            .contains("SHA-256 of the newest open request")
    );
    for word in request().words() {
        assert!(table.picture().contains(word), "{word}");
    }
}

#[test]
fn a_holder_who_was_asked_does_not_arrive_before_the_request_is_withdrawn() {
    let refusal = "holder-3 has an open request. Withdraw it first (Esc, holders apart).";
    let mut table = Table::asked(&asked());
    option(&mut table, "somebody arrives or leaves the room");
    assert!(
        table.says("[?] asked  3 Holder 3 (holder-3)"),
        "{}",
        table.picture()
    );
    assert!(table.says("[?] was asked apart, and has not answered."));
    table.press(KeyCode::Char('3'));
    assert!(table.says(refusal), "{}", table.picture());
    assert!(!table.says("type arrived"));
    assert!(table.enter("arrived").nothing_happened());
    assert!(table.says(refusal), "{}", table.picture());
    // Another one leaves meanwhile.
    table.press(KeyCode::Char('4')).enter("departed");
    let departs = Interrupt::Attend(Person::Holder(handle(4)));
    assert_eq!(table.interrupt(), departs);

    let mut table = Table::asked(&withdrawn());
    option(&mut table, "somebody arrives or leaves the room");
    table.press(KeyCode::Char('3')).enter("arrived");
    let arrives = Interrupt::Attend(Person::Holder(handle(3)));
    assert_eq!(table.interrupt(), arrives);
}

#[test]
fn in_plain_a_holder_who_was_asked_does_not_arrive_either() {
    let mut paper = Paper::asked(&asked());
    paper.line("?");
    let text = paper.text();
    let says = "somebody arrives or leaves the room";
    let row = text.lines().rfind(|line| line.contains(says)).unwrap();
    let number = row.split_whitespace().next().unwrap();
    let said = paper.line(number).answer("3");
    let said: Vec<_> = said.split_whitespace().collect();
    let said = said.join(" ");
    let refusal = "holder-3 has an open request. Withdraw it first (?, holders apart).";
    assert!(said.contains(refusal), "{said}");
    let said = paper.answer("arrived");
    assert!(said.contains("Type a number"), "{said}");
    assert!(paper.acts.is_empty());
}

#[test]
fn the_state_says_why_an_event_may_not_follow() {
    let arrives = Event::Arrived {
        person: Person::Holder(handle(3)),
    };
    let why = "a request to this holder is open: withdraw it first".to_owned();
    let state = asked().state;
    assert!(state.is_asked(&Person::Holder(handle(3))));
    assert_eq!(state.refuses(&arrives), Some(why));
    assert_eq!(withdrawn().state.refuses(&arrives), None);
    let text = "the projector was replaced".to_owned();
    assert_eq!(state.refuses(&Event::Note { text }), None);
}

#[test]
fn the_tenth_option_is_chosen_by_a_digit() {
    let mut table = Table::asked(&asked());
    table.press(KeyCode::Esc);
    let picture = table.picture();
    assert!(table.says("0 go back"), "{picture}");
    assert!(picture.contains("Enter 0-9"), "{picture}");
    table.press(KeyCode::Char('0'));
    assert!(!table.says("Options."), "{}", table.picture());
}

#[test]
fn each_line_of_a_request_is_checked_when_it_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("there"), "").unwrap();
    let mut table = Table::asked(&withdrawn());
    option(&mut table, "holders apart");
    for (line, refusal) in [
        ("request", "Type a path that begins with /."),
        (&path("missing/request"), "There is no folder"),
        (&path("there"), "name a new file"),
        (&path("request"), "Answers are due on"),
        ("24 December", "Type a day like 2026-12-24"),
        ("2020-01-01", "That day is past"),
        ("2099-12-24", "How the request goes out"),
        (&"m".repeat(201), "Type at most 200 characters"),
        ("mail", "Type ask"),
    ] {
        table.enter(line);
        assert!(table.says(refusal), "{line}: {}", table.picture());
        assert!(table.nothing_happened());
    }
}

#[test]
fn a_refused_line_of_a_form_stays_until_it_is_typed_again() {
    let mut table = Table::asked(&withdrawn());
    option(&mut table, "holders apart");
    let picture = table.enter("request").picture();
    assert!(picture.contains("> request_"), "{picture}");
    let picture = table.keys("/").picture();
    assert!(picture.contains("> /_"), "{picture}");
}

/// The table, where the third holder is asked no more.
fn withdrawn() -> Story {
    let mut story = asked();
    story.tell(Event::Withdrawn {
        request: request(),
        why: "lost".to_owned(),
    });
    story
}

/// What came of a wish.
fn told(failed: bool) -> Request {
    Request::Told(Told {
        headline: "It could not be done.".to_owned(),
        lines: Vec::new(),
        digest: None,
        failed,
    })
}

/// The screen of this story, where the form of a request to this file was sent, and the wish.
fn sent(story: &Story, out: &std::path::Path) -> (Table, Interrupt) {
    let mut table = Table::asked(story);
    option(&mut table, "holders apart");
    for line in [out.to_str().unwrap(), "-", "mail", "ask"] {
        table.enter(line);
    }
    let wanted = Interrupt::AskApart {
        out: out.to_owned(),
        until: None,
        by: "mail".to_owned(),
    };
    assert_eq!(table.interrupt(), wanted);
    (table, wanted)
}

#[test]
fn after_a_failure_the_form_is_there_again_with_all_that_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    for failed in [true, false] {
        let story = withdrawn();
        let (mut table, wanted) = sent(&story, &folder.path().join("request"));
        table.request(told(failed)).enter("read").acts();
        table.request(Request::Ask(story.question(), None));
        assert_eq!(table.says("Ask the holders apart"), failed);
        if failed {
            assert!(table.enter("").enter("").enter("").nothing_happened());
            table.enter("ask");
            assert_eq!(table.interrupt(), wanted);
        }
    }
}

#[test]
fn a_form_whose_failure_a_note_ended_unread_does_not_come_back_over_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let story = withdrawn();
    let (mut table, _) = sent(&story, &folder.path().join("request"));
    table.request(told(true));
    table.request(Request::Ask(story.question(), None));
    table.keys("1").press(KeyCode::Enter).acts();
    assert!(!table.says("Ask the holders apart"));
}

#[test]
fn a_holder_who_declined_is_named_at_the_step() {
    let mut story = asked();
    assert!(!Table::asked(&story).says("holder-3 declined."));
    story.tell(Event::Declined {
        holder: handle(3),
        request: request(),
        why: "I am ill".to_owned(),
    });
    let declined = "holder-3 declined. Apart, to be asked: holder-3.";
    assert!(Table::asked(&story).says(declined));
    // A new request asks the holder again.
    story.tell(Event::Requested {
        request: Digest::of(b"another"),
        to: vec![handle(3)],
        until: None,
        by: String::new(),
    });
    assert!(!Table::asked(&story).says("holder-3 declined."));
}
