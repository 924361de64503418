//! The list of revoked keys is signed: it cannot be deleted, shortened or replaced by an older one.
//! And an input that no rule checks is not taken over from a previous state.

use std::fs;

use keymoot_record::{
    ceremony::{Plan, PlanFiles, previous::Revoked, propose},
    rules::scenario::Document,
};
use keymoot_tuf::{Dialect, TargetFile, Targets};
use testkit::stage::{below, keymoot, said};

use crate::story::{REVOKED, chapter, files, left_by, plan_files, state};

const LIST: &str = "previous/tuf-root/targets/revoked.json";

/// The rules that refuse the chapter after the emergency, with other inputs.
fn refused(change: impl FnOnce(&mut PlanFiles)) -> Vec<String> {
    let mut files = plan_files(5);
    change(&mut files);
    let verdicts = Plan::check(files).expect_err("it was accepted");
    verdicts.iter().map(|v| v.rule.to_string()).collect()
}

#[test]
fn a_list_that_was_deleted() {
    let refused = refused(|files| drop(files.inputs.remove(LIST)));
    assert_eq!(refused, ["REVOKED-AUTHORISED"]);
}

#[test]
fn a_list_that_was_shortened() {
    let refused = refused(|files| {
        let empty = Revoked::default().bytes();
        assert_ne!(
            files.inputs.insert(LIST.to_owned(), empty.clone()),
            Some(empty)
        );
    });
    assert_eq!(refused, ["REVOKED-AUTHORISED"]);
}

#[test]
fn a_list_beside_the_repository_counts_for_nothing_once_it_is_signed() {
    let refused = refused(|files| {
        let list = files.inputs.remove(LIST).unwrap();
        files
            .inputs
            .insert("previous/revoked.json".to_owned(), list);
    });
    assert_eq!(refused, ["REVOKED-AUTHORISED"]);
}

#[test]
fn an_older_list_with_the_older_document_that_signs_it() {
    let refused = refused(|files| {
        let older = left_by(3);
        for path in [LIST, "previous/tuf-root/metadata/targets.json"] {
            files.inputs.insert(path.to_owned(), older[path].clone());
        }
    });
    assert_eq!(refused, ["DELEGATION-PREVIOUS"]);
}

#[test]
fn targets_json_of_every_ceremony_signs_the_list_as_it_is() {
    for (number, revoked) in [(1, 0), (3, 0), (4, 1), (6, 1)] {
        let files = files(number);
        assert_eq!(
            Revoked::read(&files[REVOKED]).unwrap().keys().len(),
            revoked
        );
        let file = |path: &str| files.get(&format!("repositories/tuf-root/{path}")).cloned();
        let targets = Dialect::TufOnCi
            .read("targets", None, &file)
            .unwrap()
            .unwrap();
        let signed = Targets::read(&targets).unwrap().targets;
        let listed: Vec<_> = signed.into_iter().collect();
        assert_eq!(
            listed,
            [("revoked.json".to_owned(), TargetFile::of(&files[REVOKED]))]
        );
        assert!(!files.contains_key("revoked.json"), "{number}");
    }
}

#[test]
fn the_review_of_an_emergency_names_what_it_revokes() {
    let state = state(4);
    let made = state.documents[&Document::Targets].made;
    let proposed = propose::document(&state, Document::Targets, made).unwrap();
    let sentences = propose::changes(&state, Document::Targets, &proposed).unwrap();
    let said = sentences
        .iter()
        .find(|s| s.starts_with("revoked.json lists"));
    let stolen = state.revoked().keys()[0].serial;
    assert_eq!(
        said.unwrap(),
        &format!(
            "revoked.json lists 1 key; this ceremony revokes holder-4, device {stolen}: stolen from a train (simulated)."
        )
    );
}

#[test]
fn files_that_no_rule_checks_are_named_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let output = keymoot()
        .args(["export", "--rehearsal", "--dialect", "tuf-on-ci"])
        .arg(chapter(4))
        .arg("--into")
        .arg(&tree)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let evil = [
        "attestations/holder-5/evil.bin",
        "metadata/5.root.json",
        "metadata/evil.json",
        "metadata/root_history/04.root.json",
        "revoked.json",
        "targets/crates/evil.bin",
    ];
    for path in evil {
        fs::write(tree.join(path), "evil").unwrap();
    }
    let dir = folder.path().join("ceremony");
    let plan = |name: &str| chapter(4).with_file_name(format!("5-{name}.toml"));
    let mut command = keymoot();
    command.args(["rehearse", "annual-resign", "--unattended", "--seed", "8"]);
    for (option, path) in [
        ("--previous", &tree),
        ("--roster", &plan("roster")),
        ("--policy", &plan("policy")),
        ("--dir", &dir),
    ] {
        command.arg(option).arg(path);
    }
    // Other devices than those of the story: nobody can sign.
    let said = said(&command.output().unwrap());
    for path in evil {
        assert!(said.contains(path), "{path}: {said}");
    }
    let kept = below(&dir.join("inputs"));
    assert!(kept.values().all(|bytes| bytes != b"evil"));
    assert!(kept.contains_key(LIST));
}

#[test]
fn a_bundle_without_its_manifest_passes_for_no_working_tree() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("bundle");
    for (path, bytes) in below(&chapter(4)) {
        let path = copy.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let tree = copy.join("repositories/tuf-root/metadata");
    fs::create_dir(copy.join("metadata")).unwrap();
    fs::copy(tree.join("root.json"), copy.join("metadata/root.json")).unwrap();
    fs::remove_file(copy.join("MANIFEST.json")).unwrap();
    let output = keymoot()
        .args(["rehearse", "annual-resign", "--unattended", "--dir"])
        .arg(folder.path().join("ceremony"))
        .arg("--previous")
        .arg(&copy)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("BUNDLE-MANIFEST"),
        "{}",
        said(&output)
    );
}
