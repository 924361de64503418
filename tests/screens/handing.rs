//! What is sealed to a holder reaches the holder in the same turn.

use std::fs;

use super::{
    rehearsal::{PLUG, Rehearsal, TOUCH, pin, transcript},
    states::{BLINKS, CALL, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, REMOVE},
};
use keymoot_record::transcript::{Event, event::Handed};

#[test]
fn the_sealed_file_is_written_to_the_holders_stick_before_the_turn_ends() {
    let stick = tempfile::tempdir().unwrap();
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = rehearsal.resume();
    if at.expect_any([CALL, INSERT]) == 0 {
        at.enter("1").expect(INSERT);
    }
    at.by_hand(PLUG).expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN)
        .enter(&pin(1))
        .expect(NEW_PIN_AGAIN)
        .enter(&pin(1));
    at.expect(BLINKS).by_hand(TOUCH);
    at.expect(HAND_OVER).enter("/no/such/stick");
    at.expect("is no folder")
        .enter(stick.path().to_str().unwrap());
    at.expect(REMOVE.following(&["escrow-handed"]))
        .by_hand(PLUG);
    at.expect(CALL);
    let kept = fs::read_dir(rehearsal.dir().join("escrow")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path()).next().unwrap();
    let taken = stick.path().join(kept.file_name().unwrap());
    assert_eq!(fs::read(taken).unwrap(), fs::read(kept).unwrap());
    let chain = transcript(&rehearsal.dir());
    assert!(chain.entries().iter().any(|entry| matches!(
        entry.event,
        Event::EscrowHanded {
            how: Handed::Stick,
            ..
        }
    )));
}
