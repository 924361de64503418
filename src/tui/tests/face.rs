//! What is always in the same place, at every size, also with foreign texts.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;

use super::{
    confirming::every_question,
    story::{SCRIPT, Story, handle, roster},
    table::{PLAIN, Table},
};
use crate::tui::{link::Request, page::style::Sheet};
use keymoot_record::transcript::Event;

fn row(picture: &str, number: usize) -> String {
    picture
        .lines()
        .nth(number)
        .unwrap()
        .trim_matches('"')
        .to_owned()
}

#[test]
fn a_rehearsal_and_a_live_ceremony_differ_by_words() {
    let story = Story::at_enrolment();
    assert!(row(&Table::of(&story).picture(), 0).contains(" REHEARSAL - nothing here counts "));
    assert!(row(&Table::live(&story).picture(), 0).contains(" LIVE "));
}

#[test]
fn the_time_is_utc() {
    let picture = Table::of(&Story::at_enrolment()).picture();
    assert!(row(&picture, 0).ends_with("2026-09-21 15:13:20 UTC "));
}

#[test]
fn act_and_step_are_named_and_numbered() {
    let picture = Table::of(&Story::at_enrolment()).picture();
    assert!(
        row(&picture, 1).starts_with("act 2/4 Nine keys · step 4/11 Each holder makes a key"),
        "{picture}"
    );
}

#[test]
fn the_head_is_printed_in_words() {
    let story = Story::at_enrolment();
    let picture = Table::of(&story).picture();
    assert!(row(&picture, 22).contains(&story.view().head.short_words()));
}

#[test]
fn the_quorum_fills_up() {
    assert!(
        Table::of(&Story::at_signing(3))
            .picture()
            .contains("quorum 3 of 5 [###..]")
    );
    assert!(
        Table::of(&Story::at_signing(5))
            .picture()
            .contains("quorum 5 of 5 [#####]")
    );
}

#[test]
fn every_seat_shows_its_progress() {
    let mut story = Story::at_enrolment();
    story.enrolled(1).device_seen(2, false);
    let picture = Table::of(&story).picture();
    assert!(picture.contains("  1 holder-1        PKAE.."));
    assert!(picture.contains("> 2 holder-2        P....."));
}

#[test]
fn the_keys_that_work_are_in_the_last_row() {
    for story in every_question() {
        let picture = Table::asked(&story).picture();
        assert!(row(&picture, 23).contains("F1 help"), "{picture}");
    }
}

#[test]
fn the_last_row_names_the_keys_that_scroll_where_they_do_and_fits() {
    let mut scrolled = 0;
    for story in every_question() {
        for opened in [None, Some(KeyCode::F(1))] {
            let mut table = Table::asked(&story);
            if let Some(key) = opened {
                table.press(key);
            }
            for key in [KeyCode::Home, KeyCode::PageDown, KeyCode::End] {
                let picture = table.press(key).picture();
                let keys = table.model.keys();
                assert!(row(&picture, 23).contains(&keys), "{keys}\n{picture}");
                let more = picture.lines().find(|line| line.contains(" (rows "));
                let more = more.unwrap_or_default();
                assert_eq!(
                    keys.contains("PgDn"),
                    more.contains("PgDn"),
                    "{keys}\n{picture}"
                );
                let at_the_end = more.contains("the end; back: PgUp");
                assert!(
                    !at_the_end || keys.starts_with("PgUp "),
                    "{keys}\n{picture}"
                );
                scrolled += usize::from(at_the_end);
            }
        }
    }
    assert!(scrolled > 1, "no page was scrolled to its end");
}

#[test]
fn a_row_with_too_many_keys_leaves_out_what_the_options_have() {
    // In the middle of a document, 80 columns do not show all keys.
    let mut table = Table::asked(&Story::at_review(40));
    table.press(KeyCode::PageDown);
    assert_eq!(
        table.model.keys(),
        "PgDn  / find  F8 digest  Esc options  F1 help  F2 note  F3 exception  F4 leave"
    );
    table.resize((100, 24));
    assert_eq!(
        table.model.keys(),
        "PgUp PgDn  / find  F8 digest  Esc options  F1 help  F2 note  F3 exception  F4 leave"
    );
}

#[test]
fn a_key_that_the_words_of_a_step_name_is_in_the_last_row() {
    let words = "I call each holder by name.";
    let said = format!("{words} Then I press F8, and read the words aloud.");
    for (script, named) in [
        (SCRIPT.to_owned(), false),
        (SCRIPT.replacen(words, &said, 1), true),
    ] {
        let mut story = Story::of(script, roster());
        story.tell(Event::MachineChecked {
            verdicts: Vec::new(),
        });
        story.tell(Event::Confirmed {
            step: "room".to_owned(),
            fields: BTreeMap::from([
                ("bag".to_owned(), "A 1234".to_owned()),
                ("clock".to_owned(), "09:30".to_owned()),
            ]),
        });
        let picture = Table::asked(&story).picture();
        assert_eq!(row(&picture, 23).contains("F8 digest"), named, "{picture}");
        assert!(row(&picture, 23).contains("F1 help"), "{picture}");
    }
}

#[test]
fn every_question_can_be_drawn_at_every_size() {
    for story in every_question() {
        let mut table = Table::asked(&story);
        for size in [
            (1, 1),
            (79, 24),
            (80, 23),
            (80, 24),
            (81, 25),
            (109, 30),
            (110, 30),
            (200, 60),
        ] {
            table.resize(size).press(KeyCode::PageDown).picture();
        }
    }
}

#[test]
fn a_terminal_made_large_enough_shows_the_earlier_screen() {
    let mut table = Table::asked(&Story::at_confirm());
    let before = table.keys("A 12").picture();
    table.resize((40, 10)).keys("34");
    assert!(table.picture().contains("REHEARSAL"));
    assert_eq!(table.resize((80, 24)).picture(), before);
}

#[test]
fn nothing_but_ascii_is_drawn_where_nothing_else_can_be() {
    let ascii = Sheet {
        colour: true,
        unicode: false,
        blocks: false,
        console: false,
    };
    for story in every_question() {
        let mut table = Table::sized(&story, (120, 40), ascii);
        table.request(Request::Ask(story.question(), None));
        assert!(table.picture().is_ascii());
    }
}

#[test]
fn colours_are_not_needed() {
    let story = Story::at_signing(5);
    let picture = |sheet| {
        let mut table = Table::sized(&story, (80, 24), sheet);
        table.request(Request::Ask(story.question(), None));
        table.picture()
    };
    let coloured = Sheet {
        colour: true,
        ..PLAIN
    };
    assert_eq!(picture(PLAIN), picture(coloured));
}

#[test]
fn what_comes_next_follows_the_turn() {
    let mut story = Story::at_enrolment();
    story.tell(Event::TurnBegun { holder: handle(1) });
    let picture = Table::of(&story).picture();
    assert!(row(&picture, 21).starts_with("next: the device is read"));
}

#[test]
fn a_list_longer_than_its_pane_is_scrolled_and_follows_the_choice() {
    let mut table = Table::asked(&Story::at_enrolment());
    assert!(!table.picture().contains("9 Holder"));
    table.press(KeyCode::PageDown);
    assert!(table.picture().contains("9 Holder"));
    table.press(KeyCode::Down);
    assert!(table.picture().contains(">  1 Holder 1"));
    for _ in 0..8 {
        table.press(KeyCode::Down);
    }
    assert!(table.picture().contains(">  9 Holder"));
}
