//! A holder whose account gets another name: the key stays, and both names are on record.

use std::{fs, path::Path};

use keymoot::rehearsal::cast::Cast;
use keymoot_record::{
    bundle::{of_bundle, of_tree},
    ceremony::{Plan, PlanFiles, State, previous::Previous, propose},
    rules::scenario::Document,
    transcript::{Chain, Event},
};
use keymoot_tuf::Dialect;
use serde_json::Value;
use testkit::stage::{keymoot, said};

use super::{Occasion, device_of, hold, plan_files, published, renaming, rfc_3724};
use crate::story;

fn state(bundle: &Path) -> State {
    let chain = fs::read(bundle.join("transcript.jsonl")).unwrap();
    let plan = Plan::check(plan_files(bundle)).unwrap();
    State::fold(plan.into(), &Chain::read(&chain).unwrap()).unwrap()
}

#[test]
fn a_renamed_holder_keeps_the_key_and_both_names_are_on_record() {
    let keys = |bundle: &Path| -> Value {
        let root = fs::read(bundle.join("repositories/tuf-root/metadata/root.json")).unwrap();
        serde_json::from_slice::<Value>(&root).unwrap()["signed"]["keys"].clone()
    };
    let of = |keys: &Value, owner: &str| -> Option<String> {
        let mut keys = keys.as_object().unwrap().values();
        let key = keys.find(|key| key["x-tuf-on-ci-keyowner"] == owner)?;
        Some(key["keyval"]["public"].as_str().unwrap().to_owned())
    };
    let (before, after) = (keys(&rfc_3724()[2]), keys(renaming()));
    assert_eq!(of(&before, "@holder-3"), of(&after, "@holder-33"));
    assert_eq!(
        (of(&before, "@holder-33"), of(&after, "@holder-3")),
        (None, None)
    );
    let text = |name: &str| fs::read_to_string(renaming().join(name)).unwrap();
    let recorded = text("transcript.jsonl");
    let enrolled = recorded.lines().find(|line| line.contains("\"formerly\""));
    let enrolled = enrolled.unwrap();
    for word in ["\"enrolled\"", "\"holder-3\"", "\"holder-33\""] {
        assert!(enrolled.contains(word), "{enrolled}");
    }
    let resets = recorded.lines().filter(|line| line.contains("reset-done"));
    assert!(resets.clone().count() > 0);
    assert!(!resets.clone().any(|line| line.contains("holder-33")));
    let report = text("report.md");
    let told = "The account holder-3 is now holder-33: the same person, with the same key";
    assert!(report.contains(told), "{report}");
    let state = state(renaming());
    let made = state.documents[&Document::Root].made;
    let proposed = propose::document(&state, Document::Root, made).unwrap();
    let sentences = propose::changes(&state, Document::Root, &proposed).unwrap();
    let named = |s: &&String| s.contains("holder-33") && s.contains("holder-3 ");
    assert!(sentences.iter().any(|s| named(&s)), "{sentences:#?}");
}

#[test]
fn a_tree_in_which_a_key_has_two_names_starts_the_next_ceremony() {
    let tree = published(&rfc_3724()[..4]);
    let read = keymoot_verify::read_tree(tree.path()).unwrap();
    let mut cast = Cast::of(11);
    cast.renamed(3, 33);
    cast.settles();
    let mut files = plan_files(renaming());
    files.script = include_str!("../../../ceremony-scripts/annual-resign.toml").to_owned();
    files.roster = cast.roster();
    files.inputs = of_tree(&read);
    let names = |files: &PlanFiles, handle: &str| {
        let folder = format!("previous/attestations/{handle}/");
        files.inputs.keys().any(|path| path.starts_with(&folder))
    };
    assert!(names(&files, "holder-3") && names(&files, "holder-33"));
    assert!(Plan::check(files).is_ok());
}

#[test]
fn a_key_is_revoked_under_the_newer_of_its_two_names() {
    let tree = published(&rfc_3724()[..4]);
    let read = keymoot_verify::read_tree(tree.path()).unwrap();
    let revoked = |number: usize| {
        let mut cast = Cast::of(11);
        cast.renamed(3, 33);
        cast.settles();
        let serial = device_of("holder-33", renaming());
        cast.revoked(number, serial, "stolen");
        let mut files = plan_files(renaming());
        let script = include_str!("../../../ceremony-scripts/emergency-revocation.toml");
        files.script = script.to_owned();
        files.roster = cast.roster();
        files.inputs = of_tree(&read);
        Plan::check(files)
    };
    assert!(revoked(33).is_ok());
    let refused = revoked(3).expect_err("it was accepted");
    assert_eq!(refused[0].rule.id(), "ROSTER-CHANGE");
    let told = "its holder has another name now: revoke it under that name";
    assert!(refused[0].detail.contains(told), "{}", refused[0].detail);
}

/// The rules that refuse the renaming after a change.
fn refused(change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = plan_files(renaming());
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts.iter().map(|v| v.rule.to_string()).collect()
}

const RENAMED: &str = "[[renamed]]\nfrom = \"holder-3\"\nto = \"holder-33\"\n";

#[test]
fn an_account_that_is_renamed_with_another_key_or_to_somebody_else() {
    let entry = "handle = \"holder-33\"\n";
    for with in [
        format!("{entry}renews = true\n"),
        format!("{entry}devices = [1]\n"),
    ] {
        let refused = refused(|files| files.roster = files.roster.replace(entry, &with));
        assert_eq!(refused, ["ROSTER-CHANGE"], "{with}");
    }
    for (from, to) in [
        ("holder-3", "holder-4"),
        ("holder-3", "holder-99"),
        ("holder-99", "holder-33"),
        ("holder-4", "holder-33"),
    ] {
        let other = format!("[[renamed]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
        let refused = refused(|files| {
            assert!(files.roster.contains(RENAMED), "{}", files.roster);
            files.roster = files.roster.replace(RENAMED, &other);
        });
        assert_eq!(refused, ["ROSTER-CHANGE"], "{other}");
    }
}

#[test]
fn an_account_that_is_renamed_on_an_occasion_that_changes_nobody() {
    let annual = |roster: &str| {
        let mut files = plan_files(&rfc_3724()[2]);
        files.script = include_str!("../../../ceremony-scripts/annual-resign.toml").to_owned();
        files.policy = story::plan_files(2).policy;
        files.roster = roster.to_owned();
        Plan::check(files)
    };
    let mut cast = Cast::of(9);
    assert!(annual(&cast.roster()).is_ok());
    cast.renamed(3, 33);
    let verdicts = annual(&cast.roster()).expect_err("it was accepted");
    let rules: Vec<_> = verdicts.iter().map(|v| v.rule.id()).collect();
    assert_eq!(rules, ["ROSTER-CHANGE"]);
}

#[test]
fn a_renamed_account_is_reason_enough_to_change_the_policy() {
    let mut files = plan_files(&rfc_3724()[2]);
    files.policy = story::plan_files(2).policy;
    let mut cast = Cast::of(9);
    let same = |roster: String, mut files: PlanFiles| {
        files.roster = roster;
        Plan::check(files)
    };
    let unchanged = same(cast.roster(), files.clone()).expect_err("it was accepted");
    assert_eq!(unchanged[0].rule.id(), "POLICY-PREVIOUS");
    cast.renamed(3, 33);
    assert!(same(cast.roster(), files).is_ok());
}

#[test]
fn keys_of_renamed_holders_count_at_the_roll_call() {
    let mut files = plan_files(&rfc_3724()[2]);
    files.policy = story::plan_files(2).policy;
    let mut cast = Cast::of(9);
    for number in 1..=5 {
        cast.renamed(number, 30 + number);
    }
    files.roster = cast.roster();
    let state = State::new(Plan::check(files).unwrap().into());
    let all: Vec<_> = state.seats.iter().map(|seat| seat.handle.clone()).collect();
    assert_eq!(state.lacking(&all), None);
}

#[test]
fn a_renamed_holder_may_make_a_key_in_a_spare_device_on_the_same_occasion() {
    let folder = tempfile::tempdir().unwrap();
    let before = &rfc_3724()[1];
    let mut cast = Cast::of(9);
    cast.renamed(3, 33);
    let policy = story::plan_files(2).policy;
    let renames = Occasion {
        script: "change-policy",
        policy: &policy,
        roster: &cast.roster(),
        more: &["--spares".to_owned(), "3".to_owned()],
    };
    let renamed = hold(folder.path(), 3, &renames, Some(before));
    let read = keymoot_verify::read(&renamed).unwrap();
    let previous = Previous::read(&of_bundle(&read), Dialect::TufOnCi);
    let previous = previous.unwrap().unwrap();
    let own = previous.enrolments().iter();
    let own = own.filter(|published| published.handle.as_str() == "holder-33");
    let formerly: Vec<_> = own.map(|published| published.formerly.is_some()).collect();
    assert_eq!(formerly.iter().filter(|said| **said).count(), 1);
    assert_eq!(formerly.len(), 2);
    // A holder of two keys signs the next root with the one that it names.
    cast.settles();
    let signs = Occasion {
        script: "annual-resign",
        policy: &policy,
        roster: &cast.roster(),
        more: &[],
    };
    hold(folder.path(), 4, &signs, Some(&renamed));
}

#[test]
fn a_renamed_holder_proves_the_key_away_from_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let before = &rfc_3724()[1];
    let mut cast = Cast::of(9);
    cast.renamed(3, 33);
    let renames = Occasion {
        script: "change-policy",
        policy: &story::plan_files(2).policy,
        roster: &cast.roster(),
        more: &["--apart=holder-33".to_owned()],
    };
    let renamed = hold(folder.path(), 3, &renames, Some(before));
    let chain = fs::read(renamed.join("transcript.jsonl")).unwrap();
    let chain = Chain::read(&chain).unwrap();
    let mut answered = chain.entries().iter();
    assert!(answered.any(|entry| matches!(entry.event, Event::Answered { .. })));
    let mut verify = keymoot();
    let output = verify
        .args(["verify", "--rehearsal"])
        .arg(&renamed)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
