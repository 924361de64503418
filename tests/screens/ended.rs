//! Ceremonies that end without their purpose, at every place where they can.

use std::{fs, path::Path};

use super::{
    late::{comes_or_goes, way_on},
    occasions::{Occasion, old_pin},
    rehearsal::{
        OUTSIDE, PLUG, TOUCH, opens_bags, pin, read_digests, serials, takes_bags, unattended_pin,
    },
    states::{
        BLINKS, CALL_TO_CLOSE, CALL_TO_ENROL, CALL_TO_SIGN, CLOSING, CONFIRM, ENOUGH, FAREWELL,
        HAND_OVER, IDENTIFY, INSERT, NEW_PIN, NEW_PIN_AGAIN, OPENING, REMOVE, REVIEW, ROLL_CALL,
    },
};
use keymoot_attestation::TrustStore;
use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::{self, Expectations},
    ceremony::{question::last_four, verify::signatures_so_far},
};
use testkit::{
    programs::keymoot,
    stage::{run_the_commands_of_the_report, state_of},
    terminal::{State, Terminal},
};

/// The first holder is called to close, after any event.
const CLOSE: State<'_> = State::new(
    "Call the next holder to sign the manifest",
    &["manifest-made", "turn-ended"],
);

fn ends_without(at: &mut Terminal, cause: &str, reason: &str) {
    way_on(at, "we do not agree, or there is no quorum")
        .expect("End this ceremony without its purpose?")
        .enter(cause)
        .enter(reason)
        .expect("Type end without and press Enter")
        .enter("end without");
}

fn is_over(at: &mut Terminal) {
    at.expect(FAREWELL.with("ended WITHOUT its purpose"))
        .expect(FAREWELL.with("the ceremony ended without its purpose"))
        .enter("done");
    assert_eq!(at.exit_code(), 0);
}

/// The violations, and the details of BUNDLE-COMPLETE, with `--ended`.
fn record(bundle: &Path) -> String {
    let read = keymoot_verify::read(bundle).unwrap();
    let expected = Expectations {
        rehearsal: true,
        ended: true,
        ..Expectations::default()
    };
    let verdicts = bundle::verify(&read, &expected, &TrustStore::vendor().unwrap());
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    assert!(violated.is_empty(), "{violated:?}");
    let complete = verdicts.iter().find(|v| v.rule.id() == "BUNDLE-COMPLETE");
    complete.unwrap().detail.clone()
}

/// The exit code and the output of `keymoot verify` for the bundle of a rehearsal.
fn verify(bundle: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = keymoot();
    command
        .arg("verify")
        .arg(bundle)
        .args(["--expect", "rehearsal-small", "--rehearsal"]);
    let output = command.args(more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

#[test]
fn too_few_answer_the_roll_call_and_the_record_says_so() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.at.expect(ROLL_CALL);
    ends_without(
        &mut held.at,
        "2",
        "four of nine came, two flights were cancelled",
    );
    held.turn(CLOSE, 2, &[(unattended_pin(2), &["the closing signature"])]);
    held.at.expect(ENOUGH.with("Nobody has to")).enter("enough");
    is_over(&mut held.at);
    let bundle = held.folder.path().join("bundle");
    let said = record(&bundle);
    assert!(said.contains("the quorum is out of reach"), "{said}");
    assert!(said.contains("root.json: it was never proposed"), "{said}");
    assert!(!bundle.join("repositories").exists());

    // No other command accepts it, and no ceremony starts from it.
    let (code, text) = verify(&bundle, &[]);
    assert_eq!(code, Some(3));
    assert!(text.contains("BUNDLE-COMPLETE"), "{text}");
    let (code, text) = verify(&bundle, &["--ended"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("ENDED WITHOUT its purpose"), "{text}");
    run_the_commands_of_the_report(&bundle);
    let next = keymoot()
        .args(["rehearse", "annual-resign", "--unattended", "--previous"])
        .arg(&bundle)
        .arg("--dir")
        .arg(held.folder.path().join("next"))
        .output()
        .unwrap();
    assert_eq!(next.status.code(), Some(3));
}

#[test]
fn a_record_that_nobody_signed_is_exported_and_refused_by_verifiers() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.at.expect(ROLL_CALL);
    ends_without(&mut held.at, "2", "nobody came");
    held.at.expect("Nobody has to").enter("enough");
    is_over(&mut held.at);
    let (code, text) = verify(&held.folder.path().join("bundle"), &["--ended"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("nobody signed this record"), "{text}");
}

#[test]
fn the_room_does_not_agree_to_a_document() {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.five_are_present();
    opens_bags(&mut held.at);
    held.at.expect(REVIEW);
    ends_without(&mut held.at, "1", "holder-3 wants another expiry");
    for holder in [1, 2] {
        held.turn(
            CLOSE,
            holder,
            &[(unattended_pin(holder), &["the closing signature"])],
        );
    }
    held.at.expect(ENOUGH.with("2 of 1 have")).enter("enough");
    is_over(&mut held.at);
    let said = record(&held.folder.path().join("bundle"));
    assert!(
        said.contains("the people in the room do not agree: holder-3 wants another expiry"),
        "{said}"
    );
    assert!(
        said.contains("root.json: the people in the room did not agree to it"),
        "{said}"
    );
}

/// Five holders have signed, and are to close.
fn up_to_the_closing() -> Occasion {
    let mut held = Occasion::begin(2, "annual-resign", "1-initial-root");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.five_are_present();
    opens_bags(&mut held.at);
    held.reads();
    for holder in 1..=5 {
        held.turn(CALL_TO_SIGN, holder, &old_pin(holder));
    }
    takes_bags(&mut held.at);
    held.at.expect(CLOSING).expect(CONFIRM).enter("confirm");
    held
}

#[test]
fn a_quorum_breaks_while_it_closes_and_the_signed_root_is_kept_as_unfinished() {
    let mut held = up_to_the_closing();
    held.turn(
        CALL_TO_CLOSE,
        1,
        &[(unattended_pin(1), &["the closing signature"])],
    );
    held.at.expect(CALL_TO_CLOSE);
    comes_or_goes(&mut held, 5, "departed");
    held.at.expect(CALL_TO_CLOSE.following(&["departed"]));
    ends_without(&mut held.at, "2", "a device broke");
    // A bundle that was closed before is closed again.
    held.turn(CLOSE, 1, &[(unattended_pin(1), &["the closing signature"])]);
    held.at.expect(ENOUGH.with("1 of 1 have")).enter("enough");
    is_over(&mut held.at);
    let bundle = held.folder.path().join("bundle");
    record(&bundle);
    assert!(bundle.join("unfinished/metadata/root.json").exists());
}

#[test]
fn a_quorum_breaks_after_somebody_was_asked_to_close_apart() {
    let mut held = up_to_the_closing();
    held.at.expect(CALL_TO_CLOSE);
    comes_or_goes(&mut held, 5, "departed");
    held.at.expect(CALL_TO_CLOSE.following(&["departed"]));
    held.at.press("\u{c}").expect("type leave").enter("leave");
    assert_eq!(held.at.exit_code(), 4);
    let asked = keymoot()
        .arg("request")
        .arg(held.dir())
        .args(["--to", "holder-5", "-o"])
        .arg(held.folder.path().join("request"))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{asked:?}");
    held.at = Terminal::start(["resume".as_ref(), held.dir().as_os_str()]);
    held.at
        .expect(CALL_TO_CLOSE.following(&["machine-checked"]));
    ends_without(&mut held.at, "2", "holder-5 is on a ship");
    held.turn(CLOSE, 1, &[(unattended_pin(1), &["the closing signature"])]);
    held.at.expect(ENOUGH.with("1 of 1 have")).enter("enough");
    is_over(&mut held.at);
    record(&held.folder.path().join("bundle"));
}

#[test]
fn a_heartbeat_that_finds_four_keys_ends_with_a_record_of_them() {
    let mut held = Occasion::begin(6, "heartbeat", "5-crates-root-change");
    held.opens(OPENING, ["bag 17", "12:00"]);
    held.five_are_present();
    opens_bags(&mut held.at);
    let call = State::new(
        "Call the next holder for a presence proof",
        &["step-begun", "turn-ended"],
    );
    let seats = [1, 2, 3, 4];
    for seat in seats {
        let pins = held.pin_of_seat(seat);
        held.turn(call, seat, &[(pins, &["presence proof of"])]);
    }
    held.at.expect(call);
    comes_or_goes(&mut held, 5, "departed");
    held.at.expect("No other holder can come");
    ends_without(&mut held.at, "2", "one device of five is broken");
    held.turn(
        CLOSE,
        1,
        &[(held.pin_of_seat(1), &["the closing signature"])],
    );
    held.at.expect(ENOUGH.with("1 of 1 have")).enter("enough");
    is_over(&mut held.at);
    let bundle = held.folder.path().join("bundle");
    let said = record(&bundle);
    assert!(
        said.contains("4 holders have shown that their key is there"),
        "{said}"
    );
    let report = std::fs::read_to_string(bundle.join("report.md")).unwrap();
    assert!(report.contains("they are no quorum"), "{report}");
    is_recorded_under_its_own_keys(&held.dir());
}

/// A program that takes over counts every signature for the key that made it.
fn is_recorded_under_its_own_keys(dir: &Path) {
    let state = state_of(dir);
    let object = |digest: &Digest| fs::read(dir.join("objects").join(digest.to_string())).ok();
    let verdicts = signatures_so_far(&state, &object);
    let violated: Vec<_> = verdicts.iter().filter(|v| v.is_violated()).collect();
    assert!(state.seats.iter().any(|seat| seat.closing.is_some()));
    assert!(violated.is_empty(), "{violated:?}");
}

#[test]
fn a_first_ceremony_ends_after_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ceremony");
    let out = folder.path().join("bundle");
    let mut at = Terminal::start([
        "rehearse".as_ref(),
        "--seed".as_ref(),
        "7".as_ref(),
        "--dir".as_ref(),
        dir.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ]);
    read_digests(&mut at, &dir);
    at.expect(OPENING)
        .enter("bag 17")
        .enter("12:00")
        .enter(OUTSIDE);
    at.expect(CONFIRM).enter("confirm");
    at.expect(ROLL_CALL).press(&" ".repeat(9)).enter("present");
    at.expect(CALL_TO_ENROL)
        .enter("1")
        .expect(INSERT)
        .by_hand(PLUG);
    at.expect(IDENTIFY).enter(&last_four(serials(&dir)[0]));
    at.expect(NEW_PIN)
        .enter(&pin(1))
        .expect(NEW_PIN_AGAIN)
        .enter(&pin(1));
    at.expect(BLINKS)
        .by_hand(TOUCH)
        .expect(HAND_OVER)
        .enter("taken")
        .expect(REMOVE)
        .by_hand(PLUG);
    // The second holder's turn ends before its key has proven anything.
    at.expect(CALL_TO_ENROL)
        .enter("2")
        .expect(INSERT)
        .by_hand(PLUG);
    at.expect(IDENTIFY).enter(&last_four(serials(&dir)[1]));
    at.expect(NEW_PIN)
        .enter(&pin(2))
        .expect(NEW_PIN_AGAIN)
        .enter(&pin(2));
    at.expect(BLINKS)
        .press("\u{1b}")
        .expect("Options")
        .press("3");
    at.expect("Why the turn ends early")
        .enter("unwell")
        .enter("end");
    at.expect(REMOVE.following(&["turn-ended"])).by_hand(PLUG);
    at.expect(CALL_TO_ENROL);
    ends_without(&mut at, "3", "the fire alarm");
    at.expect(CLOSE)
        .enter("1")
        .expect(INSERT)
        .by_hand("\u{10}1")
        .by_hand(PLUG);
    at.expect("PIN, then Enter").enter(&pin(1));
    at.expect(BLINKS)
        .by_hand(TOUCH)
        .expect(REMOVE)
        .by_hand(PLUG);
    is_over(&mut at);
    let said = record(&out);
    assert!(said.contains("the keys of holder-2, holder-3"), "{said}");
    assert!(out.join("attestations/holder-1").exists());
}
