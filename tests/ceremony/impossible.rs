//! Plans that could never be held to their end: a rule refuses them before the day.

use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    ceremony::{
        Answer, Next, Plan, Question, State, previous::Previous, question::PRESENT, seat::Seat,
        seating::Standing,
    },
    transcript::Chain,
};
use keymoot_tuf::Dialect;

use crate::{
    story::{files, left_by, plan_files, state},
    unlawful::refused,
};

/// A `[[revoke]]` entry for this device.
fn revoke(handle: &str, serial: u32) -> String {
    format!("\n[[revoke]]\nhandle = \"{handle}\"\nserial = {serial}\nreason = \"stolen\"\n")
}

/// The chapter's holders in the previous root, each with the device of the key there.
fn devices_in_root(chapter: usize) -> Vec<(String, u32)> {
    let previous = Previous::read(&plan_files(chapter).inputs, Dialect::TufOnCi);
    let previous = previous.unwrap().unwrap();
    let device = |key: &Digest| {
        let mut published = previous.enrolments().iter();
        let found = published.find(|published| published.enrolment.key() == *key);
        found.unwrap().enrolment.serial
    };
    let holders = previous.holders().iter();
    holders
        .map(|(handle, key)| (handle.to_string(), device(key)))
        .collect()
}

/// The emergency of the story in which the keys of so many more holders are revoked: the story
/// revokes that of holder-4.
fn emergency(more: usize) -> Result<Plan, Vec<Verdict>> {
    let mut files = plan_files(4);
    let devices = devices_in_root(4).into_iter();
    let others = devices.filter(|(handle, _)| handle != "holder-4");
    for (handle, serial) in others.take(more) {
        files.roster += &revoke(&handle, serial);
    }
    Plan::check(files)
}

#[test]
fn an_emergency_that_leaves_fewer_keys_than_the_previous_root_asks_for() {
    let refused = emergency(4).expect_err("it was accepted");
    let rules: Vec<_> = refused.iter().map(|verdict| verdict.rule.id()).collect();
    assert_eq!(rules, ["ROSTER-CHANGE"]);
    let told = "after these revocations 4 keys of root version 3 are left, and 5 must sign";
    assert_eq!(refused[0].detail, told);
    let help = "revoke fewer keys, or read the runbook quorum-lost";
    assert_eq!(refused[0].next, help);
}

#[test]
fn an_emergency_that_leaves_just_enough_keys_lacks_nobody_at_the_roll_call() {
    let state = State::new(emergency(3).unwrap().into());
    let all: Vec<_> = state.seats.iter().map(|seat| seat.handle.clone()).collect();
    assert_eq!(state.lacking(&all), None);
}

/// The refusal of the roll call when it marks the first four holders, after a change of the seats.
fn roll_called_with_four(change: impl FnOnce(&mut [Seat])) -> String {
    let transcript = String::from_utf8(files(2)["transcript.jsonl"].clone()).unwrap();
    let lines = transcript.split_inclusive('\n');
    let before: String = lines
        .take_while(|line| !line.contains("\"roll-called\""))
        .collect();
    let chain = Chain::read(before.as_bytes()).unwrap();
    let plan = Plan::check(plan_files(2)).unwrap();
    let mut state = State::fold(plan.into(), &chain).unwrap();
    assert_eq!(state.next(), Next::Ask(Question::RollCall));
    change(&mut state.seats);
    let here = state.seats.iter().take(4);
    let present = Answer::Present {
        holders: here.map(|seat| seat.handle.clone()).collect(),
        witnesses: Vec::new(),
        apart: Vec::new(),
        word: PRESENT.to_owned(),
    };
    let now = state.time.unwrap();
    let refused = state.answer(&Question::RollCall, present, now);
    refused.unwrap_err().to_string()
}

#[test]
fn a_roll_call_with_too_few_names_another_day_only_if_that_helps() {
    let waits = roll_called_with_four(|_| {});
    let another_day = "Wait for them, or leave and resume another day.";
    assert!(waits.ends_with(another_day), "{waits}");
    let never = roll_called_with_four(|seats| {
        for seat in &mut seats[4..] {
            seat.standing = Standing::Leaves;
        }
    });
    let corrects = "leave, and correct the roster.";
    assert!(never.ends_with(corrects), "{never}");
}

#[test]
fn a_device_that_is_revoked_twice_or_was_revoked_before() {
    let (handle, serial) = ("holder-4", state(4).revoked().keys()[0].serial);
    let twice = refused(4, |files| files.roster += &revoke(handle, serial));
    assert_eq!(twice, ["ROSTER-CHANGE"]);
    let before = refused(4, |files| {
        // A tree keeps the evidence of the key that the next emergency revokes again.
        let evidence = files.inputs.clone();
        let own = format!("previous/attestations/{handle}/{serial}/");
        files.inputs = left_by(4);
        let kept = evidence
            .into_iter()
            .filter(|(path, _)| path.starts_with(&own));
        files.inputs.extend(kept);
    });
    assert_eq!(before, ["ROSTER-CHANGE"]);
}

/// The rules that refuse a chapter's plan in which the roster lists these devices for a holder.
fn listing(chapter: usize, handle: &str, devices: &[u32]) -> Result<(), Vec<String>> {
    let mut files = plan_files(chapter);
    let entry = format!("handle = \"{handle}\"\n");
    let with = format!("{entry}devices = {devices:?}\n");
    assert!(files.roster.contains(&entry), "{}", files.roster);
    files.roster = files.roster.replacen(&entry, &with, 1);
    let rules = |violated: Vec<Verdict>| {
        let rules = violated.iter().map(|verdict| verdict.rule.to_string());
        rules.collect()
    };
    Plan::check(files).map(drop).map_err(rules)
}

fn device_in_root(chapter: usize, handle: &str) -> u32 {
    let mut devices = devices_in_root(chapter).into_iter();
    let (_, serial) = devices.find(|(holder, _)| holder == handle).unwrap();
    serial
}

#[test]
fn a_device_with_a_key_of_somebody_who_stays_or_leaves() {
    let refused = Err(vec!["ROSTER-DEVICES".to_owned()]);
    for other in ["holder-5", "holder-1"] {
        let device = device_in_root(3, other);
        assert_eq!(listing(3, "holder-10", &[device]), refused, "{other}");
        assert_eq!(listing(3, "holder-4", &[device]), refused, "{other}");
    }
}

#[test]
fn a_device_that_the_same_roster_revokes() {
    let revoked = state(4).revoked().keys()[0].serial;
    let refused = Err(vec!["ROSTER-DEVICES".to_owned()]);
    assert_eq!(listing(4, "holder-4", &[revoked]), refused);
    assert_eq!(listing(4, "holder-5", &[1, revoked]), refused);
}

#[test]
fn a_holder_who_replaces_a_key_and_lists_only_its_device() {
    let old = device_in_root(3, "holder-3");
    let refused = Err(vec!["ROSTER-DEVICES".to_owned()]);
    assert_eq!(listing(3, "holder-3", &[old]), refused);
    assert_eq!(listing(3, "holder-3", &[old, 1]), Ok(()));
}

#[test]
fn the_device_of_a_holder_who_stays_and_the_spare_of_one_whose_key_is_revoked() {
    let stays = device_in_root(3, "holder-5");
    assert_eq!(listing(3, "holder-5", &[stays]), Ok(()));
    let state = state(4);
    let mut seats = state.seats.iter();
    let seat = seats.find(|seat| seat.handle.as_str() == "holder-4");
    let spare = seat.unwrap().enrolled().unwrap().serial;
    assert_eq!(listing(4, "holder-4", &[spare]), Ok(()));
}
