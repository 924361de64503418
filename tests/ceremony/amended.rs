//! Amendments: a corrected roster or policy, until somebody has signed.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Output, Stdio},
};

use keymoot::rehearsal::cast::Cast;
use keymoot_core::Rule;
use keymoot_record::transcript::{Chain, Event};
use testkit::stage::{Stage, finished, keymoot, read_until_line, said};

use crate::forged::{honest, list_anew, verdicts};

/// A rehearsal of three holders, killed when `line` was printed.
fn killed_at(line: &str) -> Stage {
    let stage = Stage::new();
    fs::write(stage.path("roster.toml"), Cast::of(3).roster()).unwrap();
    let policy = stage.small_policy();
    let roster = stage.path("roster.toml");
    let mut child = stage.rehearse(&[
        "--policy",
        policy.to_str().unwrap(),
        "--roster",
        roster.to_str().unwrap(),
    ]);
    read_until_line(&mut child, |said| said.contains(line));
    child.kill().unwrap();
    child.wait().unwrap();
    stage
}

/// The roster with something else in it.
fn corrected(stage: &Stage, from: &str, to: &str) -> PathBuf {
    let path = stage.path("corrected.toml");
    let text = fs::read_to_string(stage.path("roster.toml")).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&path, text.replace(from, to)).unwrap();
    path
}

/// Resumes with a roster; `word` is typed.
fn amended(stage: &Stage, roster: &PathBuf, word: &str) -> Output {
    let mut command = keymoot();
    command
        .arg("resume")
        .arg(stage.dir())
        .arg("--roster")
        .arg(roster)
        .args(["--reason", "a mistyped country"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut typed = child.stdin.take().unwrap();
    // A program that refused the file reads nothing.
    let _ = writeln!(typed, "{word}");
    drop(typed);
    child.wait_with_output().unwrap()
}

fn amendments(stage: &Stage) -> usize {
    let entries = testkit::stage::Stage::chain(stage);
    let amended = |event: &Event| matches!(event, Event::Amended { .. });
    entries
        .entries()
        .iter()
        .filter(|e| amended(&e.event))
        .count()
}

#[test]
fn a_corrected_roster_keeps_the_enrolments_and_ends_with_a_verified_bundle() {
    let stage = killed_at("holder-2 goes back");
    let enrolled = |stage: &Stage| {
        let chain = stage.chain();
        let mut serials = Vec::new();
        for entry in chain.entries() {
            if let Event::Enrolled { holder, serial, .. } = &entry.event {
                serials.push((holder.clone(), *serial));
            }
        }
        serials
    };
    let before = enrolled(&stage);
    assert_eq!(before.len(), 2);
    let roster = corrected(&stage, "country = \"XC\"", "country = \"XD\"");
    let output = amended(&stage, &roster, "amend");
    assert!(output.status.success(), "{}", said(&output));
    let sentence = "roster: holder holder-3, country was \"XC\", is \"XD\"";
    assert!(said(&output).contains(sentence), "{}", said(&output));
    assert_eq!(amendments(&stage), 1);
    assert_eq!(&enrolled(&stage)[..2], &before[..]);
    assert_eq!(enrolled(&stage).len(), 3);
    let verdict = stage.verify(&["--rehearsal"]);
    assert!(verdict.status.success(), "{}", said(&verdict));
    let report = fs::read_to_string(stage.out().join("report.md")).unwrap();
    assert!(report.contains("holder holder-3, country was"), "{report}");
    let now = fs::read_to_string(stage.out().join("roster.toml")).unwrap();
    let then = fs::read_to_string(stage.out().join("amendments/1/roster.toml")).unwrap();
    assert!(now.contains("\"XD\"") && then.contains("\"XC\""));
}

#[test]
fn a_roster_edited_in_the_folder_is_named_and_amends_the_plan_when_it_is_given() {
    let stage = killed_at("holder-1 goes back");
    let edited = stage.dir().join("roster.toml");
    let roster = corrected(&stage, "Employer C", "Employer D");
    fs::copy(roster, &edited).unwrap();
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("was edited"), "{}", said(&output));
    assert!(said(&output).contains("--roster"), "{}", said(&output));
    let output = amended(&stage, &edited, "amend");
    assert!(output.status.success(), "{}", said(&output));
    let verdict = stage.verify(&["--rehearsal"]);
    assert!(verdict.status.success(), "{}", said(&verdict));
}

#[test]
fn nothing_is_recorded_without_the_word_or_of_a_plan_that_violates_a_rule() {
    let stage = killed_at("holder-1 goes back");
    let before = stage.chain().entries().len();
    let good = corrected(&stage, "country = \"XC\"", "country = \"XD\"");
    let output = amended(&stage, &good, "yes");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let bad = corrected(&stage, "country = \"XC\"", "country = \"UK\"");
    let output = amended(&stage, &bad, "amend");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("corrected.toml:"),
        "{}",
        said(&output)
    );
    let gone = corrected(&stage, "holder-1", "holder-7");
    let output = amended(&stage, &gone, "amend");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("has enrolled a device"),
        "{}",
        said(&output)
    );
    assert_eq!(stage.chain().entries().len(), before);
}

#[test]
fn nobody_amends_a_plan_by_which_somebody_has_signed() {
    let stage = killed_at("signed root.json");
    let roster = corrected(&stage, "country = \"XC\"", "country = \"XD\"");
    let output = amended(&stage, &roster, "amend");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("somebody has signed"),
        "{}",
        said(&output)
    );
    let ended = keymoot()
        .arg("resume")
        .arg(finished().dir())
        .arg("--roster")
        .arg(roster)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert!(
        said(&ended).contains("somebody has signed"),
        "{}",
        said(&ended)
    );
}

#[test]
fn more_amendments_than_a_ceremony_has_are_refused_before_their_plans_are_checked() {
    let honest = honest();
    let head = Chain::read(&honest["transcript.jsonl"]).unwrap().head();
    let amended = |count: usize| {
        let mut files = honest.clone();
        for number in 1..=count {
            let policy = honest["policy.toml"].clone();
            files.insert(format!("amendments/{number}/policy.toml"), policy);
        }
        list_anew(&mut files, &honest, head);
        let verdicts = verdicts(files, true).into_iter();
        verdicts.filter(|v| v.rule == Rule::TranscriptReplay && v.is_violated())
    };
    assert_eq!(amended(16).count(), 0);
    let refused: Vec<_> = amended(17).map(|verdict| verdict.detail).collect();
    let told = "the plan has 17 amendments, and a ceremony has at most 16";
    assert_eq!(refused, [told]);
}
