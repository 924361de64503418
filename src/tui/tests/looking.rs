//! Reading and comparing: search in a long document, a digest in large type, an
//! intermission, and the end.

use std::{collections::BTreeSet, time::Instant};

use crossterm::event::KeyCode;
use keymoot_core::digest::Digest;
use keymoot_record::ceremony::{question::reading_words, summary::Summary};

use super::{
    story::Story,
    table::{PLAIN, Table},
};
use crate::{
    driver::{Errand, Farewell, Interrupt, PlanOfDay},
    tui::{
        link::{Heard, Request},
        model::Now,
        page::word_rows,
    },
};
use keymoot_record::rules::machine::{Disk, Medium};

#[test]
fn what_is_searched_for_comes_into_sight_and_is_marked() {
    let mut table = Table::asked(&Story::at_review(5_000));
    table.keys("/").enter("\"LINE\": 4321");
    let page = &table.model.page;
    let found = page.found.unwrap();
    assert!(
        page.row(found)
            .unwrap()
            .to_string()
            .contains("\"line\": 4321,")
    );
    assert!(table.picture().contains("\"line\": 4321,"));
}

#[test]
fn the_same_again_finds_the_next_and_begins_again_after_the_last() {
    let mut table = Table::asked(&Story::at_review(30));
    table.keys("/").enter("\"line\": 1");
    let first = table.model.page.found;
    for _ in 0..11 {
        table.keys("/").press(KeyCode::Enter);
    }
    assert_eq!(table.model.page.found, first);
}

#[test]
fn a_search_without_a_match_says_so_and_confirms_nothing() {
    let mut table = Table::asked(&Story::at_review(30));
    table.keys("/").enter("no such thing");
    assert!(table.says("Nowhere: no such thing"));
    assert!(table.nothing_happened());
}

#[test]
fn searching_does_not_pass_for_having_read_to_the_end() {
    let mut table = Table::asked(&Story::at_review(5_000));
    table.keys("/").enter("\"line\": 2500");
    // Neither were the rows after it.
    assert!(table.says(" and more were not shown yet: PgUp. Then it can be confirmed."));
}

#[test]
fn a_plan_that_is_longer_than_the_screen_is_read_before_anybody_agrees() {
    let mut asked = BTreeSet::new();
    for people in 1..20 {
        let mut table = Table::of(&Story::at_review(3));
        table.request(Request::PlanOfDay(PlanOfDay {
            summary: Summary {
                people: vec!["somebody".to_owned(); people],
                documents: vec!["no document".to_owned(); 2],
            },
            warnings: Vec::new(),
            outputs: vec!["/media/stick".to_owned()],
            end: None,
        }));
        let asks = table.says("When all agree");
        let picture = table.picture();
        assert!(!asks || !picture.contains("more below"), "{picture}");
        asked.insert(asks);
    }
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_long_document_is_laid_out_once() {
    let mut table = Table::asked(&Story::at_review(50_000));
    let begun = Instant::now();
    for _ in 0..200 {
        table.press(KeyCode::PageDown);
    }
    // If every key laid it out again, it would take minutes; the benchmark measures it.
    assert!(begun.elapsed().as_secs() < 20);
    assert!(table.model.scroll > 1_000);
}

#[test]
fn the_digest_is_compared_in_full_and_in_large_type() {
    let story = Story::at_review(3);
    let signed = story.view().readings[0].signed;
    let mut table = Table::asked(&story);
    table.press(KeyCode::F(8));
    let picture = table.picture();
    for word in signed.words() {
        assert!(picture.contains(word), "{word}");
    }
    assert!(
        picture.contains("Scan the code: it holds the digits, in"),
        "{picture}"
    );
    assert!(picture.contains("capitals. "), "{picture}");
    table.press(KeyCode::Right);
    assert!(table.picture().contains("words 1 to 4 of 32"));
    for _ in 0..100 {
        table.press(KeyCode::Right);
    }
    assert!(table.picture().contains("words 29 to 32 of 32"));
    table.press(KeyCode::Left);
    assert!(table.picture().contains("words 25 to 28 of 32"));
    table.press(KeyCode::Tab);
    assert!(table.picture().contains("SHA-256 of the transcript so far"));
    assert!(table.press(KeyCode::Esc).nothing_happened());
}

#[test]
fn an_intermission_is_two_notes_and_ends_only_by_its_word() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.press(KeyCode::F(9)).enter("A 1 to A 9");
    table.enter("witness-1").enter("13:00").enter("pause");
    match table.interrupt() {
        Interrupt::Note(note) => assert_eq!(
            note,
            "Break until 13:00. Devices in bags: A 1 to A 9. With the machine and the bags: witness-1."
        ),
        other => panic!("{other:?}"),
    }
    table.request(Request::Ask(Story::at_enrolment().question(), None));
    table
        .press(KeyCode::Esc)
        .press(KeyCode::Enter)
        .press(KeyCode::F(4));
    assert!(table.says("The ceremony waits."));
    // Bags and seals are compared with what was noted.
    assert!(table.says("The note: Break until 13:00. Devices in bags: A 1 to A 9."));
    let keys = table.model.keys();
    assert!(!keys.contains("Esc") && !keys.contains("F1"), "{keys}");
    let Now { utc, up } = table.model.now;
    table.model.tick(Now { utc, up: up + 30 });
    table.enter("all nine").enter("whole").enter("return");
    match table.interrupt() {
        Interrupt::Note(note) => assert_eq!(
            note,
            "Back from the break after 1 minute. Answered: all nine. Bags and seals: whole."
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_word_in_a_break_offers_no_way_back_which_there_is_not() {
    let mut table = Table::asked(&Story::at_enrolment());
    table.press(KeyCode::F(9)).enter("A 1 to A 9");
    table.enter("witness-1").enter("13:00").enter("begin");
    assert!(table.says("! Type the word pause, or go back."));
    table.enter("pause").interrupt();
    table.request(Request::Ask(Story::at_enrolment().question(), None));
    table.enter("all nine").enter("whole").enter("back");
    assert!(
        table.says("! Type the word return. Type return"),
        "{}",
        table.picture()
    );
}

#[test]
fn there_is_no_intermission_while_somebody_is_at_the_table() {
    let mut story = Story::at_enrolment();
    story.device_seen(3, false);
    let mut table = Table::asked(&story);
    table.press(KeyCode::F(9));
    assert!(!table.says("A break"));
}

fn stick() -> Medium {
    Medium {
        file_system: "exfat".to_owned(),
        label: Some("BUNDLE".to_owned()),
        mounted_at: "/media/BUNDLE".to_owned(),
        disk: Some(Disk {
            name: "sdb".to_owned(),
            model: None,
            has_the_system: false,
        }),
    }
}

#[test]
fn the_end_says_what_leaves_the_room_until_it_was_seen() {
    let story = Story::at_signing(5);
    let manifest = keymoot_core::digest::Digest::of(b"manifest");
    let mut table = Table::of(&story);
    table.request(Request::Finished(Farewell {
        bundle: "/media/BUNDLE/bundle".to_owned(),
        copies: Vec::new(),
        medium: Some(stick()),
        manifest: Some(manifest),
        answer: None,
        turn: None,
    }));
    let picture = table.picture();
    assert!(picture.contains("/media/BUNDLE/bundle"));
    assert!(table.says("the medium BUNDLE (exfat on sdb). Unmount it before you take it out."));
    for word in manifest.words() {
        assert!(picture.contains(word), "{word}");
    }
    // Nothing can be recorded any more.
    table
        .press(KeyCode::F(2))
        .press(KeyCode::F(4))
        .press(KeyCode::Esc);
    assert!(table.says("The ceremony is over"));
    assert!(table.nothing_happened());
    table.enter("done");
    assert!(matches!(table.heard(), Heard::Done));
}

#[test]
fn a_jump_to_the_end_does_not_pass_for_having_read_what_lies_between() {
    let words = reading_words(&Digest::of(b"root"));
    let mut table = Table::asked(&Story::at_review(200));
    table.press(KeyCode::End);
    assert!(table.says("were not shown yet: PgUp. Then it can be confirmed."));
    assert!(!table.says("and more"));
    table.enter(&words);
    assert!(table.nothing_happened());
    // Skipped rows may be read in any order.
    for _ in 0..40 {
        table.press(KeyCode::PageUp);
    }
    let picture = table.picture();
    table.enter(&words);
    assert!(!table.nothing_happened(), "{picture}");
}

#[test]
fn the_minutes_of_a_step_are_those_since_it_began_also_after_a_resume() {
    let story = Story::at_enrolment();
    let since = story.state.step_since.unwrap().unix();
    let mut table = Table::asked(&story);
    // The screens are younger than the step.
    let seen = table.model.now.utc;
    assert!(seen > since);
    for minutes in [60, 75] {
        table.model.tick(Now {
            utc: since + 60 * minutes,
            up: 0,
        });
        let planned = story.state.current().unwrap().minutes;
        let row = format!("{minutes} of {planned} min");
        let picture = table.picture();
        assert!(picture.contains(&row), "{row}\n{picture}");
    }
}

#[test]
fn a_step_that_takes_longer_moves_the_expected_end() {
    let story = Story::at_enrolment();
    let since = story.state.step_since.unwrap().unix();
    let mut table = Table::asked(&story);
    let mut row_at = |minutes: i64| {
        table.model.tick(Now {
            utc: since + 60 * minutes,
            up: 0,
        });
        let picture = table.picture();
        picture.lines().nth(21).unwrap().to_owned()
    };
    let [on_time, late] = [0, 500].map(&mut row_at);
    assert!(on_time.contains("ends about "), "{on_time}");
    assert!(!on_time.contains("late"), "{on_time}");
    let planned = i64::from(story.state.current().unwrap().minutes);
    let before = (since - story.state.opening.as_ref().unwrap().time.unix()) / 60;
    let steps = story.state.plan.script.steps().take(story.state.step);
    let in_hand: i64 = steps.map(|(_, step)| i64::from(step.minutes)).sum();
    let expected = before - in_hand + 500 - planned;
    assert!(late.contains(&format!(", {expected} min late")), "{late}");
}

#[test]
fn f10_is_among_the_keys_where_the_codes_of_an_answer_fit_and_nowhere_else() {
    // Digests, because nothing compresses them.
    let listed = |digests: u32| {
        let file = (0..digests).flat_map(|n| *Digest::of(&n.to_le_bytes()).as_bytes());
        let mut table = Table::of(&Story::at_enrolment());
        table.request(Request::Finished(Farewell {
            bundle: "/media/answer".to_owned(),
            copies: Vec::new(),
            medium: None,
            manifest: None,
            answer: Some(file.collect()),
            turn: None,
        }));
        table.model.keys()
    };
    assert_eq!(listed(10), "F10 codes  F1 help  F8 digest");
    assert_eq!(listed(8_000), "F1 help  F8 digest");
}

#[test]
fn f8_shows_the_digests_of_a_signing_event() {
    let mut table = Table::of(&Story::at_confirm());
    // A turn outside of a ceremony shows none.
    table.model.view = None;
    table.request(Request::Errand(Errand {
        line: "reading the event".to_owned(),
        next: "the device signs".to_owned(),
        digests: vec![("targets.json".to_owned(), Digest::of(b"targets"))],
        written: false,
    }));
    let picture = table.press(KeyCode::F(8)).picture();
    assert!(picture.contains("targets.json"), "{picture}");
}

#[test]
fn f8_begins_with_the_digest_that_the_roll_call_has_read_aloud() {
    let mut story = Story::at_roll_call();
    // A list that begins with something else.
    story.readings = Story::at_review(1).readings;
    let mut table = Table::asked(&story);
    let picture = table.press(KeyCode::F(8)).picture();
    assert!(picture.contains("the transcript so far"), "{picture}");
}

#[test]
fn the_end_of_a_review_stays_in_sight_when_the_size_changes() {
    let last_words = word_rows(&Digest::of(b"root")).pop().unwrap();
    let mut table = Table::sized(&Story::at_review(60), (120, 50), PLAIN);
    table.request(Request::Ask(Story::at_review(60).question(), None));
    table.read_on();
    for size in [
        (120, 50),
        (80, 24),
        (100, 30),
        (60, 20),
        (80, 24),
        (160, 48),
    ] {
        table.resize(size);
        if size == (60, 20) {
            continue;
        }
        let picture = table.picture();
        assert!(picture.contains(&last_words), "{size:?}\n{picture}");
        assert!(table.says("type the first two words"), "{size:?}");
    }
    // The digest is covered while the size changes.
    table
        .press(KeyCode::F(8))
        .resize((80, 24))
        .press(KeyCode::Esc);
    let picture = table.picture();
    assert!(picture.contains(&last_words), "{picture}");
    // A page that is not at its end stays where it is.
    table.press(KeyCode::Home).resize((100, 30));
    assert_eq!(table.model.scroll, 0);
}
