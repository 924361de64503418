//! Documents with valid signatures that clients refuse together.

use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object};

use super::fixture::{
    Folder, Key, document, key_objects, keys, listed, listing, role, root, signed, with,
};

/// The digits with which the hash of a name begins.
fn prefix(name: &str) -> String {
    Digest::of(name.as_bytes()).to_string()[..2].to_owned()
}

/// Targets that delegate to the role bin by this member.
fn targets(bin: &Key, member: &str, value: &str) -> Json {
    let mut delegated: Object = role(std::slice::from_ref(bin), 1);
    delegated.extend([
        ("name".to_owned(), "bin".into()),
        (
            member.to_owned(),
            [Json::from(value)].into_iter().collect::<Json>(),
        ),
        ("terminating".to_owned(), true.into()),
    ]);
    let delegations = Json::object([
        ("keys", key_objects(std::slice::from_ref(bin))),
        ("roles", [Json::Object(delegated)].into_iter().collect()),
    ]);
    let content = document("targets", 1, "targets", Json::object([]));
    with(content, "delegations", delegations)
}

fn bin(version: u64, names: &[&str]) -> Json {
    let file = Json::object([
        ("length", 1_u64.into()),
        ("hashes", Json::object([("sha256", "00".into())])),
    ]);
    let files = names.iter().map(|name| ((*name).to_owned(), file.clone()));
    document("targets", version, "targets", Json::Object(files.collect()))
}

const FILES: [&str; 5] = [
    "root.json",
    "targets.json",
    "bin.json",
    "snapshot.json",
    "timestamp.json",
];

/// A repository in which everything agrees, with lengths and hashes.
struct Repository {
    folder: Folder,
    holders: Vec<Key>,
    bin: Key,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            folder: Folder::new(),
            holders: keys([1, 2]),
            bin: Key::new(3),
        };
        repository.put("root.json", &root(1, &repository.holders, 2));
        let prefix = prefix("a");
        let content = targets(&repository.bin, "path_hash_prefixes", &prefix);
        repository.put("targets.json", &content);
        repository.put("bin.json", &bin(2, &["a"]));
        repository.put_snapshot(listed(2, &[]));
        repository
    }

    fn put(&self, name: &str, content: &Json) {
        let by = match name {
            "bin.json" => std::slice::from_ref(&self.bin),
            _ => &self.holders[..],
        };
        self.folder.put(name, signed(content, by));
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    /// A snapshot that lists the bin so, and a timestamp that lists the snapshot.
    fn put_snapshot(&self, bin: Json) {
        let files = [("targets.json", listed(1, &[])), ("bin.json", bin)];
        self.put("snapshot.json", &listing("snapshot", 4, &files));
        let bytes = self.file("snapshot.json");
        let hash = Json::from(Digest::of(&bytes).to_string().as_str());
        let snapshot = listed(
            4,
            &[
                ("length", (bytes.len() as u64).into()),
                ("hashes", Json::object([("sha256", hash)])),
            ],
        );
        let files = [("snapshot.json", snapshot)];
        self.put("timestamp.json", &listing("timestamp", 9, &files));
    }

    /// The only error: its name and file; its message contains this.
    fn refused(&self, said: &str) -> (String, String) {
        let outcome = self.folder.verify(&FILES);
        assert_eq!(outcome.code, 3, "{}", outcome.report);
        assert!(outcome.message().contains(said), "{}", outcome.message());
        let error = &outcome.report["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        (text("name"), text("file"))
    }
}

fn named(name: &str, file: &str) -> (String, String) {
    (name.to_owned(), file.to_owned())
}

#[test]
fn a_repository_whose_documents_agree_verifies_without_a_warning() {
    let outcome = Repository::new().folder.verify(&FILES);
    assert_eq!(outcome.code, 0, "{}", outcome.report);
    assert_eq!(outcome.report["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_bin_older_than_the_snapshot_says_is_refused() {
    let repository = Repository::new();
    repository.put("bin.json", &bin(1, &["a"]));
    let said = "snapshot version 4 lists bin.json version 2, and version 1 is given";
    assert_eq!(
        repository.refused(said),
        named("VERSION-MISMATCH", "bin.json")
    );
}

#[test]
fn a_snapshot_older_than_the_timestamp_says_is_refused() {
    let repository = Repository::new();
    let files = [("snapshot.json", listed(5, &[]))];
    repository.put("timestamp.json", &listing("timestamp", 10, &files));
    let said = "timestamp version 10 lists snapshot.json version 5, and version 4 is given";
    assert_eq!(
        repository.refused(said),
        named("VERSION-MISMATCH", "snapshot.json")
    );
}

#[test]
fn a_role_that_the_snapshot_does_not_list_is_refused() {
    let repository = Repository::new();
    let files = [("targets.json", listed(1, &[]))];
    repository.put("snapshot.json", &listing("snapshot", 4, &files));
    let files = [("snapshot.json", listed(4, &[]))];
    repository.put("timestamp.json", &listing("timestamp", 9, &files));
    let said = "snapshot version 4 does not list bin.json";
    assert_eq!(repository.refused(said), named("NOT-LISTED", "bin.json"));
}

#[test]
fn another_length_or_hash_than_is_listed_is_refused() {
    let repository = Repository::new();
    repository.put_snapshot(listed(2, &[("length", 7_u64.into())]));
    let said = "lists bin.json with 7 bytes, and the file has";
    assert_eq!(
        repository.refused(said),
        named("LENGTH-MISMATCH", "bin.json")
    );
    for algorithm in ["sha256", "sha512"] {
        let hashes = Json::object([(algorithm, "00".into()), ("blake2b-256", "00".into())]);
        repository.put_snapshot(listed(2, &[("hashes", hashes)]));
        let said = format!("with another {algorithm} than the file has");
        assert_eq!(
            repository.refused(&said),
            named("HASH-MISMATCH", "bin.json")
        );
    }
}

#[test]
fn hashes_of_other_algorithms_alone_are_refused() {
    let repository = Repository::new();
    let hashes = |sha256: Option<&str>| {
        let known = sha256.map(|hash| ("sha256".to_owned(), hash.into()));
        let other = ("blake2b-256".to_owned(), "00".into());
        let hashes = Json::Object(known.into_iter().chain([other]).collect());
        listed(2, &[("hashes", hashes)])
    };
    repository.put_snapshot(hashes(None));
    let said = "snapshot version 4 lists bin.json with no hash that keymoot computes";
    assert_eq!(repository.refused(said), named("HASH-MISMATCH", "bin.json"));
    let sha256 = Digest::of(&repository.file("bin.json")).to_string();
    repository.put_snapshot(hashes(Some(&sha256)));
    assert_eq!(repository.folder.verify(&FILES).code, 0);
}

#[test]
fn a_document_under_the_name_of_another_role_is_refused() {
    let repository = Repository::new();
    let files = [("snapshot.json", listed(4, &[]))];
    repository.put("timestamp.json", &listing("snapshot", 9, &files));
    let said = "it is a snapshot document, and clients look for a timestamp document";
    assert_eq!(
        repository.refused(said),
        named("WRONG-ROLE", "timestamp.json")
    );
    let repository = Repository::new();
    let timestamp = repository.file("timestamp.json");
    repository.folder.put("now.json", timestamp);
    let files = [&FILES[..4], &["now.json"]].concat();
    assert_eq!(repository.folder.verify(&files).code, 0);
}

/// The names of the warnings about the document of a role, which is accepted.
fn warnings(repository: &Repository, role: &str) -> Vec<String> {
    let outcome = repository.folder.verify(&FILES);
    assert_eq!(outcome.code, 0, "{}", outcome.report);
    let of_role = match role {
        "root" => &outcome.report["roots"][0],
        _ => {
            let mut documents = outcome.report["documents"].as_array().unwrap().iter();
            documents.find(|one| one["role"] == role).unwrap()
        }
    };
    let warnings = of_role["warnings"].as_array().unwrap().iter();
    let names = warnings.map(|one| one["name"].as_str().unwrap().to_owned());
    // All holders sign, also where a role has one key.
    names.filter(|name| name != "UNKNOWN-SIGNER").collect()
}

#[test]
fn what_clients_refuse_although_keymoot_reads_it_is_a_warning() {
    let repository = Repository::new();
    let hashes = ("hashes", Json::object([]));
    let files = [("snapshot.json", listed(4, &[hashes]))];
    let timestamp = with(
        listing("timestamp", 0, &files),
        "spec_version",
        "2.0.0".into(),
    );
    repository.put("timestamp.json", &timestamp);
    assert_eq!(
        warnings(&repository, "timestamp"),
        ["SPEC-VERSION", "ZERO-VERSION", "EMPTY-HASHES"]
    );

    let repository = Repository::new();
    let content = root(1, &repository.holders, 2);
    let Json::Object(members) = &content else {
        panic!("a root is an object");
    };
    let roles = members.get("roles").unwrap().clone();
    let mirrors = Json::Object(role(&repository.holders, 2));
    let content = with(content.clone(), "roles", with(roles, "mirrors", mirrors));
    repository.put("root.json", &content);
    assert_eq!(warnings(&repository, "root"), ["EXTRA-ROLE"]);

    let repository = Repository::new();
    let content = targets(&repository.bin, "paths", "a/[bc]");
    repository.put("targets.json", &content);
    repository.put("bin.json", &bin(2, &[]));
    assert_eq!(warnings(&repository, "targets"), ["UNUSUAL-PATTERN"]);
}

#[test]
fn a_bin_with_a_file_outside_of_its_prefix_or_paths_is_refused() {
    let repository = Repository::new();
    let outside = ["b", "c", "d"]
        .into_iter()
        .find(|name| prefix(name) != prefix("a"));
    let outside = outside.unwrap();
    repository.put("bin.json", &bin(2, &["a", outside]));
    let said = format!("it lists \"{outside}\", which is outside");
    assert_eq!(
        repository.refused(&said),
        named("OUTSIDE-DELEGATION", "bin.json")
    );
    repository.put("targets.json", &targets(&repository.bin, "paths", "a/*"));
    repository.put("bin.json", &bin(2, &["a/b", "a/b/c"]));
    let said = "it lists \"a/b/c\", which is outside";
    assert_eq!(
        repository.refused(said),
        named("OUTSIDE-DELEGATION", "bin.json")
    );
}

#[test]
fn a_missing_snapshot_or_timestamp_is_stated() {
    let repository = Repository::new();
    let outcome = repository.folder.verify(&FILES[..3]);
    assert_eq!(outcome.code, 0, "{}", outcome.report);
    let warnings = &outcome.report["warnings"];
    assert_eq!(
        super::fixture::Outcome::names(warnings),
        ["NO-TIMESTAMP", "NO-SNAPSHOT"]
    );
    let roots = repository.folder.verify(&FILES[..1]);
    assert_eq!(roots.report["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn of_several_snapshots_the_one_that_the_timestamp_lists_counts() {
    let repository = Repository::new();
    let files = [
        ("targets.json", listed(1, &[])),
        ("bin.json", listed(3, &[])),
    ];
    repository.put("5.snapshot.json", &listing("snapshot", 5, &files));
    let outcome = repository
        .folder
        .verify(&[&FILES[..], &["5.snapshot.json"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.report);
}

#[test]
fn a_checkout_with_other_line_endings_names_them_as_the_cause() {
    let repository = Repository::new();
    let text = String::from_utf8(repository.file("snapshot.json")).unwrap();
    let path = repository.folder.path().join("snapshot.json");
    std::fs::write(path, text.replace('\n', "\r\n")).unwrap();
    let said = "its lines end with CR LF";
    assert_eq!(
        repository.refused(said),
        named("LINE-ENDINGS", "snapshot.json")
    );
}
