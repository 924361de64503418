//! Drafts of simulated people, for tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{
    DelegationDraft, Dialect, Holder, OnlineKey, Periods, PublicKey, RootDraft, Signer, TargetFile,
    TargetsDraft,
};
use keymoot_core::json::Object;
use keymoot_core::time::Time;

/// The P-256 key of a secret of that byte, repeated.
pub(super) fn key(seed: u8) -> PublicKey {
    let secret = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    PublicKey::from_p256_point(point.as_bytes()).unwrap()
}

pub(super) fn holder(seed: u8) -> Holder {
    Holder {
        handle: format!("holder-{seed}"),
        key: key(seed),
    }
}

pub(super) fn holders(seeds: RangeInclusive<u8>) -> Vec<Signer> {
    seeds.map(|seed| Signer::Holder(holder(seed))).collect()
}

pub(super) fn online() -> OnlineKey {
    OnlineKey {
        key: key(200),
        uri: "awskms:simulated".to_owned(),
    }
}

pub(super) fn days(expiry_days: u32, signing_days: u32) -> Periods {
    Periods {
        expiry_days,
        signing_days,
    }
}

/// A first root of two holders.
pub(super) fn root() -> RootDraft {
    RootDraft {
        version: 1,
        expires: Time::parse("2027-11-01T00:00:00Z").unwrap(),
        consistent_snapshot: true,
        holders: vec![holder(1), holder(2)],
        root_threshold: 2,
        targets_signers: None,
        targets_threshold: 1,
        online: online(),
        root_periods: days(365, 60),
        targets_periods: days(364, 59),
        snapshot_periods: days(3650, 365),
        timestamp_periods: days(7, 6),
        marks: Object::new(),
    }
}

/// A first targets document of one file and three roles.
pub(super) fn targets(dialect: Dialect) -> TargetsDraft {
    let delegation = |name: &str, signers, threshold| DelegationDraft {
        name: name.to_owned(),
        signers,
        threshold,
        paths: dialect.own_paths(name),
        terminating: true,
        periods: days(200, 30),
    };
    TargetsDraft {
        role: "targets".to_owned(),
        version: 1,
        expires: Time::parse("2027-11-01T00:00:00Z").unwrap(),
        files: BTreeMap::from([("a file".to_owned(), TargetFile::of(b"content"))]),
        delegations: vec![
            delegation("release", holders(1..=4), 3),
            delegation("nightly", vec![Signer::Online(online())], 1),
            delegation("crates", holders(1..=9), 5),
        ],
        periods: days(364, 59),
        marks: Object::new(),
    }
}
