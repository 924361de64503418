//! A holder gets the sealed file in the same turn.

use std::{fs, path::PathBuf};

use testkit::{programs::keymoot, stage::said, terminal::Terminal};

use super::{
    frames::{CODES, Camera, RIGHT, taken},
    rehearsal::{ESCAPE, PLUG, Rehearsal, TOUCH, transcript, unattended_pin},
    states::{BLINKS, CALL, HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, REMOVE},
};
use keymoot_record::transcript::{Event, Handed};

/// The first holder makes a key, up to the page on which the sealed file is handed over.
fn up_to_the_hand_over(rehearsal: &Rehearsal) -> Terminal {
    let mut at = rehearsal.resume();
    if at.expect_any([CALL, INSERT]) == 0 {
        at.enter("1").expect(INSERT);
    }
    at.by_hand(PLUG).expect(IDENTIFY).enter("8521");
    at.expect(NEW_PIN)
        .enter(&unattended_pin(1))
        .expect(NEW_PIN_AGAIN)
        .enter(&unattended_pin(1));
    at.expect(BLINKS).by_hand(TOUCH);
    at.expect(HAND_OVER);
    at
}

#[test]
fn the_sealed_file_is_photographed_from_the_screen_and_read_at_home() {
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let home = tempfile::tempdir().unwrap();
    let mut at = up_to_the_hand_over(&rehearsal);
    at.expect("Or photograph it: F10 shows it as QR codes");
    at.press(CODES);
    let mut pictures = Vec::new();
    loop {
        let number = pictures.len() + 1;
        at.expect(format!("Frame {number} of ").as_str());
        let picture = home.path().join(format!("{number}.png"));
        let camera = [Camera::Straight, Camera::Rotated][number % 2];
        taken(&at.frame(), camera).save(&picture).unwrap();
        pictures.push(picture);
        if at.expect_any(["It is the last.", "Photograph each"]) == 0 {
            break;
        }
        at.press(RIGHT);
    }
    let count = pictures.len();
    at.press(ESCAPE).expect(HAND_OVER).enter("taken");
    // The codes are of this page alone.
    at.expect(REMOVE.following(&["escrow-handed"])).press(CODES);
    at.by_hand(PLUG).expect(CALL);
    let file = home.path().join("sealed.age");
    let read = |pictures: &[PathBuf]| {
        let mut command = keymoot();
        command.args(["escrow", "read"]).args(pictures);
        command.arg("-o").arg(&file).output().unwrap()
    };
    let missing = read(&pictures[1..]);
    assert_eq!(missing.status.code(), Some(3), "{}", said(&missing));
    let named = format!("frame 1 of {count} is missing");
    assert!(said(&missing).contains(&named), "{}", said(&missing));
    assert!(!file.exists());
    pictures.reverse();
    let whole = read(&pictures);
    assert!(whole.status.success(), "{}", said(&whole));
    let kept = fs::read_dir(rehearsal.dir().join("escrow")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path()).next().unwrap();
    assert_eq!(fs::read(file).unwrap(), fs::read(kept).unwrap());
}

#[test]
fn the_sealed_file_is_written_to_the_holders_stick_before_the_turn_ends() {
    let stick = tempfile::tempdir().unwrap();
    let rehearsal = Rehearsal::until("enrolment", &[]);
    let mut at = up_to_the_hand_over(&rehearsal);
    at.enter("/no/such/stick");
    at.expect("is no folder")
        .enter(rehearsal.dir().join("escrow").to_str().unwrap());
    let kept = fs::read_dir(rehearsal.dir().join("escrow")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path()).next().unwrap();
    let taken = stick.path().join(kept.file_name().unwrap());
    fs::write(&taken, "another file").unwrap();
    at.expect("is in the ceremony's own folder")
        .enter(stick.path().to_str().unwrap());
    at.expect("there is another file of this name");
    fs::remove_file(&taken).unwrap();
    at.enter(stick.path().to_str().unwrap());
    at.expect(REMOVE.following(&["escrow-handed"]))
        .by_hand(PLUG);
    at.expect(CALL);
    assert_eq!(fs::read(taken).unwrap(), fs::read(kept).unwrap());
    let chain = transcript(&rehearsal.dir());
    assert!(chain.entries().iter().any(|entry| matches!(
        entry.event,
        Event::EscrowHanded {
            how: Handed::Stick,
            ..
        }
    )));
    drop(at);
    rehearsal.goes_on_by_itself();
    let report = fs::read_to_string(rehearsal.dir().join("bundle/report.md")).unwrap();
    let said = |how: &str| report.matches(how).count();
    assert_eq!(
        said("written in the same turn into a folder that was named as the holder's own medium"),
        1
    );
    assert_eq!(said("sealed to the holder, who took a copy"), 8);
}
