//! The roll call, and whose turn it is.

use crossterm::event::KeyCode;

use super::{
    printed::Paper,
    story::{Story, handle},
    table::Table,
};
use crate::tui::link::{Heard, Request};
use keymoot_record::{
    ceremony::{Answer, Question, Refusal, turn::Purpose},
    transcript::Person,
};

#[test]
fn the_roll_names_those_who_were_marked() {
    let mut table = Table::asked(&Story::at_roll_call());
    table
        .keys("  ")
        .press(KeyCode::Down)
        .keys(" ")
        .enter("present");
    match table.heard() {
        Heard::Answer(Answer::Present {
            holders,
            apart,
            word,
            ..
        }) => {
            assert_eq!(holders, [handle(1), handle(2), handle(4)]);
            assert!(apart.is_empty());
            assert_eq!(word, "present");
        }
        _ => panic!("no roll"),
    }
}

#[test]
fn the_words_of_a_roll_call_stay_in_sight_where_they_fit_and_are_scrolled_to_elsewhere() {
    let story = Story::at_roll_call();
    let (words, last) = ("I call each holder by name.", "9 Holder 9");
    let mut table = Table::asked(&story);
    let picture = table.keys(" ").picture();
    assert!(
        picture.contains(words) && picture.contains(last),
        "{picture}"
    );
    // A long refusal takes their rows.
    let refusal = Refusal(["holder"; 25].join(" "));
    table.request(Request::Ask(story.question(), Some(refusal)));
    let picture = table.picture();
    assert!(
        !picture.contains(words) && picture.contains(last),
        "{picture}"
    );
    assert!(picture.contains("back: PgUp"), "{picture}");
    let picture = table.press(KeyCode::Home).picture();
    assert!(picture.contains(words), "{picture}");
    let picture = table.keys(" ").picture();
    assert!(picture.contains(last), "{picture}");
}

#[test]
fn a_holder_is_called_by_arrow_or_by_number() {
    let story = Story::at_enrolment();
    let mut table = Table::asked(&story);
    table
        .press(KeyCode::Down)
        .press(KeyCode::Down)
        .press(KeyCode::Enter);
    assert!(matches!(table.heard(), Heard::Answer(Answer::Begin(h)) if h == handle(2)));
    let mut table = Table::asked(&story);
    table.enter("7");
    assert!(matches!(table.heard(), Heard::Answer(Answer::Begin(h)) if h == handle(7)));
}

#[test]
fn where_nobody_is_chosen_the_screen_says_why() {
    let mut story = Story::at_enrolment();
    story.enrolled(1);
    let departs = story.state.comes_or_goes(Person::Holder(handle(2)));
    story.tell(departs);
    let mut table = Table::asked(&story);
    table.press(KeyCode::Enter);
    assert!(table.says("! Nobody is chosen."), "{}", table.picture());
    for (seat, why) in [
        ("1", "! holder-1 has no turn now."),
        ("2", "! holder-2 is not in the room."),
        ("0", "! There is no seat 0."),
    ] {
        assert!(table.keys(seat).says(why), "{seat}: {}", table.picture());
    }
    assert!(table.nothing_happened());
    assert!(!table.keys("3").says("! "), "{}", table.picture());
    let heard = table.press(KeyCode::Enter).heard();
    assert!(matches!(heard, Heard::Answer(Answer::Begin(h)) if h == handle(3)));
}

#[test]
fn nobody_is_chosen_where_nobody_can_come() {
    for can_stop in [false, true] {
        let mut table = Table::of(&Story::at_signing(5));
        let asked = Question::WhoseTurn {
            purpose: Purpose::Sign,
            waiting: Vec::new(),
            can_stop,
        };
        table.request(Request::Ask(asked, None));
        assert!(table.says("No other holder can come to sign."));
        // A headline that asks to call one would be untrue.
        assert!(!table.says("Call the next holder"));
        assert!(!table.says("a seat's number"));
    }
}

#[test]
fn the_word_that_ends_a_step_says_what_is_missing_where_the_step_may_not_end_yet() {
    let story = Story::at_signing(1);
    let why = "! Not enough yet: 1 of 5 have signed.";
    let mut table = Table::asked(&story);
    table.enter("enough");
    assert!(table.says(why), "{}", table.picture());
    table.enter("enormous");
    assert!(table.says("! Nobody is chosen."), "{}", table.picture());
    // A word that was typed before a holder is chosen does not keep that holder from the table.
    table.keys("enough").press(KeyCode::Down);
    assert!(table.nothing_happened());
    let heard = table.press(KeyCode::Enter).heard();
    assert!(matches!(heard, Heard::Answer(Answer::Begin(_))));
    let printed = Paper::asked(&story).answer("enough");
    assert!(printed.contains(why), "{printed}");
}
