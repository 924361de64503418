//! Rare screens, at four terminals at once: secrets that are displayed once,
//! a key from before a device error, a device at work, YubiHSM 2s, and
//! violated rules.

use std::fs;

use keymoot::rehearsal::cast::{self, Cast};
use keymoot_attestation::Family;
use keymoot_record::ceremony::question::last_four;

use testkit::clock;

use super::{
    rehearsal::{OUTSIDE, PLUG, TOUCH, pin, serials, serials_of_units},
    states::{
        AT_WORK, BLINKS, CALL, CONFIRM, FOUND, HAND_OVER, IDENTIFY, INSERT, INSERT_UNIT,
        NEW_PASSWORD, NEW_PASSWORD_AGAIN, NEW_PIN, NEW_PIN_AGAIN, ONCE, ONCE_HIDDEN, OPENING,
        REMOVE, ROLL_CALL, TROUBLE, VIOLATIONS,
    },
    tables::Tables,
};

/// A password that a holder types for a YubiHSM 2.
const PASSWORD: &str = "314159265358979323846264";

/// A YubiKey and then a YubiHSM 2; the first holder's secrets cannot be sealed.
fn roster() -> String {
    let family = |seat: usize| match seat {
        2 => Family::YubiHsm,
        _ => Family::YubiKey,
    };
    let roster = Cast::bringing(9, family).roster();
    let recipient = roster
        .lines()
        .find(|line| line.starts_with("age_recipient"))
        .unwrap();
    roster.replacen(&format!("{recipient}\n"), "", 1)
}

#[test]
fn screens_that_a_smooth_ceremony_never_shows_are_the_same_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.toml");
    fs::write(&path, roster()).unwrap();
    // The YubiHSM 2 loses its connection once it has made its key; it takes its time to
    // attest it.
    let faults = "1:drop-after@0x46,1:slow@0x64=4";
    let mut all = Tables::rehearse(&["--roster", path.to_str().unwrap(), "--unit-fault", faults]);
    all.read_digests();
    all.expect(OPENING.with("Number of the"))
        .enter("bag 17")
        .enter("12:00")
        .enter(OUTSIDE);
    all.expect(CONFIRM).enter("confirm");
    all.expect(ROLL_CALL).press(&" ".repeat(9));
    all.enter("present");

    let serial = serials(&all.dir(0))[0];
    all.expect(CALL).enter("1");
    all.expect(INSERT).press(PLUG);
    all.expect(IDENTIFY).enter(&last_four(serial));
    all.expect(NEW_PIN).enter(&pin(1));
    all.expect(NEW_PIN_AGAIN).enter(&pin(1));
    all.expect(ONCE_HIDDEN).see("shown_once_hidden");
    all.enter("show").expect(ONCE).see("shown_once");
    all.enter("written").expect(BLINKS);
    all.press(TOUCH).expect(REMOVE).press(PLUG);

    let serial = serials_of_units(&all.dir(0))[0];
    all.expect(CALL).enter("2");
    all.expect(INSERT_UNIT).expect("is out; Ctrl-N inserts");
    all.see("insert_a_unit").press(PLUG);
    all.expect(IDENTIFY).expect("is in; Ctrl-N unplugs");
    all.see("is_this_unit_yours").enter(&last_four(serial));
    all.expect(NEW_PASSWORD).see("new_password");
    all.enter(PASSWORD)
        .expect(NEW_PASSWORD_AGAIN)
        .enter(PASSWORD);
    all.expect(TROUBLE.with("Type retry"))
        .see("connection_lost")
        .enter("retry");
    all.expect(FOUND).see("found").enter("adopt");
    all.expect(AT_WORK).see("at_work");
    all.expect(HAND_OVER)
        .expect("Without it, a forgotten password makes")
        .enter("taken");
    all.expect(REMOVE).see("remove_a_unit");
}

#[test]
fn a_violated_rule_stops_the_ceremony_until_its_cause_is_fixed() {
    let past = clock::variables("@2025-06-01 12:00:00");
    let past = past.each_ref().map(|(name, value)| (*name, &**value));
    let mut all = Tables::begin(&past, |dir| {
        [
            "rehearse".into(),
            "--seed".into(),
            "7".into(),
            "--dir".into(),
            dir.into_os_string(),
        ]
        .to_vec()
    });
    all.read_digests();
    all.expect(VIOLATIONS).expect("is out; Ctrl-N inserts");
    all.see("violations")
        .enter("retry")
        .expect(VIOLATIONS.with("entry 7"));
    all.expect(VIOLATIONS);
    all.each(|at| clock::sweep(at.process()));
}

#[test]
fn a_live_ceremony_says_so_from_its_first_screen_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string()
    };
    let script = include_str!("../../ceremony-scripts/initial-root.toml");
    // A team without a root gets no signature.
    let script = file("script.toml", &script.replace(", \"crates.json\"", ""));
    let policy = include_str!("../../ceremony-scripts/policy.toml");
    let policy = cast::with_online_key(policy).unwrap();
    let policy = file("policy.toml", &policy.replace("simulated:", "gcpkms:"));
    let mut roster = Cast::of(9).roster();
    for (simulated, country) in ["AT", "BE", "CH", "DK", "ES", "FI", "GR", "HU", "IE"]
        .iter()
        .zip('A'..)
        .map(|(country, letter)| (format!("\"X{letter}\""), format!("\"{country}\"")))
    {
        roster = roster.replace(&simulated, &country);
    }
    let lines = roster.lines();
    let lines = lines.filter(|line| !line.starts_with("age_recipient"));
    let roster = file("roster.toml", &lines.collect::<Vec<_>>().join("\n"));
    let mut all = Tables::begin(&[], |dir| {
        [
            "run".into(),
            script.clone(),
            "--roster".into(),
            roster.clone(),
            "--policy".into(),
            policy.clone(),
            "--dir".into(),
            dir.into_os_string(),
        ]
        .to_vec()
    });
    all.see_first("live");
}
