#![allow(clippy::unwrap_used)]

use super::{is_spec_version, nonconformities};
use crate::{Document, KeyId, Nonconformity, dialect::Dialect, samples};
use keymoot_core::json::Json;

const TIMESTAMP: &str = r#"{"signatures":[],"signed":{"_type":"timestamp","version":1,
    "spec_version":"1.0.0","expires":"2027-11-01T00:00:00Z",
    "meta":{"snapshot.json":{"version":1,"hashes":{"sha256":"ab"}}}}}"#;

fn parsed(text: &str) -> Document {
    Document::parse(text.as_bytes(), text.len()).unwrap()
}

/// What is found in the timestamp with one piece of it changed.
fn found(piece: &str, other: &str) -> Vec<Nonconformity> {
    assert!(TIMESTAMP.contains(piece), "{piece}");
    nonconformities(&parsed(&TIMESTAMP.replace(piece, other)))
}

/// The sample's root with changed members.
fn root(change: impl Fn(&mut Json)) -> Document {
    let document = Dialect::TufOnCi.root(&samples::root()).unwrap();
    let mut signed = document.signed().clone();
    change(&mut signed);
    Document::unsigned(signed).unwrap()
}

fn member<'j>(json: &'j mut Json, name: &str) -> &'j mut Json {
    let Json::Object(members) = json else {
        panic!("{name} in something that has no members");
    };
    members.get_mut(name).unwrap()
}

#[test]
fn what_keymoot_writes_conforms() {
    for dialect in Dialect::ALL {
        let root = dialect.root(&samples::root()).unwrap();
        assert_eq!(nonconformities(&root), []);
        let targets = dialect.targets(&samples::targets(dialect)).unwrap();
        assert_eq!(nonconformities(&targets), []);
    }
    assert_eq!(nonconformities(&parsed(TIMESTAMP)), []);
}

#[test]
fn clients_read_a_spec_version_of_one_and_digits() {
    for version in ["1.0", "1.0.0", "1.0.34"] {
        assert!(is_spec_version(version), "{version}");
    }
    for version in [
        "2.0.0", "1", "", "1.", "1.x", "1.0.0.0", "1.0-beta", "01.0", "1.0 ",
    ] {
        assert!(!is_spec_version(version), "{version}");
    }
    let [one] = &found("1.0.0", "2.0.0")[..] else {
        panic!("one member was changed");
    };
    assert_eq!(
        (one.name(), one.to_string().as_str()),
        (
            "SPEC-VERSION",
            "spec_version is \"2.0.0\", and clients read 1 alone, as 1.0.0"
        )
    );
}

#[test]
fn version_zero_of_a_document_or_of_a_listed_file_does_not_conform() {
    assert_eq!(
        found("\"version\":1,\n", "\"version\":0,\n"),
        [Nonconformity::ZeroVersion]
    );
    assert_eq!(
        found("\"version\":1,\"hashes\"", "\"version\":0,\"hashes\""),
        [Nonconformity::ListedZeroVersion("snapshot.json".to_owned())]
    );
}

#[test]
fn hashes_that_are_empty_or_of_other_algorithms_do_not_conform() {
    let name = "snapshot.json".to_owned();
    let hashes = r#"{"sha256":"ab"}"#;
    assert_eq!(
        found(hashes, "{}"),
        [Nonconformity::EmptyHashes(name.clone())]
    );
    assert_eq!(
        found(hashes, r#"{"sha384":"ab","foo":"cd"}"#),
        [Nonconformity::UnknownHashes(name)]
    );
    assert_eq!(found(hashes, r#"{"sha384":"ab","sha512":"cd"}"#), []);
    assert_eq!(found(r#","hashes":{"sha256":"ab"}"#, ""), []);
}

#[test]
fn a_time_in_another_form_does_not_conform() {
    let time = "2027-11-01T00:00:00Z";
    for other in ["2027-11-01T00:00:00.5Z", "2027-11-01T00:00:00+00:00"] {
        assert_eq!(
            found(time, other),
            [Nonconformity::Expires(other.to_owned())]
        );
    }
}

#[test]
fn a_fifth_role_in_a_root_does_not_conform() {
    let document = root(|signed| {
        let roles = member(signed, "roles");
        let role = member(roles, "snapshot").clone();
        if let Json::Object(roles) = roles {
            roles.insert("mirrors".to_owned(), role);
        }
    });
    assert_eq!(
        nonconformities(&document),
        [Nonconformity::ExtraRole("mirrors".to_owned())]
    );
}

#[test]
fn a_key_that_clients_do_not_read_does_not_conform() {
    for key in [
        r#"{"keytype":"foo","scheme":"x","keyval":{"public":"x"}}"#,
        r#"{"keytype":"ed25519","keyval":{"public":"x"}}"#,
        r#"{"keytype":"ed25519","scheme":"rsassa-pss-sha256","keyval":{"public":"x"}}"#,
        r#"{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":7}}"#,
        r#"{"keytype":"ed25519","scheme":"ed25519","keyval":{}}"#,
        "{}",
    ] {
        let more = keymoot_core::json::parse(key.as_bytes(), key.len()).unwrap();
        let document = root(|signed| {
            if let Json::Object(keys) = member(signed, "keys") {
                keys.insert("more".to_owned(), more.clone());
            }
        });
        let found = nonconformities(&document);
        assert_eq!(found, [Nonconformity::Key(KeyId::new("more"))], "{key}");
    }
    let known = r#"{"keytype":"rsa","scheme":"rsassa-pss-sha256","keyval":{"public":"x"}}"#;
    let known = keymoot_core::json::parse(known.as_bytes(), known.len()).unwrap();
    let document = root(|signed| {
        if let Json::Object(keys) = member(signed, "keys") {
            keys.insert("more".to_owned(), known.clone());
        }
    });
    assert_eq!(nonconformities(&document), []);
}

#[test]
fn a_threshold_that_the_keys_of_a_role_cannot_meet_does_not_conform() {
    let document = root(|signed| {
        *member(member(member(signed, "roles"), "timestamp"), "threshold") = Json::from(2_u32);
    });
    assert_eq!(
        nonconformities(&document),
        [Nonconformity::Threshold {
            role: "timestamp".to_owned(),
            threshold: 2,
            usable: 1
        }]
    );
    let targets = r#"{"signatures":[],"signed":{"_type":"targets","version":1,
        "spec_version":"1.0.0","expires":"2027-11-01T00:00:00Z","targets":{},
        "delegations":{"keys":{},"roles":[
        {"name":"x","keyids":["k"],"threshold":1,"paths":["x/*"],"terminating":true}]}}}"#;
    assert_eq!(
        nonconformities(&parsed(targets)),
        [Nonconformity::Threshold {
            role: "x".to_owned(),
            threshold: 1,
            usable: 0
        }]
    );
}

#[test]
fn a_pattern_that_clients_match_differently_does_not_conform() {
    let targets = Dialect::TufOnCi.targets(&samples::targets(Dialect::TufOnCi));
    let mut signed = targets.unwrap().signed().clone();
    let roles = member(member(&mut signed, "delegations"), "roles");
    let Json::Array(roles) = roles else {
        panic!("roles are no array");
    };
    let pattern = "release/[ab].txt";
    let first = roles.first_mut().unwrap();
    *member(first, "paths") = [Json::from(pattern)].into_iter().collect();
    let role = match member(first, "name") {
        Json::String(name) => name.clone(),
        other => panic!("{other:?}"),
    };
    let found = nonconformities(&Document::unsigned(signed).unwrap());
    let expected = Nonconformity::Pattern {
        role,
        pattern: pattern.to_owned(),
    };
    assert_eq!(found, [expected]);
}

#[test]
fn what_names_one_role_or_file_does_not_concern_the_document() {
    let hashes = found(r#"{"sha256":"ab"}"#, r#"{"foo":"ab"}"#);
    assert!(!hashes.iter().any(Nonconformity::is_of_document));
    let versions = found("\"version\":1,\"hashes\"", "\"version\":0,\"hashes\"");
    assert!(versions.iter().all(Nonconformity::is_of_document));
}
