//! Roots in any order, with gaps, doubles and strangers.

use serde_json::json;

use super::fixture::{EXPIRES, Folder, keys, root, signed, with};

/// Roots 1 to 6 of three holders, two needed.
fn history() -> Folder {
    let folder = Folder::new();
    let holders = keys([1, 2, 3]);
    for version in 1..=6 {
        let content = root(version, &holders, 2);
        folder.put(&format!("{version}.json"), signed(&content, &holders));
    }
    folder
}

#[test]
fn a_whole_history_in_any_order_is_one_trusted_chain_without_warnings() {
    let files = ["4.json", "1.json", "6.json", "3.json", "2.json", "5.json"];
    let outcome = history().verify(&[&files[..], &["--trusted-root", "1.json"]].concat());
    assert_eq!(outcome.code, 0);
    assert_eq!(outcome.report["trusted"], true);
    assert_eq!(
        outcome.roots(),
        [1, 2, 3, 4, 5, 6].map(|version| (version, 0, true))
    );
    assert_eq!(outcome.report["warnings"], json!([]));
}

#[test]
fn a_gap_is_a_warning_and_each_part_is_a_chain_of_its_own() {
    let outcome = history().verify(&["1.json", "2.json", "4.json", "5.json"]);
    assert_eq!(outcome.code, 0);
    assert_eq!(outcome.report["verified"], true);
    assert_eq!(outcome.report["trusted"], false);
    let parts = [(1, 0), (2, 0), (4, 1), (5, 1)];
    assert_eq!(outcome.roots(), parts.map(|(v, chain)| (v, chain, false)));
    assert_eq!(outcome.report["warnings"][0]["name"], "MISSING-LINK");
    assert_eq!(
        outcome.report["roots"][2]["signed_by_previous"],
        json!(null)
    );
}

#[test]
fn nothing_behind_a_gap_is_trusted() {
    let files = ["1.json", "2.json", "4.json", "5.json"];
    let outcome = history().verify(&[&files[..], &["--trusted-root", "1.json"]].concat());
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors(), ["NOT-TRUSTED"]);
    assert!(outcome.message().contains("root versions 4 to 5"));
    let trusted = [(1, 0, true), (2, 0, true), (4, 1, false), (5, 1, false)];
    assert_eq!(outcome.roots(), trusted);
}

#[test]
fn a_link_that_breaks_is_one_error_and_the_rest_is_still_verified() {
    let folder = history();
    let strangers = keys([7, 8]);
    let usurper = root(3, &strangers, 2);
    folder.put("3.json", signed(&usurper, &strangers));
    let outcome = folder.verify(&["1.json", "2.json", "3.json", "4.json", "5.json"]);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors(), ["TOO-FEW-SIGNATURES"]);
    assert!(
        outcome
            .message()
            .contains("by the keys of version 2, 0 valid of 2")
    );
    assert_eq!(outcome.report["errors"][0]["file"], "3.json");
    let held = [(1, 0, false), (2, 0, false), (4, 1, false), (5, 1, false)];
    assert_eq!(outcome.roots(), held);
}

#[test]
fn two_roots_of_one_version_that_differ_are_an_error_and_a_copy_is_not() {
    let folder = history();
    let holders = keys([1, 2, 3]);
    folder.put("copy.json", signed(&root(2, &holders, 2), &holders[..2]));
    assert_eq!(folder.verify(&["1.json", "2.json", "copy.json"]).code, 0);
    let other = with(
        root(2, &holders, 2),
        "expires",
        "2036-01-01T00:00:00Z".into(),
    );
    folder.put("other.json", signed(&other, &holders));
    let outcome = folder.verify(&["1.json", "2.json", "other.json"]);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors(), ["CONFLICTING-VERSIONS"]);
}

#[test]
fn what_is_older_than_the_trusted_root_is_an_error() {
    let outcome = history().verify(&["2.json", "4.json", "--trusted-root", "3.json"]);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors(), ["OLDER-THAN-TRUSTED"]);
    assert_eq!(outcome.roots(), [(3, 0, true), (4, 0, true)]);
}

#[test]
fn expiry_is_reported_and_refused_only_on_request() {
    let folder = history();
    let expired = with(
        root(7, &keys([1, 2, 3]), 2),
        "expires",
        "2020-01-01T00:00:00Z".into(),
    );
    folder.put("7.json", signed(&expired, &keys([1, 2, 3])));
    let told = folder.verify(&["6.json", "7.json"]);
    assert_eq!(told.code, 0);
    assert_eq!(told.report["roots"][0]["expired"], false);
    assert_eq!(told.report["roots"][1]["expired"], true);
    for (at, code) in [
        ("now", 3),
        ("2019-12-31T23:59:59Z", 0),
        ("2020-01-01T00:00:00Z", 3),
    ] {
        let outcome = folder.verify(&["6.json", "7.json", "--at", at]);
        assert_eq!(outcome.code, code, "{at}");
        assert_eq!(
            outcome.errors(),
            if code == 3 { vec!["EXPIRED"] } else { vec![] }
        );
    }
    assert_eq!(folder.verify(&["6.json", "--at", "tomorrow"]).code, 2);
    assert_eq!(told.report["roots"][0]["expires"], EXPIRES);
}
