//! sigstore's published roots 5 to 15 and the test repository of tuf-ci, from
//! the folder that KEYMOOT_VECTORS names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use keymoot_core::digest::Digest;
use keymoot_core::json::{self, pretty};
use keymoot_tuf::{
    Checks, Dialect, Document, KeyEntry, KeyId, Periods, Root, RootDraft, Targets, TargetsDraft,
    count, verify_chain,
};
use testkit::left_out::vectors;

const VERSIONS: std::ops::RangeInclusive<u64> = 5..=15;

/// The roots in order.
fn roots() -> Option<Vec<String>> {
    let folder = vectors("tuf-roots/sigstore")?;
    let read = |version| std::fs::read_to_string(folder.join(format!("{version}.root.json")));
    Some(VERSIONS.map(|version| read(version).unwrap()).collect())
}

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes(), 1_000_000).unwrap()
}

#[test]
fn the_history_verifies_whole_with_its_known_oddities_and_no_others() {
    let Some(roots) = roots() else { return };
    let chain = verify_chain(Some(parse(&roots[0])), roots.iter().map(|text| parse(text))).unwrap();
    let found: Vec<_> = chain
        .iter()
        .map(|verified| {
            let mut names: Vec<_> = verified.warnings().map(|warning| warning.name()).collect();
            names.dedup();
            (verified.root().version, names)
        })
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let legacy = || vec!["LEGACY-KEY-TYPE"];
    // 5, 9 and 10 are each signed under the ids that the root before gave the
    // same keys.
    let renamed = || vec!["KEY-UNDER-SEVERAL-IDS"];
    let placeholder = || vec!["PLACEHOLDER-SIGNATURE"];
    assert_eq!(
        found,
        [
            (5, [legacy(), renamed()].concat()),
            (6, legacy()),
            (7, legacy()),
            (8, legacy()),
            (9, renamed()),
            (10, renamed()),
            (11, vec!["KEY-ID-NOT-HASH"]),
            (12, placeholder()),
            (13, placeholder()),
            (14, placeholder()),
        ]
    );
}

#[test]
fn a_changed_signed_field_in_any_version_breaks_the_chain() {
    let Some(roots) = roots() else { return };
    for changed in 0..roots.len() {
        let mut documents: Vec<_> = roots.iter().map(|text| parse(text)).collect();
        let text = roots[changed].replace("\"threshold\": 1", "\"threshold\": 2");
        assert_ne!(text, roots[changed]);
        documents[changed] = parse(&text);
        let error = verify_chain(None, documents).unwrap_err().to_string();
        let version = VERSIONS.start() + u64::try_from(changed).unwrap();
        assert!(
            error.starts_with(&format!("root version {version}: ")) && error.contains("not signed"),
            "{error}"
        );
    }
}

#[test]
fn what_tuf_on_ci_wrote_we_would_write_byte_for_byte() {
    let Some(roots) = roots() else { return };
    for (text, version) in roots
        .iter()
        .zip(VERSIONS)
        .filter(|(_, version)| *version >= 10)
    {
        let value = json::parse(text.as_bytes(), 1_000_000).unwrap();
        assert!(pretty(&value, 1) == *text, "version {version}");
    }
}

/// The test repository of tuf-ci.
fn tuf_ci() -> Option<PathBuf> {
    vectors("tuf-roots/tuf-ci")
}

#[test]
fn the_test_repository_of_tuf_ci_is_read_whole_with_its_holders() {
    let Some(folder) = tuf_ci() else { return };
    let file = |path: &str| std::fs::read(folder.join(path.strip_prefix("metadata/")?)).ok();
    let read = |role, version| {
        let document = Dialect::TufCi.read(role, version, &file);
        document.unwrap().unwrap()
    };
    let chain = verify_chain(None, [read("root", Some(2)), read("root", Some(1))]).unwrap();
    assert!(chain.iter().all(|root| root.warnings().count() == 0));
    let root = chain[1].root();
    let holders = |keys: BTreeMap<Digest, (&KeyId, &KeyEntry)>| -> BTreeSet<String> {
        let entries = keys.into_values();
        entries
            .filter_map(|(_, entry)| entry.holder.clone())
            .collect()
    };
    assert_eq!(holders(root.role_keys("root")).len(), 2);
    assert_eq!(holders(root.role_keys("targets")).len(), 1);
    assert!(root.extra.is_empty(), "{:?}", root.extra);
    assert_eq!(root.roles["timestamp"].periods.unwrap().expiry_days, 7);
    assert_eq!(read("root", None), read("root", Some(2)));

    let targets = Targets::read(&read("targets", None)).unwrap();
    assert_eq!(holders(targets.role_keys("rustup")).len(), 1);
    assert!(targets.extra.is_empty() && targets.warnings().is_empty());
    let rustup = read("rustup", None);
    let delegations = targets.delegations.as_ref().unwrap();
    let role = &targets.role("rustup").unwrap().keys;
    assert!(count(role, &delegations.keys, &mut Checks::of(&rustup)).met());
    let rustup = Targets::read(&rustup).unwrap();
    assert_eq!(rustup.targets["rustup/rustup-1.0.0"].length, 26);
}

#[test]
fn what_tuf_ci_wrote_we_would_write_byte_for_byte() {
    let Some(folder) = tuf_ci() else { return };
    let file = |path: &str| std::fs::read(folder.join(path.strip_prefix("metadata/")?)).ok();
    let unsaid = Periods {
        expiry_days: 365,
        signing_days: 60,
    };
    for role in ["root", "targets", "rustup"] {
        let document = Dialect::TufCi.read(role, None, &file);
        let document = document.unwrap().unwrap();
        let again = match role {
            "root" => {
                let draft = RootDraft::of(&Root::read(&document).unwrap(), unsaid);
                Dialect::TufCi.root(&draft.unwrap())
            }
            _ => {
                let draft = TargetsDraft::of(role, &Targets::read(&document).unwrap(), unsaid);
                Dialect::TufCi.targets(&draft.unwrap())
            }
        };
        assert!(
            again.unwrap().signed_bytes() == document.signed_bytes(),
            "{role}"
        );
        let signatures = document.signatures().iter();
        let signatures = signatures
            .map(|signature| (signature.keyid.clone(), signature.bytes().unwrap()))
            .collect();
        for (path, bytes) in Dialect::TufCi.files(role, &document, &signatures) {
            assert!(file(&path).unwrap() == bytes, "{path}");
        }
    }
}
