#![allow(clippy::unwrap_used)]

use super::{DraftError, Holder, OnlineKey, RootDraft};
use crate::tuf::dialect::tuf_on_ci;
use crate::tuf::json::Object;
use crate::tuf::{Periods, PublicKey, Time};

fn key(seed: u8) -> PublicKey {
    let secret = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    PublicKey::from_p256_point(point.as_bytes()).unwrap()
}

fn refusal(change: impl FnOnce(&mut RootDraft)) -> String {
    let periods = Periods {
        expiry_days: 365,
        signing_days: 60,
    };
    let holder = |seed| Holder {
        handle: format!("holder-{seed}"),
        key: key(seed),
    };
    let mut draft = RootDraft {
        version: 1,
        expires: Time::from_unix(1_800_000_000).unwrap(),
        consistent_snapshot: true,
        holders: vec![holder(1), holder(2)],
        root_threshold: 2,
        targets_signers: None,
        targets_threshold: 1,
        online: OnlineKey {
            key: key(9),
            uri: "awskms:simulated".to_owned(),
        },
        root_periods: periods,
        targets_periods: periods,
        snapshot_periods: periods,
        timestamp_periods: periods,
        marks: Object::new(),
    };
    tuf_on_ci::root(&draft).unwrap();
    change(&mut draft);
    tuf_on_ci::root(&draft).unwrap_err().to_string()
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
