//! The machine's clock jumps: the ceremony continues, and its report says so.
//!
//! The clock is libfaketime's, under the real program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use keymoot_core::Rule;
use keymoot_record::transcript::{Entry, Event};

use testkit::{
    clock,
    lockstep::Lockstep,
    stage::{SEED, Stage, finished, keymoot, read_until, said},
};

/// Runs a program with a clock that a file sets relative to the machine's.
fn by_the_clock(command: &mut Command, setting: &Path) {
    command
        .envs(clock::variables(""))
        // It would be preferred to the file.
        .env_remove("FAKETIME")
        .env("FAKETIME_TIMESTAMP_FILE", setting)
        .env("FAKETIME_NO_CACHE", "1");
}

/// Sets the clock: a reader gets the old setting or the new one, never a part.
fn set(setting: &Path, offset: &str) {
    let new = setting.with_extension("new");
    fs::write(&new, offset).unwrap();
    fs::rename(new, setting).unwrap();
}

/// A rehearsal in which the clock is set again after some events.
fn held_while_the_clock_jumps(stage: &Stage, offset: &str) -> Output {
    let setting = stage.path("clock");
    set(&setting, "+0");
    let mut child = stage.rehearse_with(&[], |command| by_the_clock(command, &setting));
    read_until(&mut child, 40);
    set(&setting, offset);
    clock::ended(child)
}

/// A rehearsal that is killed, and resumed by another clock.
fn resumed_by_another_clock(stage: &Stage, offset: &str) -> Output {
    stage.killed_at(40);
    resumed_by_clock(stage, offset)
}

/// A rehearsal that is killed as soon as this entry is recorded.
fn killed_at(stage: &Stage, entry: u64) {
    let mut rehearse = keymoot();
    rehearse.args(["rehearse", "--unattended", "--seed", &SEED.to_string()]);
    rehearse.arg("--dir").arg(stage.dir());
    rehearse.arg("--out").arg(stage.out());
    let transcript = stage.dir().join("transcript.jsonl");
    Lockstep::start(&mut rehearse).kill_when(|| {
        let recorded = fs::read_to_string(&transcript).unwrap_or_default();
        recorded.lines().count() as u64 > entry
    });
}

fn resumed_by_clock(stage: &Stage, offset: &str) -> Output {
    let setting = stage.path("clock");
    set(&setting, offset);
    let mut command = keymoot();
    command.arg("resume").arg(stage.dir());
    by_the_clock(&mut command, &setting);
    clock::output(&mut command)
}

/// The first event before which the clock jumped by more than half an hour.
fn jump(stage: &Stage, is_jump: impl Fn(i64) -> bool) -> Entry {
    let chain = stage.chain();
    let pairs = chain.entries().windows(2);
    let jumped = pairs
        .map(|pair| (pair[1].time.unix() - pair[0].time.unix(), &pair[1]))
        .find(|(seconds, _)| is_jump(*seconds));
    jumped.expect("the clock did not jump").1.clone()
}

fn verified(stage: &Stage) -> String {
    let output = stage.verify(&["--rehearsal"]);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

fn account(stage: &Stage) -> String {
    fs::read_to_string(stage.out().join("report.md")).unwrap()
}

#[test]
fn a_clock_that_is_set_back_between_two_events_stops_nothing_and_the_line_is_named() {
    let stage = Stage::new();
    let output = held_while_the_clock_jumps(&stage, "-7200");
    assert!(output.status.success(), "{}", said(&output));
    let line = jump(&stage, |seconds| seconds < -1800).seq + 1;
    let told = format!("the machine's clock was set back before line {line}");
    assert!(verified(&stage).contains(&told));
}

#[test]
fn a_clock_that_is_set_back_before_it_is_resumed_stops_nothing_and_the_line_is_named() {
    let stage = Stage::new();
    let output = resumed_by_another_clock(&stage, "-7200");
    assert!(output.status.success(), "{}", said(&output));
    let line = jump(&stage, |seconds| seconds < -1800).seq + 1;
    let told = format!("the machine's clock was set back before line {line}");
    assert!(verified(&stage).contains(&told));
}

#[test]
fn the_account_says_where_the_clock_was_set_back() {
    let stage = Stage::new();
    assert!(held_while_the_clock_jumps(&stage, "-7200").status.success());
    let jump = jump(&stage, |seconds| seconds < -1800);
    let told = format!(
        "| {} | {} | **before this line the machine's clock was set back",
        jump.seq, jump.time
    );
    assert!(account(&stage).contains(&told), "{}", account(&stage));
}

#[test]
fn a_clock_that_jumps_forward_stops_nothing_and_the_account_shows_the_times() {
    for held in [held_while_the_clock_jumps, resumed_by_another_clock] {
        let stage = Stage::new();
        let output = held(&stage, "+90000");
        assert!(output.status.success(), "{}", said(&output));
        let time = jump(&stage, |seconds| seconds > 1800).time.to_string();
        verified(&stage);
        assert!(account(&stage).contains(&time));
    }
}

/// The numbers of the entries at which a rehearsal is killed: a key is made, a document is signed,
/// the transcript is sealed, the last holder has closed.
fn places() -> [u64; 4] {
    let chain = finished().chain();
    let places = |is_meant: fn(&Event) -> bool| {
        let entries = chain.entries().iter();
        let meant = entries.filter(|entry| is_meant(&entry.event));
        meant.map(|entry| entry.seq).collect::<Vec<_>>()
    };
    [
        places(|event| matches!(event, Event::Enrolled { .. }))[0],
        places(|event| matches!(event, Event::Signed { .. }))[0],
        places(|event| matches!(event, Event::Sealed { .. }))[0],
        *places(|event| matches!(event, Event::Closed { .. }))
            .last()
            .unwrap(),
    ]
}

#[test]
fn a_ceremony_that_was_left_on_a_machine_that_fails_is_resumed_once_the_cause_is_fixed() {
    let years_before = "-94608000";
    for place in places() {
        let stage = Stage::new();
        killed_at(&stage, place);
        for _ in 0..2 {
            let left = resumed_by_clock(&stage, years_before);
            assert_eq!(left.status.code(), Some(4), "at {place}: {}", said(&left));
            let rule = Rule::MachineClock.id();
            assert!(said(&left).contains(rule), "at {place}: {}", said(&left));
        }
        let mut asks = keymoot();
        asks.arg("request").arg(stage.dir());
        let refused = asks.arg("-o").arg(stage.path("request")).output().unwrap();
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let told = "the machine did not pass its last check: MACHINE-CLOCK";
        assert!(said(&refused).contains(told), "{}", said(&refused));
        let output = stage.resume();
        assert!(output.status.success(), "at {place}: {}", said(&output));
        verified(&stage);
    }
}
