//! The documents below the root: targets, delegated roles, snapshot, timestamp.

use keymoot_core::json::Json;
use keymoot_tuf::dsse::pae;
use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer as _;

use super::fixture::{
    Folder, Key, delegations, document, keys, listed, listing, root, signed, with,
};

/// A targets document that delegates roles of these names to one key each.
fn targets(version: u64, to: &[(&str, &Key)]) -> Json {
    let content = document("targets", version, "targets", Json::object([]));
    with(content, "delegations", delegations(to))
}

/// A snapshot or timestamp that lists files by name and version.
fn meta(kind: &str, files: &[(&str, u64)]) -> Json {
    let files = files
        .iter()
        .map(|(name, version)| (*name, listed(*version, &[])));
    listing(kind, 7, &files.collect::<Vec<_>>())
}

/// A root of three holders, what its keys sign, and two levels of delegation.
fn repository() -> Folder {
    let folder = Folder::new();
    let holders = keys([1, 2, 3]);
    let (crates, inner) = (Key::new(4), Key::new(5));
    folder.put("1.root.json", signed(&root(1, &holders, 2), &holders));
    folder.put(
        "3.targets.json",
        signed(&targets(3, &[("crates", &crates)]), &holders),
    );
    let crates_by = std::slice::from_ref(&crates);
    folder.put(
        "crates.json",
        signed(&targets(1, &[("inner", &inner)]), crates_by),
    );
    folder.put(
        "inner.json",
        signed(&targets(1, &[]), std::slice::from_ref(&inner)),
    );
    let snapshot = meta(
        "snapshot",
        &[("targets.json", 3), ("crates.json", 1), ("inner.json", 1)],
    );
    folder.put("snapshot.json", signed(&snapshot, &holders[..1]));
    let timestamp = meta("timestamp", &[("snapshot.json", 7)]);
    folder.put("timestamp.json", signed(&timestamp, &holders[..1]));
    folder
}

const ALL: [&str; 6] = [
    "inner.json",
    "timestamp.json",
    "crates.json",
    "1.root.json",
    "snapshot.json",
    "3.targets.json",
];

#[test]
fn every_document_is_verified_by_what_delegates_to_it_in_any_order() {
    let outcome = repository().verify(&[&ALL[..], &["--trusted-root", "1.root.json"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.report["errors"]);
    let documents = outcome.report["documents"].as_array().unwrap();
    let mut found: Vec<_> = documents
        .iter()
        .map(|document| {
            assert_eq!(document["trusted"], true);
            assert_eq!(document["warnings"].as_array().unwrap().len(), 0);
            (
                document["role"].as_str().unwrap(),
                document["delegator"].as_str().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("crates", "targets version 3"),
            ("inner", "crates version 1"),
            ("snapshot", "root version 1"),
            ("targets", "root version 1"),
            ("timestamp", "root version 1"),
        ]
    );
}

#[test]
fn a_role_signed_by_other_keys_than_its_delegator_names_is_refused() {
    let folder = repository();
    folder.put("crates.json", signed(&targets(1, &[]), &keys([1, 2, 3])));
    let outcome = folder.verify(&["1.root.json", "3.targets.json", "crates.json"]);
    assert_eq!(outcome.code, 3);
    assert_eq!(outcome.errors(), ["TOO-FEW-SIGNATURES"]);
    assert!(
        outcome
            .message()
            .contains("keys of targets version 3: 0 valid of 1 needed")
    );
    assert_eq!(outcome.report["errors"][0]["file"], "crates.json");
}

#[test]
fn targets_need_as_many_distinct_keys_as_the_root_demands() {
    let folder = repository();
    let holders = keys([1, 2, 3]);
    folder.put("3.targets.json", signed(&targets(3, &[]), &holders[..1]));
    let outcome = folder.verify(&["1.root.json", "3.targets.json"]);
    assert!(
        outcome.message().contains("1 valid of 2 needed"),
        "{}",
        outcome.message()
    );
}

#[test]
fn a_document_to_which_nothing_delegates_is_refused() {
    let folder = repository();
    for files in [
        &["inner.json", "1.root.json", "3.targets.json"][..],
        &["crates.json", "1.root.json"],
        &["3.targets.json"],
    ] {
        let outcome = folder.verify(files);
        assert_eq!(outcome.code, 3);
        assert_eq!(outcome.errors(), ["NO-DELEGATOR"], "{files:?}");
    }
}

#[test]
fn the_newest_of_several_versions_delegates() {
    let folder = repository();
    let holders = keys([1, 2, 3]);
    let other = Key::new(9);
    folder.put(
        "4.targets.json",
        signed(&targets(4, &[("crates", &other)]), &holders),
    );
    let files = [
        "1.root.json",
        "3.targets.json",
        "crates.json",
        "4.targets.json",
    ];
    assert!(
        folder
            .verify(&files)
            .message()
            .contains("targets version 4: 0 valid")
    );
    folder.put("crates.json", signed(&targets(2, &[]), &[other]));
    assert_eq!(folder.verify(&files).code, 0);
}

#[test]
fn a_payload_and_the_file_of_its_signatures_are_one_document() {
    let folder = Folder::new();
    let holders = keys([1, 2]);
    let payload = keymoot_core::json::pretty(&root(1, &holders, 2), 2) + "\n";
    let message = pae("application/vnd.tuf+json", payload.as_bytes());
    let signatures = holders.iter().map(|key| {
        let signature: DerSignature = key.secret.sign(&message);
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(signature.as_bytes());
        Json::object([("keyid", key.id.as_str().into()), ("sig", text.into())])
    });
    let signatures = Json::object([("signatures", signatures.collect())]);
    folder.put("root.json", &payload);
    let alone = folder.verify(&["root.json"]);
    assert_eq!(alone.errors(), ["UNSIGNED-PAYLOAD"]);
    folder.put("root.sig.json", keymoot_core::json::pretty(&signatures, 2));
    for files in [
        &["root.json", "root.sig.json"][..],
        &["root.json"],
        &["root.sig.json"],
    ] {
        let outcome = folder.verify(files);
        assert_eq!(outcome.code, 0, "{}", outcome.report["errors"]);
        assert_eq!(outcome.roots(), [(1, 0, false)]);
    }
    folder.put("root.json", payload.replace('\n', "\r\n"));
    let checked_out = folder.verify(&["root.json"]);
    assert_eq!(checked_out.errors(), ["LINE-ENDINGS"]);
    assert!(checked_out.message().contains(".gitattributes"));
    folder.put("root.json", payload.replace("  ", "   "));
    assert_eq!(
        folder.verify(&["root.json"]).errors(),
        ["TOO-FEW-SIGNATURES"]
    );
}

#[test]
fn a_role_below_a_root_that_failed_points_at_the_other_errors() {
    let folder = repository();
    folder.put("1.root.json", "{}");
    let outcome = folder.verify(&["1.root.json", "3.targets.json"]);
    assert_eq!(outcome.errors(), ["NO-DELEGATOR", "UNKNOWN-FORMAT"]);
    let told = outcome.report["errors"][0]["message"].as_str().unwrap();
    assert!(told.contains("fix the other errors"), "{told}");
}
