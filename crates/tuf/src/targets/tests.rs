#![allow(clippy::unwrap_used)]

use super::{TargetFile, Targets};
use crate::Document;

fn read(members: &str) -> Result<Targets, String> {
    let text = format!(
        r#"{{"signatures":[],"signed":{{"_type":"targets","version":1,"spec_version":"1.0.0",
        "expires":"2027-11-01T00:00:00Z",{members}}}}}"#
    );
    let document = Document::parse(text.as_bytes(), 100_000_000).unwrap();
    Targets::read(&document).map_err(|error| error.to_string())
}

fn delegated(role: &str) -> Result<Targets, String> {
    read(&format!(
        r#""targets":{{}},"delegations":{{"keys":{{}},"roles":[{role}]}}"#
    ))
}

#[test]
fn files_are_read_with_members_nobody_knows() {
    let targets = read(
        r#""x-note":1,"targets":{"a/b c\u001b":{"length":3,"hashes":{"sha256":"ab"},"custom":{"x":1}}}"#,
    )
    .unwrap();
    let file = &targets.targets["a/b c\u{1b}"];
    assert_eq!((file.length, file.hashes["sha256"].as_str()), (3, "ab"));
    assert!(file.extra.contains_key("custom") && targets.extra.contains_key("x-note"));
}

#[test]
fn a_wrong_file_is_named_with_its_place() {
    for (file, error) in [
        (
            r#"{"length":-1,"hashes":{"sha256":"ab"}}"#,
            "signed.targets.a\\u{1b}.length: -1 is out of range",
        ),
        (
            r#"{"length":1,"hashes":{"sha256":7}}"#,
            "signed.targets.a\\u{1b}.hashes.sha256: an integer where a string belongs",
        ),
        (
            r#"{"length":1,"hashes":{}}"#,
            "signed.targets.a\\u{1b}.hashes: a file without a hash could be any file",
        ),
        (
            "[]",
            "signed.targets.a\\u{1b}: an array where an object belongs",
        ),
    ] {
        let refusal = read(&format!(r#""targets":{{"a\u001b":{file}}}"#)).unwrap_err();
        assert!(refusal.ends_with(error), "{refusal}");
    }
}

#[test]
fn a_delegated_role_is_read_whole() {
    let targets = delegated(
        r#"{"name":"x","keyids":["k"],"threshold":1,"paths":["x/*"],"terminating":true,"x-more":1}"#,
    )
    .unwrap();
    let role = targets.role("x").unwrap();
    assert_eq!(role.paths, ["x/*"]);
    assert!(role.terminating && role.path_hash_prefixes.is_empty());
    assert_eq!(role.keys.extra.len(), 1);
    assert_eq!(targets.warnings()[0].name(), "MISSING-KEY");
}

#[test]
fn delegations_that_could_be_misread_are_refused() {
    let role =
        |name: &str, rest: &str| format!(r#"{{"name":"{name}","keyids":[],"threshold":1{rest}}}"#);
    let paths = r#","terminating":false,"paths":[]"#;
    let both = format!(r#"{paths},"path_hash_prefixes":[]"#);
    for (roles, error) in [
        (
            role("root", paths),
            "cannot be the name of a delegated role",
        ),
        (role("", paths), "cannot be the name of a delegated role"),
        (
            format!("{},{}", role("x", paths), role("x", paths)),
            "roles[1]: a second role named \"x\"",
        ),
        (
            role("x", &both),
            "either \"paths\" or \"path_hash_prefixes\"",
        ),
        (role("x", r#","terminating":true"#), "either \"paths\" or"),
        (role("x", r#","paths":[]"#), "no member \"terminating\""),
    ] {
        let refusal = delegated(&roles).unwrap_err();
        assert!(refusal.contains(error), "{refusal}");
    }
    let bins = r#""targets":{},"delegations":{"keys":{},"succinct_roles":{}}"#;
    assert!(read(bins).unwrap_err().contains("TAP 15"));
}

#[test]
fn more_or_longer_patterns_than_a_role_has_are_refused() {
    let with = |count: usize, length: usize| {
        let paths = vec![format!("\"{}\"", "*".repeat(length)); count].join(",");
        delegated(&format!(
            r#"{{"name":"x","keyids":[],"threshold":1,"terminating":true,"paths":[{paths}]}}"#
        ))
    };
    assert_eq!(with(1024, 1024).map(|_| ()), Ok(()));
    for (count, length, error) in [
        (
            1025,
            1,
            "roles[0].paths: 1025 patterns; a role has at most 1024",
        ),
        (
            1,
            1025,
            "roles[0].paths: a pattern of 1025 bytes; one has at most 1024",
        ),
    ] {
        let refusal = with(count, length).unwrap_err();
        assert!(refusal.ends_with(error), "{refusal}");
    }
}

#[test]
fn the_first_file_outside_of_prefixes_is_found_among_many() {
    let targets = delegated(
        r#"{"name":"x","keyids":[],"threshold":1,"terminating":true,"path_hash_prefixes":["ca97","3e"]}"#,
    )
    .unwrap();
    let role = targets.role("x").unwrap();
    // The SHA-256 of a begins with ca97, that of b with 3e23, that of c with 2e7d.
    assert_eq!(role.first_outside(["a", "b", "c", "d"]), Some("c"));
    assert!(role.covers("a") && role.covers("b") && !role.covers("c"));
}

#[test]
fn a_root_is_no_targets_document() {
    let document = Document::parse(
        br#"{"signatures":[],"signed":{"_type":"root","version":1}}"#,
        1000,
    )
    .unwrap();
    let refusal = Targets::read(&document).unwrap_err().to_string();
    assert_eq!(refusal, "it is a root document, not a targets document");
}

#[test]
fn a_file_is_described_by_length_and_hash() {
    assert_eq!(
        TargetFile::of(b"").to_string(),
        "0 bytes, sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}
