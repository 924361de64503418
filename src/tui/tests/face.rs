//! What is always in the same place, at every size, also with foreign texts.

use crossterm::event::KeyCode;

use super::{
    confirming::every_question,
    story::{Story, handle},
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
