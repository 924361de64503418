//! `keymoot audit` of one repository, whose documents clients of today refuse or follow.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Output,
    slice,
};

use keymoot_core::{
    digest::Digest,
    json::{Json, Object},
};
use serde_json::Value;
use testkit::privileged::without_capabilities;

use super::{
    audit::refusal,
    fixture::{
        Folder, Key, document, key_objects, keys, listed, listing, role, root, signed, with,
    },
};

/// The name of the audited file in the repository, and beside it.
const FILE: &str = "f";

/// A repository in which timestamp and snapshot have keys of their own.
struct Repository {
    folder: Folder,
    holders: Vec<Key>,
    timestamp: Key,
    snapshot: Key,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            folder: Folder::new(),
            holders: keys([1, 2]),
            timestamp: Key::new(3),
            snapshot: Key::new(4),
        };
        fs::create_dir(repository.folder.path().join("metadata")).unwrap();
        repository.folder.put(FILE, "content");
        repository.put("1.root.json", &repository.root(1));
        repository.put("targets.json", &repository.targets(FILE));
        repository.put_online(1, &["targets"]);
        repository
    }

    fn root(&self, version: u64) -> Json {
        let by = |keys: &[Key], threshold| Json::Object(role(keys, threshold));
        let roles = Json::object([
            ("root", by(&self.holders, 2)),
            ("targets", by(&self.holders, 2)),
            ("timestamp", by(slice::from_ref(&self.timestamp), 1)),
            ("snapshot", by(slice::from_ref(&self.snapshot), 1)),
        ]);
        let online = [self.timestamp.clone(), self.snapshot.clone()];
        let all = key_objects(&[&self.holders[..], &online].concat());
        with(
            with(root(version, &self.holders, 2), "keys", all),
            "roles",
            roles,
        )
    }

    /// Targets that list one file with the content of the audited one.
    fn targets(&self, name: &str) -> Json {
        let hash = Digest::of(b"content").to_string();
        let file = Json::object([
            ("length", 7_u64.into()),
            ("hashes", Json::object([("sha256", hash.into())])),
        ]);
        document("targets", 1, "targets", Json::object([(name, file)]))
    }

    /// Timestamp and snapshot of one version. The snapshot lists version 1 of these roles.
    fn put_online(&self, version: u64, roles: &[&str]) {
        let names: Vec<_> = roles.iter().map(|role| format!("{role}.json")).collect();
        let files: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), listed(1, &[])))
            .collect();
        self.put("snapshot.json", &listing("snapshot", version, &files));
        self.put("timestamp.json", &self.timestamp(version));
    }

    fn timestamp(&self, version: u64) -> Json {
        let files = [("snapshot.json", listed(version, &[]))];
        listing("timestamp", version, &files)
    }

    /// Writes a document with the signatures of those who sign its type.
    fn put(&self, name: &str, content: &Json) {
        let Json::Object(members) = content else {
            panic!("a document is an object");
        };
        let by = match members.get("_type") {
            Some(Json::String(kind)) if kind == "timestamp" => slice::from_ref(&self.timestamp),
            Some(Json::String(kind)) if kind == "snapshot" => slice::from_ref(&self.snapshot),
            _ => &self.holders[..],
        };
        self.folder
            .put(&format!("metadata/{name}"), signed(content, by));
    }

    fn audit_with(&self, target: &str, tuf_root: PathBuf, more: &[&str]) -> Output {
        without_capabilities(env!("CARGO_BIN_EXE_keymoot"))
            .args(["audit", "--json", "--target", target, "--trusted-root"])
            .arg(self.folder.path().join("metadata/1.root.json"))
            .arg("--tuf-root")
            .arg(tuf_root)
            .args(more)
            .arg(self.folder.path().join(FILE))
            .output()
            .unwrap()
    }

    fn audit(&self, more: &[&str]) -> Output {
        self.audit_with(FILE, self.folder.path().to_owned(), more)
    }

    fn accepts(&self, more: &[&str]) {
        let output = self.audit(more);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    /// An audit is refused by this rule, with these words.
    fn refuses(&self, more: &[&str], rule: &str, words: &str) {
        let (found, detail) = refusal(&self.audit(more));
        assert!(found == rule && detail.contains(words), "{found}: {detail}");
    }
}

/// A caller's mistake: it names the path, and blames no mirror.
fn assert_mistake(output: &Output, words: &str) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains(words) && said.contains("help:"), "{said}");
    assert!(!said.contains("mirror"), "{said}");
}

#[test]
fn a_document_of_another_role_than_an_audit_asks_for_is_refused() {
    let repository = Repository::new();
    repository.accepts(&[]);
    let files = [
        ("snapshot.json", listed(1, &[])),
        ("targets.json", listed(1, &[])),
    ];
    repository.put("timestamp.json", &listing("snapshot", 1, &files));
    repository.refuses(
        &[],
        "AUDIT-DOCUMENTS",
        "timestamp: it is a snapshot document",
    );
    repository.put_online(1, &["targets"]);
    repository.put("snapshot.json", &listing("timestamp", 1, &files));
    repository.refuses(
        &[],
        "AUDIT-DOCUMENTS",
        "snapshot: it is a timestamp document",
    );
}

#[test]
fn an_audit_refuses_what_clients_refuse() {
    let repository = Repository::new();
    for (member, value, words) in [
        ("spec_version", "2.0.0", "timestamp: spec_version is"),
        ("spec_version", "1.0-beta", "timestamp: spec_version is"),
        (
            "expires",
            "2037-11-01T00:00:00+00:00",
            "timestamp: expires is",
        ),
        ("expires", "20371101T000000Z", "timestamp: expires is"),
    ] {
        let timestamp = with(repository.timestamp(1), member, value.into());
        repository.put("timestamp.json", &timestamp);
        repository.refuses(&[], "AUDIT-DOCUMENTS", words);
    }
    repository.put("timestamp.json", &repository.timestamp(0));
    repository.refuses(&[], "AUDIT-DOCUMENTS", "timestamp: its version is 0");
    repository.put("timestamp.json", &repository.timestamp(1));
    let second = with(repository.root(2), "spec_version", "2.0.0".into());
    repository.put("2.root.json", &second);
    repository.refuses(&[], "AUDIT-ROOT", "root 2: spec_version is");
}

#[test]
fn an_audit_refuses_a_hash_in_the_listing_that_it_cannot_compare() {
    let repository = Repository::new();
    let hashes = Json::object([("sha384", "00".into())]);
    let files = [("snapshot.json", listed(1, &[("hashes", hashes)]))];
    repository.put("timestamp.json", &listing("timestamp", 1, &files));
    repository.refuses(&[], "AUDIT-DOCUMENTS", "no hash that keymoot computes");
}

#[test]
fn an_audit_refuses_a_pattern_that_clients_match_differently() {
    let repository = Repository::new();
    let delegating = |pattern: &str| {
        let mut delegated: Object = role(&[], 1);
        delegated.extend([
            ("name".to_owned(), "release".into()),
            (
                "paths".to_owned(),
                [Json::from(pattern)].into_iter().collect::<Json>(),
            ),
            ("terminating".to_owned(), false.into()),
        ]);
        let roles = [Json::Object(delegated)].into_iter().collect();
        let delegations = Json::object([("keys", Json::object([])), ("roles", roles)]);
        with(repository.targets(FILE), "delegations", delegations)
    };
    repository.put("targets.json", &delegating("release/[ab].txt"));
    repository.refuses(
        &[],
        "AUDIT-DOCUMENTS",
        "targets: clients differ about the pattern",
    );
    // Nobody can sign for this role, and nobody needs it for the file.
    repository.put("targets.json", &delegating("release/*"));
    repository.accepts(&[]);
}

#[test]
fn a_snapshot_that_no_longer_lists_a_role_is_a_rollback() {
    let repository = Repository::new();
    let state = Folder::new();
    let state = ["--state", state.path().to_str().unwrap()];
    repository.put_online(1, &["targets", "release"]);
    repository.accepts(&state);
    repository.put_online(2, &["targets"]);
    let words = "the snapshot does not list release, and listed it before";
    repository.refuses(&state, "AUDIT-ROLLBACK", words);
    repository.put_online(2, &["targets", "release", "more"]);
    repository.accepts(&state);
}

#[test]
fn two_documents_of_one_version_are_a_rollback() {
    let repository = Repository::new();
    let state = Folder::new();
    let state = ["--state", state.path().to_str().unwrap()];
    repository.accepts(&state);
    let later = with(
        repository.timestamp(1),
        "expires",
        "2038-01-01T00:00:00Z".into(),
    );
    repository.put("timestamp.json", &later);
    let words = "there are two documents of timestamp version 1";
    repository.refuses(&state, "AUDIT-ROLLBACK", words);
    // The same content with another signature is the same document.
    repository.put("timestamp.json", &repository.timestamp(1));
    repository.accepts(&state);
    repository.put_online(2, &["targets"]);
    repository.accepts(&state);
}

#[test]
fn versions_begin_again_where_a_newer_root_replaces_an_online_key() {
    for replaces_timestamp in [true, false] {
        let mut repository = Repository::new();
        let folder = Folder::new();
        let state = ["--state", folder.path().to_str().unwrap()];
        // A thief of the online keys signs the largest version, and a role.
        repository.put_online(900, &["targets", "stolen"]);
        repository.accepts(&state);
        let words = "timestamp is version 1, and version 900";
        repository.put_online(1, &["targets", "stolen"]);
        repository.refuses(&state, "AUDIT-ROLLBACK", words);
        // A newer root with the same keys changes nothing.
        repository.put("2.root.json", &repository.root(2));
        repository.refuses(&state, "AUDIT-ROLLBACK", words);
        match replaces_timestamp {
            true => repository.timestamp = Key::new(5),
            false => repository.snapshot = Key::new(5),
        }
        repository.put("2.root.json", &repository.root(2));
        repository.put_online(1, &["targets"]);
        repository.accepts(&state);
        // From then on the new versions count.
        repository.put_online(3, &["targets"]);
        repository.accepts(&state);
        repository.put_online(2, &["targets"]);
        let words = "timestamp is version 2, and version 3";
        repository.refuses(&state, "AUDIT-ROLLBACK", words);
    }
}

#[test]
fn a_state_without_the_online_keys_forgets_nothing() {
    let mut repository = Repository::new();
    let folder = Folder::new();
    let state = ["--state", folder.path().to_str().unwrap()];
    repository.put_online(900, &["targets"]);
    repository.accepts(&state);
    let path = folder.path().join("audit-state.json");
    let mut old: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let seen = old["repositories"]["tuf-root"].as_object_mut().unwrap();
    assert!(seen.remove("signers").is_some());
    fs::write(&path, old.to_string()).unwrap();
    repository.timestamp = Key::new(5);
    repository.put("2.root.json", &repository.root(2));
    repository.put_online(1, &["targets"]);
    let words = "timestamp is version 1, and version 900";
    repository.refuses(&state, "AUDIT-ROLLBACK", words);
    repository.put_online(900, &["targets"]);
    repository.accepts(&state);
}

#[test]
fn a_wrong_argument_is_no_fault_of_the_mirror() {
    let repository = Repository::new();
    let nowhere = repository.folder.path().join("nowhere");
    let output = repository.audit_with(FILE, nowhere, &[]);
    assert_mistake(&output, "nowhere/metadata");
    let output = repository.audit(&["--tuf-crates", "no-crates"]);
    assert_mistake(&output, "no-crates/metadata");
    let output = repository.audit_with("", repository.folder.path().to_owned(), &[]);
    assert_mistake(&output, "--target is empty");
    // The trusted root is the auditor's own file.
    repository.put("1.root.json", &repository.targets(FILE));
    assert_mistake(
        &repository.audit(&[]),
        "1.root.json is no root to begin with",
    );
}

#[test]
fn a_document_that_the_auditor_may_not_read_is_no_fault_of_the_mirror() {
    for name in ["timestamp.json", "targets.json"] {
        let repository = Repository::new();
        let path = repository.folder.path().join("metadata").join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        assert_mistake(&repository.audit(&[]), name);
    }
    let repository = Repository::new();
    repository.put("targets.json", &repository.targets("crates/root.json"));
    let folder = repository.folder.path();
    fs::create_dir_all(folder.join("targets/crates")).unwrap();
    let path = repository.folder.put("targets/crates/root.json", "content");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let output = repository.audit(&["--tuf-crates", folder.to_str().unwrap()]);
    assert_mistake(&output, "targets/crates/root.json");
}

#[test]
fn a_state_behind_a_link_to_nowhere_is_not_taken_for_none() {
    let repository = Repository::new();
    let folder = Folder::new();
    let file = folder.path().join("audit-state.json");
    symlink(folder.path().join("unplugged"), &file).unwrap();
    let state = ["--state", folder.path().to_str().unwrap()];
    assert_mistake(&repository.audit(&state), "audit-state.json");
    fs::remove_file(&file).unwrap();
    let link = folder.path().join("link");
    symlink(folder.path().join("unplugged"), &link).unwrap();
    let state = ["--state", link.to_str().unwrap()];
    assert_mistake(&repository.audit(&state), "link");
    let new = folder.path().join("new");
    repository.accepts(&["--state", new.to_str().unwrap()]);
}
