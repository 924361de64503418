//! A stolen key, from the roster to the touch; and a root of tuf-crates for comparison.

use super::{
    occasions::{Occasion, story},
    rehearsal::unattended_pin,
    states::{BLINKS, CALL_TO_SIGN, CONFIRM, INSERT, OPENING, REVIEW, ROLL_CALL, TYPE_PIN},
};
use keymoot_core::digest::Digest;
use testkit::programs::keymoot;

pub(crate) const STOLEN: &str = "stolen from a train";

/// The roster of the second chapter, where the key of holder-9, who has no spare, is revoked.
pub(crate) fn roster() -> String {
    let roster = std::fs::read_to_string(story().join("2-roster.toml")).unwrap();
    let published = story().join("2-annual-resign/attestations/holder-9");
    let mut devices = std::fs::read_dir(published).unwrap();
    let serial = devices.next().unwrap().unwrap().file_name();
    let serial = serial.to_str().unwrap();
    format!(
        "{roster}\n[[revoke]]\nhandle = \"holder-9\"\nserial = {serial}\nreason = \"{STOLEN}\"\n"
    )
}

#[test]
fn a_theft_is_rehearsed_by_hand_and_its_reason_is_shown_at_review_and_touch() {
    let mut held = Occasion::begin_with(2, "emergency-revocation", "2-annual-resign", &roster());
    held.opens(
        OPENING.with("What happened, in one line"),
        ["a device was stolen", "12:00"],
    );
    held.at
        .expect(ROLL_CALL)
        .press(&" ".repeat(9))
        .enter("present");
    // The holder has a second device.
    held.enrols(9, 15);
    held.at.expect(REVIEW).expect(STOLEN);
    held.reads();
    held.at
        .expect(CALL_TO_SIGN)
        .enter("1")
        .expect(INSERT)
        .by_hand(super::rehearsal::PLUG);
    held.at.expect(TYPE_PIN).enter(&unattended_pin(1));
    held.at
        .expect(BLINKS.with("the signature on root.json"))
        .expect(STOLEN);
}

#[test]
fn an_emergency_without_a_key_to_revoke_or_replace_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = keymoot()
        .args([
            "rehearse",
            "emergency-revocation",
            "--unattended",
            "--previous",
        ])
        .arg(story().join("2-annual-resign"))
        .arg("--dir")
        .arg(folder.path().join("ceremony"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("ROSTER-CHANGE"), "{said}");
    assert!(said.contains("revokes or replaces a key"), "{said}");
}

#[test]
fn the_new_root_of_tuf_crates_is_compared_before_it_is_written_down() {
    let mut held = Occasion::begin(5, "crates-root-change", "4-emergency-revocation");
    held.opens(OPENING, ["bag 17", "12:00"]);
    let given = held.dir().join("inputs/incoming/tuf-crates");
    let mut roots = std::fs::read_dir(given).unwrap();
    let file = std::fs::read(roots.next().unwrap().unwrap().path()).unwrap();
    let words = Digest::of(&file).words();
    held.at
        .expect("Who of the team read the digest")
        .press("\u{1b}[6~")
        .expect(words[8..12].join(" ").as_str())
        .expect("must sign, expires 20");
    held.at
        .enter("crates-1, by telephone")
        .expect(CONFIRM)
        .enter("confirm");
    held.at.expect(ROLL_CALL);
}
