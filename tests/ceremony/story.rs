//! The story of a quorum: the first root, the annual signing, people who come and go, a stolen key,
//! a new root of crates.io and a roll call. Each ceremony starts from the bundle of the one before.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use keymoot_record::{
    bundle::{Files, of_bundle},
    ceremony::{Plan, PlanFiles, State, previous::Revoked},
    rules::scenario::Document,
    transcript::{Chain, Event},
};
use serde_json::Value;

use testkit::{
    shared,
    stage::{below, keymoot, said},
};

use crate::python::reader;

/// The list of revoked keys in a bundle.
pub(crate) const REVOKED: &str = "repositories/tuf-root/targets/revoked.json";

/// The scripts of the chapters, in order.
pub(crate) const CHAPTERS: [&str; 6] = [
    "initial-root",
    "annual-resign",
    "onboard-member",
    "emergency-revocation",
    "crates-root-change",
    "heartbeat",
];

/// The story, held once for all tests.
fn shelf() -> &'static Path {
    static SHELF: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = SHELF.get_or_init(|| {
        let folder = shared::folder();
        let mut command = keymoot();
        command.args(["rehearse", "story", "--unattended", "--seed", "7", "--out"]);
        let output = command.arg(folder.path().join("story")).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        folder
    });
    folder.path()
}

/// The bundle of a chapter, counted from one.
pub(crate) fn chapter(number: usize) -> PathBuf {
    let script = CHAPTERS[number - 1];
    shelf().join("story").join(format!("{number}-{script}"))
}

/// The folder in which a chapter was held.
pub(crate) fn chapter_folder(number: usize) -> PathBuf {
    shelf().join(format!("story/{number}-ceremony"))
}

pub(crate) fn files(number: usize) -> Files {
    keymoot_verify::read(&chapter(number))
        .unwrap()
        .files()
        .clone()
}

/// The inputs of a chapter.
pub(crate) fn plan_files(number: usize) -> PlanFiles {
    let files = files(number);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    PlanFiles {
        script: text("script.toml"),
        policy: text("policy.toml"),
        roster: text("roster.toml"),
        inputs: below(&chapter(number).join("inputs")),
    }
}

/// The result of a chapter.
pub(crate) fn state(number: usize) -> State {
    let plan = Plan::check(plan_files(number)).unwrap();
    let chain = Chain::read(&files(number)["transcript.jsonl"]).unwrap();
    State::fold(plan.into(), &chain).unwrap()
}

/// The inputs that a chapter's bundle gives the next.
pub(crate) fn left_by(number: usize) -> Files {
    of_bundle(&keymoot_verify::read(&chapter(number)).unwrap())
}

fn root_history(number: usize) -> PathBuf {
    chapter(number).join("repositories/tuf-root/metadata/root_history")
}

#[test]
fn every_bundle_is_verified_from_the_first_root_alone() {
    let first = root_history(1).join("1.root.json");
    for number in 1..=CHAPTERS.len() {
        let mut command = keymoot();
        command
            .args(["verify", "--expect", "rehearsal-small", "--rules"])
            .arg(chapter(number))
            .arg("--rehearsal");
        let output = command.arg("--trusted-root").arg(&first).output().unwrap();
        assert!(output.status.success(), "{number}: {}", said(&output));
    }
}

#[test]
fn a_bundle_does_not_follow_from_the_first_root_of_others() {
    let others = chapter(1).join("repositories/tuf-crates/metadata/root.json");
    let mut command = keymoot();
    command
        .args(["verify", "--expect", "rehearsal-small", "--rules"])
        .arg(chapter(6))
        .arg("--rehearsal");
    let output = command.arg("--trusted-root").arg(others).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("BUNDLE-TRUSTED"),
        "{}",
        said(&output)
    );
}

#[test]
fn python_tuf_follows_every_root_from_the_first() {
    assert_eq!(reader("chain", &root_history(6))["version"], 4);
    let crates = chapter(6).join("repositories/tuf-crates/metadata/root_history");
    assert_eq!(reader("chain", &crates)["version"], 2);
}

/// The holders of the keys of a chapter's root, by key id.
fn holders(number: usize) -> BTreeMap<String, String> {
    let root: Value =
        serde_json::from_slice(&files(number)["repositories/tuf-root/metadata/root.json"]).unwrap();
    let keys = root["signed"]["keys"].as_object().unwrap();
    keys.iter()
        .filter_map(|(id, key)| {
            let owner = key["x-tuf-on-ci-keyowner"].as_str()?;
            Some((id.clone(), owner.to_owned()))
        })
        .collect()
}

#[test]
fn two_join_two_leave_and_one_takes_another_device() {
    let (before, after) = (holders(2), holders(3));
    let came: Vec<_> = after
        .iter()
        .filter(|(id, _)| !before.contains_key(*id))
        .collect();
    let went: Vec<_> = before
        .iter()
        .filter(|(id, _)| !after.contains_key(*id))
        .collect();
    let names = |keys: Vec<(&String, &String)>| {
        let mut names: Vec<_> = keys.into_iter().map(|(_, owner)| owner.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(came), ["@holder-10", "@holder-11", "@holder-3"]);
    assert_eq!(names(went), ["@holder-1", "@holder-2", "@holder-3"]);
}

#[test]
fn one_persons_old_and_new_device_sign_in_one_turn() {
    let state = state(3);
    let seat = state
        .seats
        .iter()
        .find(|seat| seat.handle.as_str() == "holder-3");
    let seat = seat.unwrap();
    let devices: Vec<_> = seat
        .signatures
        .keys()
        .filter(|(document, _)| *document == Document::Root)
        .map(|(_, serial)| *serial)
        .collect();
    assert_eq!(devices.len(), 2);
    let turns = String::from_utf8(files(3)["transcript.jsonl"].clone()).unwrap();
    let begun = turns
        .lines()
        .skip_while(|line| !line.contains(r#""step":"signing""#))
        .take_while(|line| !line.contains(r#""step":"closing""#))
        .filter(|line| line.contains("turn-begun") && line.contains(r#""holder-3""#));
    assert_eq!(begun.count(), 1);
}

#[test]
fn the_stolen_key_is_published_as_revoked_and_its_holders_spare_goes_in() {
    let revoked = Revoked::read(&files(4)[REVOKED]).unwrap();
    let [stolen] = revoked.keys() else {
        panic!("{revoked:?}");
    };
    assert_eq!(stolen.handle.as_str(), "holder-4");
    let state = state(4);
    let seat = state
        .seats
        .iter()
        .find(|seat| seat.handle.as_str() == "holder-4");
    let goes_on = seat.unwrap().enrolled().unwrap();
    assert_ne!(goes_on.serial, stolen.serial);
    assert_ne!(goes_on.key(), stolen.key);
    assert_eq!(files(6)[REVOKED], files(4)[REVOKED]);
}

#[test]
fn the_emergency_replaces_the_online_key_and_no_other_occasion_does() {
    let online = |number: usize| {
        let root = &files(number)["repositories/tuf-root/metadata/root.json"];
        let root: Value = serde_json::from_slice(root).unwrap();
        root["signed"]["roles"]["timestamp"]["keyids"].clone()
    };
    assert_eq!(online(1), online(3));
    assert_ne!(online(3), online(4));
    assert_eq!(online(4), online(6));
}

#[test]
fn the_quorum_signs_the_new_root_of_crates_io_as_a_target() {
    let files = files(5);
    let crates: Value =
        serde_json::from_slice(&files["repositories/tuf-root/metadata/crates.json"]).unwrap();
    let target = &crates["signed"]["targets"]["crates/root.json"];
    let root = &files["repositories/tuf-crates/metadata/root.json"];
    assert_eq!(target["length"], root.len());
    assert_eq!(
        root,
        &files["repositories/tuf-root/targets/crates/root.json"]
    );
    let root: Value = serde_json::from_slice(root).unwrap();
    assert_eq!(root["signed"]["version"], 2);
}

#[test]
fn the_report_says_whose_root_is_authorised_its_threshold_and_its_expiry() {
    let files = files(5);
    let root = &files["repositories/tuf-root/targets/crates/root.json"];
    let root: Value = serde_json::from_slice(root).unwrap();
    let signed = &root["signed"];
    let role = &signed["roles"]["root"];
    let keys = role["keyids"].as_array().unwrap();
    let report = String::from_utf8(files["report.md"].clone()).unwrap();
    let said = format!(
        "Version {}, {} of {} keys must sign, expires {}.",
        signed["version"],
        role["threshold"],
        keys.len(),
        signed["expires"].as_str().unwrap()
    );
    assert!(report.contains(&said), "{said}\n{report}");
    let (_, listed) = report.split_once(&said).unwrap();
    for id in keys {
        let id = id.as_str().unwrap();
        let owner = signed["keys"][id]["x-tuf-on-ci-keyowner"].as_str();
        let whose = owner.map_or_else(
            || format!("key {id}"),
            |owner| owner.trim_start_matches('@').to_owned(),
        );
        assert!(
            listed.contains(&format!("{whose}, key ")),
            "{whose}\n{report}"
        );
    }
}

#[test]
fn each_of_the_nine_keys_signs_that_it_is_there() {
    let statements = files(6).into_keys();
    assert_eq!(
        statements
            .filter(|path| path.starts_with("statements/"))
            .count(),
        9
    );
}

#[test]
fn two_of_the_nine_prove_their_keys_apart() {
    let transcript = &files(6)["transcript.jsonl"];
    let chain = Chain::read(transcript).unwrap();
    let entries = chain.entries().iter();
    let answered = entries.filter_map(|entry| match &entry.event {
        Event::Answered { holder, .. } => Some(holder.as_str()),
        _ => None,
    });
    let answered: Vec<_> = answered.collect();
    assert_eq!(answered, ["holder-8", "holder-9"]);
}

#[test]
fn a_working_tree_follows_the_story_from_bundle_to_bundle() {
    let tree = tempfile::tempdir().unwrap();
    let export = |number: usize| {
        let mut command = keymoot();
        command.arg("export").arg(chapter(number));
        command.args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
        let output = command.arg(tree.path()).output().unwrap();
        assert!(output.status.success(), "{number}: {}", said(&output));
        said(&output)
    };
    for number in 1..=CHAPTERS.len() {
        export(number);
        assert!(export(number).contains("nothing was written"), "{number}");
        for (path, bytes) in below(&root_history(number)) {
            let laid = tree.path().join("metadata/root_history").join(path);
            assert_eq!(fs::read(laid).unwrap(), bytes);
        }
        for name in ["root", "targets"] {
            let path = tree.path().join(format!("metadata/{name}.json"));
            let ids = reader("keys", &path);
            for (id, hash) in ids.as_object().unwrap() {
                assert_eq!(id, hash, "{number}: {name}");
            }
            let json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            for signature in json["signatures"].as_array().unwrap() {
                assert_ne!(signature["sig"], "", "{number}: {name}");
            }
        }
    }
}

#[test]
fn an_older_bundle_is_not_exported_over_a_newer_one() {
    let tree = tempfile::tempdir().unwrap();
    let export = |number: usize| {
        let mut command = keymoot();
        command.arg("export").arg(chapter(number));
        command.args(["--rehearsal", "--dialect", "tuf-on-ci", "--into"]);
        command.arg(tree.path()).output().unwrap()
    };
    assert!(export(4).status.success());
    let before = below(tree.path());
    assert_eq!(export(2).status.code(), Some(3));
    assert_eq!(below(tree.path()), before);
}

/// The third root with the signatures of these holders alone, in a folder with those
/// before it.
fn rotation_signed_by(wanted: impl Fn(&str, bool) -> bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for version in 1..=2 {
        let name = format!("{version}.root.json");
        fs::copy(root_history(3).join(&name), folder.path().join(&name)).unwrap();
    }
    let (old, new) = (holders(2), holders(3));
    let mut root: Value =
        serde_json::from_slice(&fs::read(root_history(3).join("3.root.json")).unwrap()).unwrap();
    let signatures = root["signatures"].as_array_mut().unwrap();
    signatures.retain(|signature| {
        let id = signature["keyid"].as_str().unwrap();
        let is_new = new.contains_key(id);
        let holder = new.get(id).or_else(|| old.get(id)).unwrap();
        wanted(holder, is_new)
    });
    let text = serde_json::to_vec(&root).unwrap();
    fs::write(folder.path().join("3.root.json"), text).unwrap();
    folder
}

fn is_refused(roots: &Path, why: &str) {
    let mut command = keymoot();
    command.args(["tuf", "verify"]);
    for version in 1..=3 {
        command.arg(roots.join(format!("{version}.root.json")));
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains(why), "{}", said(&output));
    assert!(reader("chain", roots)["error"].is_string());
}

#[test]
fn a_rotation_with_only_the_old_threshold_is_refused_here_and_by_python_tuf() {
    let old = ["@holder-1", "@holder-2", "@holder-4", "@holder-5"];
    let roots = rotation_signed_by(|holder, is_new| {
        old.contains(&holder) || (holder == "@holder-3" && !is_new)
    });
    is_refused(roots.path(), "2 valid of 5 needed");
}

#[test]
fn a_rotation_with_only_the_new_threshold_is_refused_here_and_by_python_tuf() {
    let new = ["@holder-10", "@holder-11", "@holder-4", "@holder-5"];
    let roots = rotation_signed_by(|holder, is_new| {
        new.contains(&holder) || (holder == "@holder-3" && is_new)
    });
    is_refused(roots.path(), "2 valid of 5 needed");
}
