//! Holders and witnesses who come after the roll call, and who leave before the end.

use super::{
    occasions::{Occasion, old_pin, story},
    rehearsal::{ESCAPE, opens_bags, takes_bags, transcript, unattended_pin},
    states::{CALL_TO_CLOSE, CALL_TO_SIGN, CLOSING, CONFIRM, ENOUGH, FAREWELL, OPENING},
};

use keymoot_record::transcript::Event;
use testkit::terminal::{State, Terminal};

/// Opens the options, and chooses the one with these words.
pub(crate) fn way_on<'t>(at: &'t mut Terminal, words: &str) -> &'t mut Terminal {
    at.press(ESCAPE).expect("Options").expect(words);
    let picture = at.picture();
    let row = picture.lines().find(|line| line.contains(words)).unwrap();
    let number: String = row.chars().filter(char::is_ascii_digit).take(1).collect();
    at.press(&number)
}

/// Somebody comes or goes: the number in the list, and the word.
pub(crate) fn comes_or_goes(held: &mut Occasion, number: usize, word: &str) {
    way_on(&mut held.at, "somebody arrives or leaves the room")
        .expect("Who arrives or leaves the room?")
        .press(&number.to_string())
        .expect(format!("type {word} and press Enter").as_str())
        .enter(word);
}

#[test]
fn a_late_holder_signs_and_closes_in_place_of_one_who_leaves() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.five_are_present();
    opens_bags(&mut held.at);
    held.reads();
    for holder in 1..=4 {
        held.turn(CALL_TO_SIGN, holder, &old_pin(holder));
    }
    held.at.expect(CALL_TO_SIGN);
    comes_or_goes(&mut held, 5, "departed");
    held.at.expect("No other holder can come");
    comes_or_goes(&mut held, 6, "arrived");
    held.turn(CALL_TO_SIGN.following(&["arrived"]), 6, &old_pin(6));
    takes_bags(&mut held.at);
    held.at.expect(CLOSING).expect(CONFIRM).enter("confirm");
    held.at.expect(CALL_TO_CLOSE);
    comes_or_goes(&mut held, 9, "arrived");
    let called = CALL_TO_CLOSE.following(&["arrived", "turn-ended"]);
    for holder in [9, 1, 2, 3, 4] {
        held.turn(
            called,
            holder,
            &[(unattended_pin(holder), &["the closing signature"])],
        );
    }
    held.at.expect(ENOUGH.with("5 of 5 have")).enter("enough");
    held.at.expect(FAREWELL).enter("done");
    assert_eq!(held.at.exit_code(), 0);
    held.verifies();
    let chain = transcript(&held.folder.path().join("bundle"));
    let said: Vec<_> = chain
        .entries()
        .iter()
        .filter(|entry| matches!(entry.event, Event::Arrived { .. } | Event::Departed { .. }))
        .map(|entry| entry.event.sentence())
        .collect();
    assert_eq!(said, ["holder-5 departs", "holder-6 arrives"]);
}

#[test]
fn a_witness_who_arrives_late_is_recorded_by_name() {
    let name = "Late witness (simulated)";
    let roster = story().join("2-roster.toml");
    let roster = std::fs::read_to_string(roster).unwrap();
    let witness = format!("[[witness]]\nname = \"{name}\"\n\n[[holder]]");
    let roster = roster.replacen("[[holder]]", &witness, 1);
    let mut held = Occasion::begin_with(2, "annual-resign", "1-initial-root", &roster);
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.five_are_present();
    held.at.expect("Bag that it came in");
    way_on(&mut held.at, "somebody arrives or leaves the room")
        .expect("Who arrives or leaves the room?");
    let picture = held.at.picture();
    let row = picture.lines().find(|line| line.contains(name)).unwrap();
    let number = row
        .split_whitespace()
        .find_map(|part| part.parse::<usize>().ok());
    let row = format!("{name}: type arrived and press Enter");
    held.at
        .press(&number.unwrap().to_string())
        .expect(row.as_str())
        .enter("arrived");
    held.at
        .expect(State::new("Bag that it came in", &["arrived"]));
    let chain = transcript(&held.dir());
    let last = chain.entries().last().unwrap().event.sentence();
    assert_eq!(last, format!("witness {name} arrives"));
}
