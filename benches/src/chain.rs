//! A long history of roots.

use keymoot_core::json::Json;

use crate::document::{EXPIRES, Holder, keys, role, sign};

const HOLDERS: u32 = 9;
const THRESHOLD: u32 = 5;

/// How many signatures each root has: a quorum of the holders who were there
/// before and still are, so that each counts for both thresholds.
pub const SIGNATURES: usize = THRESHOLD as usize;

/// Roots of nine keys, five needed. Every tenth version one holder's key is
/// replaced, each holder's in turn.
pub struct Chain {
    /// The files, version 1 first
    pub files: Vec<Vec<u8>>,
}

impl Chain {
    /// A history of so many roots.
    #[must_use]
    pub fn of(versions: u32) -> Self {
        let online = [Holder::number(1_000_000)];
        let mut holders: Vec<_> = (1..=HOLDERS).map(Holder::number).collect();
        let files = (1..=versions).map(|version| {
            let mut signers = holders.clone();
            if version % 10 == 0 {
                let seat = (version / 10 % HOLDERS) as usize;
                let key = Holder::number(HOLDERS + version);
                signers.remove(seat);
                holders[seat] = key;
            }
            sign(&root(version, &holders, &online), &signers[..SIGNATURES])
        });
        Self {
            files: files.collect(),
        }
    }
}

fn root(version: u32, holders: &[Holder], online: &[Holder]) -> Json {
    let quorum = || Json::Object(role(holders, THRESHOLD));
    let one = || Json::Object(role(online, 1));
    Json::object([
        ("_type", "root".into()),
        ("spec_version", "1.0.0".into()),
        ("version", version.into()),
        ("expires", EXPIRES.into()),
        ("consistent_snapshot", true.into()),
        ("keys", keys(holders.iter().chain(online))),
        (
            "roles",
            Json::object([
                ("root", quorum()),
                ("targets", quorum()),
                ("snapshot", one()),
                ("timestamp", one()),
            ]),
        ),
    ])
}
