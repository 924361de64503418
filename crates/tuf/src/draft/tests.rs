#![allow(clippy::unwrap_used)]

use super::{DraftError, Signer};
use crate::samples::{self, holder, holders, key, online};
use crate::{Dialect, RootDraft, TargetFile, TargetsDraft};

fn refusal(change: impl FnOnce(&mut RootDraft)) -> String {
    let mut draft = samples::root();
    Dialect::TufOnCi.root(&draft).unwrap();
    change(&mut draft);
    Dialect::TufOnCi.root(&draft).unwrap_err().to_string()
}

#[test]
fn a_threshold_out_of_reach_or_of_zero_is_refused() {
    assert!(refusal(|draft| draft.root_threshold = 3).starts_with("3 of 2 keys cannot sign root"));
    assert!(refusal(|draft| draft.targets_threshold = 0).starts_with("0 of 2 keys"));
    assert!(refusal(|draft| draft.holders.clear()).starts_with("2 of 0 keys"));
}

#[test]
fn one_key_in_two_places_is_refused() {
    let shared = DraftError::SharedKey("holder-2".to_owned()).to_string();
    assert_eq!(refusal(|draft| draft.holders[1].key = key(1)), shared);
    assert_eq!(refusal(|draft| draft.online.key = key(2)), shared);
}

#[test]
fn handles_that_could_be_misread_are_refused() {
    for handle in ["", "@holder-1", "holder 1", "holder\u{202e}1"] {
        let shown = refusal(|draft| draft.holders[0].handle = handle.to_owned());
        assert!(shown.contains("is no handle"), "{shown}");
    }
}

#[test]
fn a_mark_cannot_take_the_place_of_a_member_with_a_meaning() {
    for name in ["version", "note", "x-tuf-on-ci-expiry-period"] {
        let shown = refusal(|draft| drop(draft.marks.insert(name.to_owned(), "1".into())));
        assert!(shown.contains("is not for a mark"), "{shown}");
    }
}

#[test]
fn versions_begin_with_one() {
    assert_eq!(
        refusal(|draft| draft.version = 0),
        DraftError::VersionZero.to_string()
    );
}

#[test]
fn targets_may_have_signers_of_its_own_but_no_key_under_two_names() {
    let mut draft = samples::root();
    draft.targets_signers = Some(holders(2..=4));
    draft.targets_threshold = 3;
    Dialect::TufOnCi.root(&draft).unwrap();
    let stranger = |draft: &mut RootDraft| {
        let mut renamed = holder(1);
        renamed.handle = "holder-9".to_owned();
        draft.targets_signers = Some(vec![Signer::Holder(renamed)]);
    };
    let shown = refusal(stranger);
    assert!(
        shown.starts_with("the key of holder-9 is also elsewhere"),
        "{shown}"
    );
}

fn refused_targets(change: impl FnOnce(&mut TargetsDraft)) -> String {
    let mut draft = samples::targets(Dialect::TufOnCi);
    Dialect::TufOnCi.targets(&draft).unwrap();
    change(&mut draft);
    Dialect::TufOnCi.targets(&draft).unwrap_err().to_string()
}

#[test]
fn a_delegated_role_needs_a_plain_name_of_its_own() {
    for name in ["", "root", "a/b", "..", "a b", "1.root", "crates.sig"] {
        let shown = refused_targets(|draft| draft.delegations[0].name = name.to_owned());
        assert!(shown.contains("is no name for a delegated role"), "{shown}");
    }
    let shown = refused_targets(|draft| draft.delegations[0].name = "crates".to_owned());
    assert_eq!(shown, "the role crates is delegated to twice");
}

#[test]
fn a_delegated_role_needs_paths_and_keys_that_can_meet_its_threshold() {
    for paths in [vec![], vec!["a", "a"], vec![""]] {
        let paths = paths.into_iter().map(str::to_owned).collect();
        let shown = refused_targets(|draft| draft.delegations[0].paths = paths);
        assert!(
            shown.starts_with("the paths of the role release"),
            "{shown}"
        );
    }
    let shown = refused_targets(|draft| draft.delegations[2].threshold = 10);
    assert!(
        shown.starts_with("10 of 9 keys cannot sign crates"),
        "{shown}"
    );
}

#[test]
fn a_key_under_two_names_in_delegations_is_refused() {
    let shown = refused_targets(|draft| {
        let mut service = online();
        service.key = key(1);
        draft.delegations[1].signers = vec![Signer::Online(service)];
    });
    assert!(
        shown.contains("awskms:simulated is also elsewhere"),
        "{shown}"
    );
}

#[test]
fn a_file_needs_a_name_and_a_hash() {
    let file = TargetFile::of(b"");
    let nameless = file.clone();
    refused_targets(|draft| drop(draft.files.insert(String::new(), nameless)));
    refused_targets(|draft| {
        let mut file = file;
        file.hashes.clear();
        draft.files.insert("a file".to_owned(), file);
    });
}
