//! The documents of a repository below its root: what cannot be read, is missing or lies deeper
//! than one delegation is refused as everything else is.

use std::slice;

use keymoot_core::json::Json;
use keymoot_record::{
    bundle::Files,
    published::{BelowRoot, Served},
};
use keymoot_tuf::{Dialect, Document, FileFacts, VerifiedRoot, verify_root};

use super::fixture::{self, Key, delegations, document, keys, listed, root, signed, with};

const LISTED: [&str; 3] = ["targets.json", "nightly.json", "sub.json"];

/// A targets document without files that delegates everything to each of these roles.
fn targets(to: &[(&str, &Key)]) -> Json {
    let content = document("targets", 1, "targets", Json::object([]));
    with(content, "delegations", delegations(to))
}

/// A snapshot or timestamp that lists version 1 of these files.
fn listing(kind: &str, names: &[&str]) -> Json {
    let files: Vec<_> = names.iter().map(|name| (*name, listed(1, &[]))).collect();
    fixture::listing(kind, 1, &files)
}

/// A working tree in which targets delegates to nightly, and nightly to sub.
struct Repository {
    holders: Vec<Key>,
    nightly: Key,
    root: VerifiedRoot,
    files: Files,
}

impl Repository {
    fn new() -> Self {
        let (holders, nightly, sub) = (keys([1, 2, 3]), Key::new(4), Key::new(5));
        let text = signed(&root(1, &holders, 2), &holders);
        let document = Document::parse(text.as_bytes(), text.len()).unwrap();
        let mut repository = Self {
            root: verify_root(None, document).unwrap(),
            files: Files::new(),
            holders: holders.clone(),
            nightly: nightly.clone(),
        };
        repository.put("root", text);
        repository.put(
            "targets",
            signed(&targets(&[("nightly", &nightly)]), &holders),
        );
        repository.sign_nightly(&[("sub", &sub)]);
        repository.put("sub", signed(&targets(&[]), &[sub]));
        repository.sign_snapshot(&LISTED);
        repository.put(
            "timestamp",
            signed(&listing("timestamp", &["snapshot.json"]), &holders[..1]),
        );
        repository
    }

    fn put(&mut self, role: &str, text: impl Into<Vec<u8>>) {
        let path = format!("metadata/{role}.json");
        self.files.insert(path, text.into());
    }

    fn sign_nightly(&mut self, delegated: &[(&str, &Key)]) {
        let text = signed(&targets(delegated), slice::from_ref(&self.nightly));
        self.put("nightly", text);
    }

    fn sign_snapshot(&mut self, names: &[&str]) {
        let text = signed(&listing("snapshot", names), &self.holders[..1]);
        self.put("snapshot", text);
    }

    fn remove(&mut self, role: &str) {
        assert!(
            self.files
                .remove(&format!("metadata/{role}.json"))
                .is_some()
        );
    }

    fn below(&self) -> BelowRoot {
        self.below_served(&Served::default())
    }

    fn below_served(&self, served: &Served) -> BelowRoot {
        BelowRoot::read(&self.files, Dialect::TufOnCi, Some(&self.root), served)
    }

    /// Role and name of every refusal.
    fn refused(&self) -> Vec<(String, &'static str)> {
        let refusals = self.below().refusals();
        let named = refusals.into_iter().map(|one| (one.role, one.name));
        named.collect()
    }

    fn is_refused(&self, role: &str, name: &str) {
        assert_eq!(self.refused(), [(role.to_owned(), name)]);
    }
}

#[test]
fn documents_of_any_depth_are_read_and_agree() {
    let repository = Repository::new();
    assert_eq!(repository.refused(), []);
    let below = repository.below();
    let roles: Vec<_> = below.documents().map(|(role, ..)| role).collect();
    assert_eq!(
        roles,
        ["timestamp", "snapshot", "targets", "nightly", "sub"]
    );
    assert!(below.not_made().is_empty());
}

#[test]
fn each_document_that_cannot_be_read_is_refused() {
    for role in ["timestamp", "snapshot", "targets", "nightly", "sub"] {
        let mut repository = Repository::new();
        repository.put(role, "garbage");
        let refused = repository.refused();
        let of_role = refused.iter().find(|(refused, _)| refused == role);
        assert!(of_role.is_some(), "{role}: {refused:?}");
    }
    // A byte order mark before a document that is signed as it must be.
    let mut repository = Repository::new();
    let bytes = repository.files["metadata/snapshot.json"].clone();
    repository.put("snapshot", [b"\xef\xbb\xbf".to_vec(), bytes].concat());
    assert_eq!(repository.refused()[0].0, "snapshot");
}

#[test]
fn a_document_that_is_listed_and_not_there_is_refused() {
    for role in ["targets", "nightly", "sub"] {
        let mut repository = Repository::new();
        repository.remove(role);
        let refused = repository.refused();
        assert!(
            refused.contains(&(role.to_owned(), "MISSING")),
            "{refused:?}"
        );
    }
    let mut repository = Repository::new();
    repository.sign_snapshot(&[&LISTED[..], &["release.json"]].concat());
    repository.is_refused("release", "MISSING");
    repository.put("release", "garbage");
    assert_eq!(repository.refused()[0].0, "release");
}

#[test]
fn a_snapshot_that_the_timestamp_lists_and_that_is_not_there_is_refused() {
    let mut repository = Repository::new();
    repository.remove("snapshot");
    repository.is_refused("snapshot", "MISSING");
}

#[test]
fn what_a_snapshot_lists_is_compared_with_the_file_that_a_server_has() {
    let mut repository = Repository::new();
    let mut snapshot = listing("snapshot", &LISTED);
    let length = Json::object([("version", 1_u64.into()), ("length", 7_u64.into())]);
    let Json::Object(members) = &mut snapshot else {
        panic!("a snapshot is an object");
    };
    if let Some(Json::Object(listed)) = members.get_mut("meta") {
        listed.insert("targets.json".to_owned(), length);
    }
    repository.put("snapshot", signed(&snapshot, &repository.holders[..1]));
    repository.is_refused("targets", "LENGTH-MISMATCH");
    let served = |bytes: &[u8]| Served {
        files: [("targets".to_owned(), FileFacts::of(bytes))].into(),
        missing: Vec::new(),
    };
    let refused = |bytes| repository.below_served(&served(bytes)).refusals();
    assert_eq!(refused(b"7 bytes"), []);
    assert_eq!(refused(b"more bytes")[0].name, "LENGTH-MISMATCH");
}

#[test]
fn before_the_first_online_signing_neither_snapshot_nor_timestamp_is_refused() {
    let mut repository = Repository::new();
    repository.remove("snapshot");
    repository.remove("timestamp");
    assert_eq!(repository.refused(), []);
    assert_eq!(repository.below().not_made(), ["timestamp", "snapshot"]);
    // A team may not have signed yet.
    repository.remove("sub");
    assert_eq!(repository.refused(), []);
    repository.remove("nightly");
    assert_eq!(repository.refused(), []);
    repository.remove("targets");
    repository.is_refused("targets", "MISSING");
}

#[test]
fn a_nested_document_that_nobody_signed_is_refused() {
    let mut repository = Repository::new();
    repository.put("sub", signed(&targets(&[]), &[]));
    repository.is_refused("sub", "TOO-FEW-SIGNATURES");
}

#[test]
fn delegations_in_a_circle_are_read_once() {
    let mut repository = Repository::new();
    let [nightly, sub] = [4, 5].map(Key::new);
    repository.sign_nightly(&[("sub", &sub), ("nightly", &nightly)]);
    let text = signed(&targets(&[("nightly", &nightly), ("sub", &sub)]), &[sub]);
    repository.put("sub", text);
    assert_eq!(repository.refused(), []);
    assert_eq!(repository.below().documents().count(), 5);
}

#[test]
fn a_document_of_another_type_than_its_name_is_refused() {
    let mut repository = Repository::new();
    let timestamp = repository.files["metadata/timestamp.json"].clone();
    repository.put("snapshot", timestamp);
    repository.is_refused("snapshot", "WRONG-ROLE");
}

#[test]
fn a_listed_document_to_which_nobody_delegates_any_more_is_not_refused() {
    let mut repository = Repository::new();
    repository.sign_snapshot(&[&LISTED[..], &["former.json", "root.json"]].concat());
    repository.put("former", signed(&targets(&[]), &[Key::new(9)]));
    assert_eq!(repository.refused(), []);
}

#[test]
fn what_every_client_refuses_is_refused_although_keymoot_reads_it() {
    let mut repository = Repository::new();
    let timestamp = listing("timestamp", &["snapshot.json"]);
    let holders = repository.holders.clone();
    let changed = with(timestamp, "spec_version", "2.0.0".into());
    repository.put("timestamp", signed(&changed, &holders[..1]));
    repository.is_refused("timestamp", "SPEC-VERSION");

    let mut repository = Repository::new();
    let changed = with(root(1, &holders, 2), "spec_version", "2.0.0".into());
    let text = signed(&changed, &holders);
    let document = Document::parse(text.as_bytes(), text.len()).unwrap();
    repository.root = verify_root(None, document).unwrap();
    repository.is_refused("root", "SPEC-VERSION");
}
