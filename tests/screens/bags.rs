//! Bags, and each holder's agreement: what is asked of one device or holder at a time.

use super::{
    occasions::Occasion,
    rehearsal::{opens_bags, reading_words, takes_bags, transcript},
    states::{CALL_TO_SIGN, CONFIRM, OPENING, REVIEW},
};
use keymoot_record::transcript::Event;

/// The text in a field of the transcript.
fn typed(held: &Occasion, id: &str) -> Vec<String> {
    let chain = transcript(&held.dir());
    let confirmed = chain
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Confirmed { fields, .. } => Some(fields.clone()),
            _ => None,
        });
    let fields = confirmed.flatten();
    fields
        .filter(|(field, _)| field.starts_with(id))
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn bags_are_compared_with_the_last_ceremony_and_each_holder_agrees_to_the_digests() {
    // Everywhere in the story the same words are typed for a bag.
    let left = "unattended rehearsal";
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(
        OPENING.with(&format!("left it in {left}: type same")),
        ["same", "12:00"],
    );
    held.five_are_present();
    held.at
        .expect("holder-1, device")
        .expect(&*format!("left it in {left}"))
        .enter("Same");
    held.at.expect("holder-2, device").enter("none");
    held.at.expect("and none is typed").enter("none");
    opens_bags(&mut held.at);
    held.at.expect(REVIEW);
    assert_eq!(typed(&held, "bag"), [left]);
    let devices = typed(&held, "device-bag-in-");
    assert_eq!(devices.len(), 5, "{devices:?}");
    assert!(devices.contains(&left.to_owned()), "{devices:?}");
    assert!(devices.contains(&"none".to_owned()), "{devices:?}");

    for name in super::rehearsal::DOCUMENTS {
        held.at.read_on(name);
        let words = reading_words(&held.dir(), name);
        held.at.enter(&words);
    }
    held.at.expect("Do the digests agree: holder-1").enter("no");
    held.at.expect("we do not agree").enter("Yes");
    for holder in 2..=5 {
        held.at
            .expect(&*format!("Do the digests agree: holder-{holder}"))
            .enter("yes");
    }
    held.at.expect(CONFIRM).enter("confirm");
    held.at.expect(CALL_TO_SIGN);
    assert_eq!(typed(&held, "agrees-holder-"), ["yes"; 5]);
    for holder in 1..=5 {
        held.turn(CALL_TO_SIGN, holder, &super::occasions::old_pin(holder));
    }
    takes_bags(&mut held.at);
    held.at.expect("Anything to record?");
    assert_eq!(typed(&held, "machine-bag"), ["A 18"]);
    assert_eq!(typed(&held, "device-bag-").len(), 10);
}
