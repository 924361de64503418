//! Holders apart: the pages of a holder at home, and what the table sees of its requests.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;

use super::{
    printed::Paper,
    story::{Story, hand_over, handle},
    table::Table,
};
use crate::{
    driver::{Farewell, HandOver, Interrupt, Told},
    tui::{
        link::{Heard, Request},
        model::Act,
        page::word_rows,
    },
};
use keymoot_core::digest::Digest;
use keymoot_record::{
    ceremony::{Answer, Question, question::reading_words, turn::Purpose},
    transcript::{Event, Person, Program, Time},
};

/// The digest of the request's file.
fn request() -> Digest {
    Digest::of(b"request")
}

/// The signatures are awaited, and the third holder is not in the room.
fn without_the_third(lines: usize) -> Story {
    let mut story = Story::at_review(lines);
    story.tell(Event::Reviewed {
        document: keymoot_record::ceremony::script::Document::Root,
        signed: Digest::of(b"root"),
    });
    let departs = story.state.comes_or_goes(Person::Holder(handle(3)));
    story.tell(departs);
    story
}

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

/// The table, where the third holder is asked.
fn asked() -> Story {
    let mut story = without_the_third(3);
    story.tell(Event::Requested {
        request: request(),
        to: vec![handle(3)],
        until: Time::parse("2026-12-24T23:59:59Z"),
        by: "mail".to_owned(),
    });
    story
}

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

/// Opens the option whose row says this.
fn option(table: &mut Table, says: &str) {
    table.press(KeyCode::Esc);
    let number = ('1'..='9').find(|number| table.says(&format!("{number} {says}")));
    table.press(KeyCode::Char(number.unwrap()));
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
fn the_words_of_the_request_are_shown_at_home_in_large_type() {
    let mut table = Table::asked(&at_home(3));
    table.press(KeyCode::F(8));
    assert!(table.picture().contains("SHA-256 of this request"));
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
