//! Two administrators: in one folder, and in two copies of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Output},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use testkit::stage::{Stage, copy, finished, keymoot, read_until, said};

/// Stops a program, or lets it continue.
fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_second_administrator_in_the_same_folder_fails_with_the_first_ones_name_and_start_time() {
    let stage = Stage::new();
    let mut first = stage.rehearse(&[]);
    read_until(&mut first, 10);
    signal(&first, Signal::STOP);
    let began = stage.chain().entries()[0].time;
    let output = stage.resume();
    signal(&first, Signal::CONT);

    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    let at_work = format!("another keymoot uses {}", stage.dir().display());
    let process = format!("in process {}", first.id());
    // The lock is taken a moment before the ceremony is opened.
    let day = began.to_string().split_once('T').unwrap().0.to_owned();
    for part in [
        &at_work,
        "Administrator (simulated)",
        &process,
        &format!("since {day}T"),
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(first.wait_with_output().unwrap().status.success());
}

#[test]
fn a_second_administrator_who_is_refused_leaves_the_first_undisturbed() {
    let stage = Stage::new();
    let mut first = stage.rehearse(&[]);
    read_until(&mut first, 60);
    for _ in 0..3 {
        signal(&first, Signal::STOP);
        assert_eq!(stage.resume().status.code(), Some(1));
        signal(&first, Signal::CONT);
    }
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(stage.keys(), finished().keys());
    assert!(stage.verify(&["--rehearsal"]).status.success());
}

#[test]
fn a_lock_that_a_killed_program_left_keeps_nobody_out() {
    let stage = Stage::new();
    let mut first = stage.rehearse(&[]);
    read_until(&mut first, 10);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(
        fs::read_to_string(stage.dir().join("lock"))
            .unwrap()
            .contains("Administrator")
    );
    let output = stage.resume();
    assert!(output.status.success(), "{}", said(&output));
}

/// The folder of an interrupted ceremony, copied; its bundle goes beside the copy.
fn copied(stage: &Stage) -> Stage {
    let copied = Stage::new();
    copy(&stage.dir(), &copied.dir());
    let settings = copied.dir().join("settings.json");
    let text = fs::read_to_string(&settings).unwrap();
    let [out, other] = [stage.out(), copied.out()].map(|path| path.display().to_string());
    fs::write(settings, text.replace(&out, &other)).unwrap();
    copied
}

/// A ceremony that was interrupted, copied, and brought to its end in both folders.
fn forked() -> [Stage; 2] {
    let stage = Stage::new();
    stage.killed_at(100);
    let copy = copied(&stage);
    for stage in [&stage, &copy] {
        let output = stage.resume();
        assert!(output.status.success(), "{}", said(&output));
    }
    [stage, copy]
}

fn verify(bundles: &[&Path], more: &[&str]) -> Output {
    let mut command = keymoot();
    command
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .args(bundles)
        .arg("--rehearsal")
        .args(more);
    command.output().unwrap()
}

#[test]
fn two_bundles_of_a_copied_ceremony_hold_by_themselves_and_fork_at_an_event() {
    let [one, other] = forked();
    let (chain, others) = (one.chain(), other.chain());
    let mut pairs = chain.entries().iter().zip(others.entries());
    let (here, there) = pairs.find(|(here, there)| here != there).unwrap();
    for bundle in [&one, &other] {
        assert!(bundle.verify(&["--rehearsal"]).status.success());
    }

    let output = verify(&[&one.out(), &other.out()], &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = said(&output);
    let event = format!("forks at event {}", here.seq);
    for part in [
        "BUNDLE-FORK",
        &event,
        &here.event.sentence(),
        &there.event.sentence(),
        "NOT VERIFIED",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    let output = verify(&[&one.out(), &other.out()], &["--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["format"], "keymoot-verify-several/1");
    assert_eq!(json["holds"], false);
    assert_eq!(json["bundles"][0]["holds"], true);
    assert_eq!(json["bundles"][1]["holds"], true);
    let [pair] = json["pairs"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    assert_eq!(pair["kinship"], "fork");
    assert_eq!(pair["seq"], here.seq);
    let says = [here, there].map(|entry| serde_json::to_value(entry).unwrap());
    assert_eq!(pair["says"], Value::from(says.to_vec()));
}

/// A copy of the finished bundle, with a change.
fn like_the_finished(change: impl FnOnce(&Path)) -> (Stage, PathBuf) {
    let stage = Stage::new();
    copy(&finished().out(), &stage.out());
    change(&stage.out());
    let out = stage.out();
    (stage, out)
}

#[test]
fn the_same_bundle_twice_is_reported_as_the_same() {
    let (_stage, copy) = like_the_finished(|_| {});
    let output = verify(&[&finished().out(), &copy], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("the same, byte for byte"),
        "{}",
        said(&output)
    );
}

#[test]
fn bundles_of_different_ceremonies_are_not_compared() {
    let other = Stage::new();
    assert!(other.rehearsed(&[]).status.success());
    let output = verify(&[&finished().out(), &other.out()], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("of different ceremonies"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_bundle_with_fewer_closing_signatures_has_the_same_history() {
    let (_stage, copy) = like_the_finished(|bundle| {
        let path = bundle.join("MANIFEST.sigs.json");
        let mut closing: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let signatures = closing["signatures"].as_array_mut().unwrap();
        assert!(signatures.len() > 5, "nobody can be left out");
        signatures.pop();
        fs::write(path, closing.to_string()).unwrap();
    });
    let output = verify(&[&finished().out(), &copy], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("different closing signatures"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_transcript_that_is_the_beginning_of_another_is_reported_and_is_no_fork() {
    let (_stage, copy) = like_the_finished(|bundle| {
        let path = bundle.join("transcript.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        let beginning: Vec<_> = text.split_inclusive('\n').take(50).collect();
        fs::write(path, beginning.concat()).unwrap();
    });
    let output = verify(&[&finished().out(), &copy], &["--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["bundles"][1]["verdicts"][1]["rule"], "BUNDLE-FILES");
    assert_eq!(json["pairs"][0]["kinship"], "beginning");
    assert_eq!(json["pairs"][0]["seq"], 50);
    assert_eq!(json["pairs"][0]["verdict"]["outcome"], "held");
}
