#![allow(clippy::unwrap_used)]

use super::changes;
use crate::tuf::dialect::tuf_on_ci;
use crate::tuf::json::Object;
use crate::tuf::{Holder, OnlineKey, Periods, PublicKey, Root, RootDraft, Time};

fn key(seed: u8) -> PublicKey {
    let secret = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    PublicKey::from_p256_point(point.as_bytes()).unwrap()
}

fn draft() -> RootDraft {
    let days = |expiry_days, signing_days| Periods {
        expiry_days,
        signing_days,
    };
    RootDraft {
        version: 1,
        expires: Time::parse("2027-11-01T00:00:00Z").unwrap(),
        consistent_snapshot: true,
        holders: (1..=2)
            .map(|seed| Holder {
                handle: format!("holder-{seed}"),
                key: key(seed),
            })
            .collect(),
        root_threshold: 2,
        targets_signers: None,
        targets_threshold: 1,
        online: OnlineKey {
            key: key(200),
            uri: "awskms:simulated".to_owned(),
        },
        root_periods: days(365, 60),
        targets_periods: days(365, 60),
        snapshot_periods: days(3650, 365),
        timestamp_periods: days(7, 6),
        marks: Object::new(),
    }
}

fn root(draft: &RootDraft) -> Root {
    Root::read(&tuf_on_ci::root(draft).unwrap()).unwrap()
}

fn sentences(previous: Option<&RootDraft>, new: &RootDraft) -> Vec<String> {
    let previous = previous.map(root);
    changes(previous.as_ref(), &root(new))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_first_root_is_told_whole() {
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
    Metadata of root lasts 365 days, and signing the next begins 60 days before the end.
    Metadata of snapshot lasts 3650 days, and signing the next begins 365 days before the end.
    Metadata of timestamp lasts 7 days, and signing the next begins 6 days before the end.
    Files are published under names with their versions (consistent snapshots).
    It follows version 1.0.0 of the TUF specification.
    "#);
}

#[test]
fn equal_roots_have_no_changes() {
    assert_eq!(sentences(Some(&draft()), &draft()), [""; 0]);
}

#[test]
fn every_field_that_differs_is_told() {
    let mut new = draft();
    new.version = 2;
    new.expires = Time::parse("2028-11-01T00:00:00Z").unwrap();
    new.consistent_snapshot = false;
    new.holders.remove(0);
    new.holders.push(Holder {
        handle: "holder-3".to_owned(),
        key: key(3),
    });
    new.root_threshold = 1;
    new.online.uri = "gcpkms:simulated".to_owned();
    new.root_periods.signing_days = 30;
    new.marks.insert("x-note\u{202e}".to_owned(), "new".into());
    insta::assert_snapshot!(sentences(Some(&draft()), &new).join("\n"), @r#"
    The root goes from version 1 to version 2.
    It expires 2028-11-01T00:00:00Z instead of 2027-11-01T00:00:00Z.
    The role root is signed by 1 of 2 keys instead of 2 of 2 keys.
    The key of holder-1 (ECDSA P-256, Vulcan Eskimo robust distortion) may no longer sign root and targets.
    The key of holder-3 (ECDSA P-256, talon Istanbul spyglass fortitude) may sign root and targets.
    The online key at gcpkms:simulated (ECDSA P-256, talon newsletter bluebird sensation) has the id 1842b7a4 instead of 3d671145.
    The online key at gcpkms:simulated (ECDSA P-256, talon newsletter bluebird sensation) was found at awskms:simulated before.
    Metadata of root lasts 365 days, and signing the next begins 30 days before the end (before: 365 and 60).
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
