//! A delegated role with as many targets as crates.io has crates.

use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object};

use crate::document::{EXPIRES, Holder, keys, role, sign};

/// A root, its targets, and the role that they delegate to.
pub struct Files {
    /// The root, version 1
    pub root: Vec<u8>,
    /// The targets, which delegate everything to the role `crates`
    pub targets: Vec<u8>,
    /// The document of the role `crates`, version 1
    pub crates: Vec<u8>,
    /// Version 2 of it, in which every thousandth file has changed
    pub next: Vec<u8>,
}

/// Documents of so many files; 200,000 make about 50 MB.
#[must_use]
pub fn delegated(count: u32) -> Files {
    let holders: Vec<_> = (1..=3).map(Holder::number).collect();
    Files {
        root: sign(&root(&holders), &holders),
        targets: sign(&targets(&holders), &holders),
        crates: sign(&crates(count, 1), &holders),
        next: sign(&crates(count, 2), &holders),
    }
}

fn root(holders: &[Holder]) -> Json {
    let roles = ["root", "snapshot", "targets", "timestamp"];
    let roles = roles.map(|name| (name.to_owned(), Json::Object(role(holders, 2))));
    Json::object([
        ("_type", "root".into()),
        ("spec_version", "1.0.0".into()),
        ("version", 1_u32.into()),
        ("expires", EXPIRES.into()),
        ("consistent_snapshot", true.into()),
        ("keys", keys(holders)),
        ("roles", Json::Object(roles.into())),
    ])
}

fn targets(holders: &[Holder]) -> Json {
    let mut delegated: Object = role(holders, 2);
    let everything = [Json::from("crates/*/*/*/*")].into_iter().collect();
    delegated.extend([
        ("name".to_owned(), "crates".into()),
        ("paths".to_owned(), everything),
        ("terminating".to_owned(), true.into()),
    ]);
    let delegations = Json::object([
        ("keys", keys(holders)),
        ("roles", [Json::Object(delegated)].into_iter().collect()),
    ]);
    document(1, Object::new(), Some(delegations))
}

fn crates(count: u32, version: u32) -> Json {
    let files = (0..count).map(|number| {
        let changed = version > 1 && number % 1000 == 0;
        let content = format!("{number} {changed}");
        let hash = Digest::of(content.as_bytes()).to_string();
        // Spread over folders as the index of crates.io is.
        let name = format!(
            "crates/{}/{}/simulated-crate-{number}/{number}.0.1.crate",
            &hash[..2],
            &hash[2..4]
        );
        let file = Json::object([
            ("length", (number * 7 + 1).into()),
            ("hashes", Json::object([("sha256", hash.into())])),
            ("custom", Json::object([("yanked", changed.into())])),
        ]);
        (name, file)
    });
    document(version, files.collect(), None)
}

fn document(version: u32, targets: Object, delegations: Option<Json>) -> Json {
    let mut members: Object = [
        ("_type".to_owned(), "targets".into()),
        ("spec_version".to_owned(), "1.0.0".into()),
        ("version".to_owned(), version.into()),
        ("expires".to_owned(), EXPIRES.into()),
        ("targets".to_owned(), Json::Object(targets)),
    ]
    .into();
    members.extend(delegations.map(|delegations| ("delegations".to_owned(), delegations)));
    Json::Object(members)
}
