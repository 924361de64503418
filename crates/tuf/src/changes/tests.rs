#![allow(clippy::unwrap_used)]

mod completeness;

use std::collections::BTreeMap;

use super::{changes, document_changes, name_keys, target_changes};
use crate::samples::{days, holder, root as draft, targets};
use crate::{Dialect, Document, Root, RootDraft, TargetFile, Targets, TargetsDraft};
use keymoot_core::time::Time;

const DIALECT: Dialect = Dialect::TufOnCi;

fn root(draft: &RootDraft) -> Root {
    Root::read(&DIALECT.root(draft).unwrap()).unwrap()
}

fn sentences(previous: Option<&RootDraft>, new: &RootDraft) -> Vec<String> {
    let previous = previous.map(root);
    changes(previous.as_ref(), &root(new))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_first_root_is_described_whole() {
    insta::assert_snapshot!(sentences(None, &draft()).join("\n"), @r#"
    This is root version 1.
    It expires 2027-11-01T00:00:00Z.
    The role root is signed by 2 of 2 keys; it names the keys of every role.
    The role targets is signed by 1 of 2 keys; it says which files are genuine and who else may say so.
    The role snapshot is signed by 1 of 1 key; it says which versions belong together.
    The role timestamp is signed by 1 of 1 key; it says what is newest.
    The key of holder-1 (ECDSA P-256, Vulcan Eskimo robust distortion) may sign root and targets.
    The key of holder-2 (ECDSA P-256, enlist amusement repay cannonball) may sign root and targets.
    The online key at awskms:simulated (ECDSA P-256, talon newsletter bluebird sensation) may sign snapshot and timestamp.
    root: valid for 365 days; the next version is signed in the last 60 days.
    snapshot: valid for 3650 days; the next version is signed in the last 365 days.
    timestamp: valid for 7 days; the next version is signed in the last 6 days.
    Files are published under names with their versions (consistent snapshots).
    It follows version 1.0.0 of the TUF specification.
    "#);
}

#[test]
fn equal_roots_have_no_changes() {
    assert_eq!(sentences(Some(&draft()), &draft()), [""; 0]);
}

#[test]
fn every_field_that_differs_is_reported() {
    let mut new = draft();
    new.version = 2;
    new.expires = Time::parse("2028-11-01T00:00:00Z").unwrap();
    new.consistent_snapshot = false;
    new.holders.remove(0);
    new.holders.push(holder(3));
    new.root_threshold = 1;
    new.online.uri = "gcpkms:simulated".to_owned();
    new.root_periods.signing_days = 30;
    new.marks.insert("x-note\u{202e}".to_owned(), "new".into());
    insta::assert_snapshot!(sentences(Some(&draft()), &new).join("\n"), @r#"
    The root goes from version 1 to version 2.
    It expires 2028-11-01T00:00:00Z instead of 2027-11-01T00:00:00Z, 366 days later.
    The role root is signed by 1 of 2 keys instead of 2 of 2 keys.
    The key of holder-1 (ECDSA P-256, Vulcan Eskimo robust distortion) may no longer sign root and targets.
    The key of holder-3 (ECDSA P-256, talon Istanbul spyglass fortitude) may sign root and targets.
    The online key at gcpkms:simulated (ECDSA P-256, talon newsletter bluebird sensation) has the id 1842b7a4 instead of 3d671145.
    The online key at gcpkms:simulated (ECDSA P-256, talon newsletter bluebird sensation) was found at awskms:simulated before.
    root: valid for 365 days; the next version is signed in the last 30 days (before: 365 and 60).
    Files are no longer published under names with their versions.
    The member x-note\u{202e} is "new".
    "#);
}

#[test]
fn a_key_passed_to_another_holder_is_the_same_key() {
    let mut new = draft();
    new.holders[0].handle = "holder-9".to_owned();
    insta::assert_snapshot!(sentences(Some(&draft()), &new).join("\n"), @r#"
    The key of holder-9 (ECDSA P-256, Vulcan Eskimo robust distortion) has the id 2f7e536a instead of 274ac311.
    The key of holder-9 (ECDSA P-256, Vulcan Eskimo robust distortion) was held by holder-1 before.
    "#);
}

fn read_targets(draft: &TargetsDraft) -> Targets {
    Targets::read(&DIALECT.targets(draft).unwrap()).unwrap()
}

fn target_sentences(previous: Option<&TargetsDraft>, new: &TargetsDraft) -> String {
    let previous = previous.map(read_targets);
    let told = target_changes("targets", previous.as_ref(), &read_targets(new));
    let sentences: Vec<_> = told.iter().map(ToString::to_string).collect();
    sentences.join("\n")
}

#[test]
fn a_first_targets_document_is_described_whole() {
    let mut first = targets(DIALECT);
    first.delegations.truncate(2);
    first.delegations[0].signers.truncate(2);
    first.delegations[0].threshold = 2;
    first.delegations[1].terminating = false;
    insta::assert_snapshot!(target_sentences(None, &first), @r#"
    This is targets version 1.
    It expires 2027-11-01T00:00:00Z.
    The role release is signed by 2 of 2 keys.
    The role nightly is signed by 1 of 1 key.
    The role release may sign files named release/*, release/*/*, release/*/*/* and release/*/*/*/*.
    Clients that find nothing with the role release look no further (terminating).
    The role nightly may sign files named nightly/*, nightly/*/*, nightly/*/*/* and nightly/*/*/*/*.
    Clients that find nothing with the role nightly ask the next role (not terminating).
    Clients ask the roles in this order: release and nightly.
    The key of holder-1 (ECDSA P-256, Vulcan Eskimo robust distortion) may sign release.
    The key of holder-2 (ECDSA P-256, enlist amusement repay cannonball) may sign release.
    The online key at awskms:simulated (ECDSA P-256, talon newsletter bluebird sensation) may sign nightly.
    The file a file is signed as a target: 7 bytes, sha256 ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.
    targets: valid for 364 days; the next version is signed in the last 59 days.
    It follows version 1.0.0 of the TUF specification.
    "#);
}

#[test]
fn every_difference_between_targets_documents_has_a_sentence() {
    let old = targets(DIALECT);
    let mut new = old.clone();
    new.version = 2;
    new.expires = Time::parse("2027-10-31T23:00:00Z").unwrap();
    new.delegations.swap(0, 2);
    new.delegations.remove(1);
    new.delegations[0].threshold = 4;
    new.delegations[0].signers.pop();
    new.delegations[0].paths.push("*".to_owned());
    new.delegations[1].paths.truncate(1);
    new.delegations[1].terminating = false;
    new.files = BTreeMap::from([("b\u{202e}".to_owned(), TargetFile::of(b"new"))]);
    new.periods = days(100, 10);
    insta::assert_snapshot!(target_sentences(Some(&old), &new), @r#"
    The targets document goes from version 1 to version 2.
    It expires 2027-10-31T23:00:00Z instead of 2027-11-01T00:00:00Z, less than a day earlier.
    The role crates is signed by 4 of 8 keys instead of 5 of 9 keys.
    The role nightly is gone.
    The role crates may now also sign files named *.
    The role release may no longer sign files named release/*/*, release/*/*/* and release/*/*/*/*.
    Clients that find nothing with the role release now ask the next role (not terminating).
    Clients ask the roles in the order crates and release instead of release, nightly and crates.
    The online key at awskms:simulated (ECDSA P-256, talon newsletter bluebird sensation) may no longer sign nightly.
    The key of holder-9 (ECDSA P-256, ammo passenger shamrock trombonist) may no longer sign crates.
    The file a file is no longer a target; it had 7 bytes, sha256 ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.
    The file b\u{202e} is signed as a target: 3 bytes, sha256 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437.
    targets: valid for 100 days; the next version is signed in the last 10 days (before: 364 and 59).
    "#);
}

#[test]
fn a_file_with_another_content_is_described_with_both() {
    let old = targets(DIALECT);
    let mut new = old.clone();
    new.files = BTreeMap::from([("a file".to_owned(), TargetFile::of(b"new"))]);
    insta::assert_snapshot!(target_sentences(Some(&old), &new), @"The file a file has 3 bytes, sha256 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437 instead of 7 bytes, sha256 ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.");
}

#[test]
fn a_caller_that_knows_the_devices_names_them_in_changes() {
    let mut new = draft();
    new.holders = vec![holder(1), holder(3)];
    let mut told = changes(Some(&root(&draft())), &root(&new));
    let known = holder(3).key.fingerprint();
    name_keys(&mut told, |key| {
        (*key == known).then(|| "YubiKey 12 345 678".to_owned())
    });
    let sentences: Vec<_> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences[1],
        "The key of holder-3 in YubiKey 12 345 678 (ECDSA P-256, talon Istanbul spyglass fortitude) may sign root and targets."
    );
    assert!(sentences[0].starts_with("The key of holder-2 (ECDSA"));
}

#[test]
fn documents_of_different_types_are_not_compared() {
    let error = document_changes(
        "root",
        Some(&DIALECT.targets(&targets(DIALECT)).unwrap()),
        &DIALECT.root(&draft()).unwrap(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is a root document, and the other one is a targets document"
    );
}

#[test]
fn a_type_without_sentences_of_its_own_is_described_member_by_member() {
    let document = |text: &str| Document::parse(text.as_bytes(), 1000).unwrap();
    let old = r#"{"signatures":[],"signed":{"_type":"snapshot","version":1,"meta":{"a":{"version":1},"b":{}}}}"#;
    let new = r#"{"signatures":[],"signed":{"_type":"snapshot","version":2,"meta":{"a":{"version":2},"c":{}}}}"#;
    let told = document_changes("snapshot", Some(&document(old)), &document(new)).unwrap();
    let sentences: Vec<_> = told.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(sentences.join("\n"), @r"
    The member meta.a.version is 2 instead of 1.
    The member meta.b is gone; it was {}.
    The member meta.c is {}.
    The member version is 2 instead of 1.
    ");
}
