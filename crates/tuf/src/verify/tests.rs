#![allow(clippy::unwrap_used)]

use p256::ecdsa::{DerSignature, SigningKey, signature::Signer as _};

use super::{
    Candidate, ChainError, Gap, History, Rejection, RootError, VerifiedRoot, Walk, verify_chain,
    verify_roles, verify_root,
};
use crate::key::write_object;
use crate::{Document, KeyId, PublicKey, Root, Signature, Warning};
use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object, canonical, parse};

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> PublicKey {
    let secret = secret(seed);
    PublicKey::from_p256_point(secret.verifying_key().to_sec1_point(false).as_bytes()).unwrap()
}

/// A root whose keys are named freely: pairs of an id and the seed of a key.
fn root(version: u64, threshold: u32, keys: &[(&str, u8)]) -> Document {
    let role = |threshold: u32| {
        Json::object([
            (
                "keyids",
                keys.iter().map(|(id, _)| Json::from(*id)).collect(),
            ),
            ("threshold", threshold.into()),
        ])
    };
    let keys = keys
        .iter()
        .map(|(id, seed)| ((*id).to_owned(), Json::Object(write_object(&public(*seed)))))
        .collect::<Object>();
    Document::unsigned(Json::object([
        ("_type", "root".into()),
        ("spec_version", "1.0.0".into()),
        ("version", version.into()),
        ("expires", "2027-11-01T00:00:00Z".into()),
        ("consistent_snapshot", true.into()),
        ("keys", Json::Object(keys)),
        (
            "roles",
            Json::object([
                ("root", role(threshold)),
                ("targets", role(threshold)),
                ("snapshot", role(1)),
                ("timestamp", role(1)),
            ]),
        ),
    ]))
    .unwrap()
}

fn signature(document: &Document, id: &str, seed: u8) -> Signature {
    let signature: DerSignature = secret(seed).sign(document.signed_bytes());
    Signature {
        keyid: KeyId::new(id),
        text: hex::encode(signature.as_bytes()),
    }
}

fn signed(document: Document, by: &[(&str, u8)]) -> Document {
    let signatures = by
        .iter()
        .map(|(id, seed)| signature(&document, id, *seed))
        .collect();
    document.with_signatures(signatures)
}

const THREE: [(&str, u8); 3] = [("a", 1), ("b", 2), ("c", 3)];

fn first() -> Document {
    signed(root(1, 2, &THREE), &THREE)
}

fn refusal(result: Result<VerifiedRoot, RootError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_threshold_of_distinct_keys_is_enough_and_one_less_is_not() {
    let enough = signed(root(1, 2, &THREE), &THREE[..2]);
    assert_eq!(
        verify_root(None, enough).unwrap().by_itself().valid.len(),
        2
    );
    let too_few = signed(root(1, 2, &THREE), &THREE[..1]);
    assert_eq!(
        refusal(verify_root(None, too_few)),
        "version 1 is not signed by enough keys: by the keys of version 1, 1 valid of 2 needed"
    );
}

#[test]
fn one_key_under_five_ids_signing_five_times_is_one_key() {
    let five = [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)];
    let Err(RootError::Quorum { unmet, .. }) = verify_root(None, signed(root(1, 5, &five), &five))
    else {
        panic!("it was not refused for its quorum");
    };
    let quorum = &unmet[0].quorum;
    assert_eq!(quorum.valid.len(), 1);
    assert_eq!(
        quorum.rejected,
        ["b", "c", "d", "e"].map(|id| (KeyId::new(id), Rejection::SameKey(KeyId::new("a"))))
    );
}

#[test]
fn one_key_in_two_encodings_is_one_key() {
    let mut json = root(1, 2, &[("a", 1), ("b", 1)]).signed().clone();
    let Json::Object(members) = &mut json else {
        panic!()
    };
    let Some(Json::Object(keys)) = members.get_mut("keys") else {
        panic!()
    };
    let point = secret(1).verifying_key().to_sec1_point(true);
    keys.insert(
        "b".to_owned(),
        Json::object([
            ("keytype", "ecdsa".into()),
            ("scheme", "ecdsa-sha2-nistp256".into()),
            (
                "keyval",
                Json::object([("public", hex::encode(point.as_bytes()).into())]),
            ),
        ]),
    );
    let document = signed(Document::unsigned(json).unwrap(), &[("a", 1), ("b", 1)]);
    assert!(refusal(verify_root(None, document)).contains("1 valid of 2"));
}

#[test]
fn a_key_id_listed_twice_by_a_role_is_refused_by_name() {
    let text = format!(
        "{{\"signatures\":[],\"signed\":{}}}",
        String::from_utf8(root(1, 1, &[("a", 1), ("b", 2)]).signed_bytes().to_vec())
            .unwrap()
            .replace('\n', "\\n")
            .replacen("[\"a\",\"b\"]", "[\"a\",\"a\"]", 1)
    );
    let document = Document::parse(text.as_bytes(), 10_000).unwrap();
    assert!(
        refusal(verify_root(None, document))
            .ends_with("signed.roles.root.keyids[1]: key a is listed a second time")
    );
}

#[test]
fn signatures_of_unlisted_keys_placeholders_and_wrong_bytes_do_not_count() {
    let document = root(1, 2, &THREE);
    let mut signatures = vec![signature(&document, "a", 1), signature(&document, "z", 9)];
    let swapped = signature(&document, "c", 2);
    for (id, text) in [("b", String::new()), ("c", swapped.text)] {
        signatures.push(Signature {
            keyid: KeyId::new(id),
            text,
        });
    }
    let Err(RootError::Quorum { unmet, .. }) =
        verify_root(None, document.with_signatures(signatures))
    else {
        panic!("it was not refused for its quorum");
    };
    let quorum = &unmet[0].quorum;
    assert_eq!(quorum.valid.len(), 1);
    assert_eq!(quorum.others, [KeyId::new("z")]);
    assert_eq!(
        quorum.rejected,
        [
            (KeyId::new("b"), Rejection::Placeholder),
            (KeyId::new("c"), Rejection::Invalid)
        ]
    );
}

#[test]
fn a_successor_needs_the_quorum_of_the_old_keys_and_of_the_new() {
    let trusted = verify_root(None, first()).unwrap();
    let next = || root(2, 2, &[("a", 1), ("d", 4), ("e", 5)]);
    let both = signed(next(), &[("a", 1), ("b", 2), ("d", 4)]);
    let verified = verify_root(Some(&trusted), both).unwrap();
    assert_eq!(verified.by_previous().unwrap().valid.len(), 2);
    assert_eq!(verified.warnings().count(), 3, "ids that are no hashes");
    for (by, demanded) in [
        (
            &[("a", 1), ("d", 4)][..],
            "by the keys of version 1, 1 valid of 2 needed",
        ),
        (
            &[("a", 1), ("b", 2)],
            "by the keys of version 2, 1 valid of 2 needed",
        ),
        (
            &[("a", 1)],
            "version 1, 1 valid of 2 needed / by the keys of version 2, 1 valid",
        ),
    ] {
        let shown = refusal(verify_root(Some(&trusted), signed(next(), by)));
        assert!(shown.contains(demanded), "{shown}");
    }
}

#[test]
fn a_successor_has_the_next_version_and_no_other() {
    let trusted = verify_root(None, first()).unwrap();
    for version in [0, 1, 3, u64::MAX] {
        let other = signed(root(version, 2, &THREE), &THREE);
        assert_eq!(
            verify_root(Some(&trusted), other),
            Err(RootError::Version {
                previous: 1,
                found: version
            })
        );
    }
}

#[test]
fn a_root_reads_the_same_after_another_as_alone() {
    let strange = |version| {
        let mut json = root(version, 2, &THREE).signed().clone();
        let Json::Object(members) = &mut json else {
            panic!()
        };
        let Some(Json::Object(keys)) = members.get_mut("keys") else {
            panic!()
        };
        keys.insert("strange".to_owned(), Json::Null);
        let hash = Digest::of(&canonical(keys.get("a").unwrap())).to_string();
        let named_well = keys.get("a").unwrap().clone();
        keys.insert(hash, named_well);
        if version > 1 {
            // The same name for another key, and the same key for another name.
            let other = keys.get("b").unwrap().clone();
            keys.insert("c".to_owned(), other);
        }
        Document::unsigned(json).unwrap()
    };
    let (one, two) = (strange(1), strange(2));
    let before = Root::read(&one).unwrap();
    for document in [&one, &two] {
        assert_eq!(
            Root::read_after(document, Some(&before)),
            Root::read(document)
        );
    }
}

#[test]
fn a_history_is_the_same_in_one_part_and_in_many() {
    let document = |version: u64| match version {
        // One that does not hold, and one that is missing.
        4 => signed(root(4, 2, &THREE), &THREE[..1]),
        version => signed(root(version, 2, &THREE), &THREE),
    };
    let versions = [1, 2, 3, 4, 5, 6, 8, 9];
    let whole = History::of(None, versions.map(document));
    for size in 1..versions.len() {
        let mut walk = Walk::from(None);
        let mut chains = Vec::<Vec<u64>>::new();
        for part in versions.chunks(size) {
            walk.judge(
                part.iter().map(|version| document(*version)),
                |chain, root| {
                    chains.resize(chains.len().max(chain + 1), Vec::new());
                    chains[chain].push(root.root().version);
                },
            );
        }
        assert_eq!(chains, [vec![1, 2, 3], vec![5, 6], vec![8, 9]]);
        assert_eq!(walk.gaps(), whole.gaps());
        assert_eq!(walk.take_errors(), whole.errors());
    }
}

#[test]
fn a_signature_by_an_unknown_key_is_reported() {
    let trusted = verify_root(None, first()).unwrap();
    let by = [&THREE[..], &[("z", 9)]].concat();
    let verified = verify_root(Some(&trusted), signed(root(2, 2, &THREE), &by)).unwrap();
    assert!(
        verified
            .warnings()
            .any(|warning| *warning == Warning::UnknownSigner(KeyId::new("z")))
    );
}

#[test]
fn a_chain_is_found_in_any_order_and_tolerates_a_copy() {
    let chain = |version| signed(root(version, 2, &THREE), &THREE);
    let given = [chain(3), chain(1), chain(2), chain(3)];
    let verified = verify_chain(None, given).unwrap();
    let versions: Vec<_> = verified.iter().map(|root| root.root().version).collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[test]
fn a_chain_with_a_gap_a_double_or_a_root_before_the_trusted_one_is_refused() {
    let chain = |version| signed(root(version, 2, &THREE), &THREE);
    assert_eq!(
        verify_chain(None, [chain(1), chain(4)]),
        Err(ChainError::Missing(Gap { last: 1, next: 4 }))
    );
    let other = signed(root(1, 1, &THREE), &THREE);
    assert_eq!(
        verify_chain(Some(chain(1)), [other]),
        Err(ChainError::Conflict(1))
    );
    assert_eq!(
        verify_chain(Some(chain(2)), [chain(1)]),
        Err(ChainError::Older {
            version: 1,
            trusted: 2
        })
    );
    assert_eq!(verify_chain(None, []), Err(ChainError::Empty));
}

#[test]
fn a_key_this_program_cannot_use_is_reported_and_others_still_count() {
    let text = String::from_utf8(root(1, 2, &THREE).signed_bytes().to_vec()).unwrap();
    let at = text.find("\"keytype\":\"ecdsa\"").unwrap();
    let text = format!("{}\"keytype\":\"rsa\"{}", &text[..at], &text[at + 17..]);
    let json = parse(text.replace('\n', "\\n").as_bytes(), 10_000).unwrap();
    let document = signed(Document::unsigned(json).unwrap(), &THREE);
    let verified = verify_root(None, document).unwrap();
    assert_eq!(verified.by_itself().valid.len(), 2);
    let names: Vec<_> = verified.warnings().map(Warning::name).collect();
    assert!(names.contains(&"UNUSABLE-KEY") && names.contains(&"REJECTED-SIGNATURE"));
}

#[test]
fn a_document_is_of_the_role_for_which_clients_look_under_its_name() {
    let verdict = |kind: &str, names: &[&str], exact| {
        let text = format!(r#"{{"signatures":[],"signed":{{"_type":"{kind}","version":7}}}}"#);
        let candidate = Candidate {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            exact,
            document: Document::parse(text.as_bytes(), text.len()).unwrap(),
            file: None,
        };
        let verdict = verify_roles(None, &[candidate]).remove(0);
        verdict.unwrap_err().name()
    };
    for (kind, names, exact) in [
        ("snapshot", &["timestamp"][..], false),
        ("timestamp", &["7.snapshot", "snapshot"], false),
        ("targets", &["timestamp"], false),
        ("snapshot", &["targets"], false),
        ("timestamp", &["crates"], true),
        ("targets", &["snapshot"], true),
    ] {
        assert_eq!(
            verdict(kind, names, exact),
            "WRONG-ROLE",
            "{kind} {names:?}"
        );
    }
    // No root was given.
    for (kind, names, exact) in [
        ("snapshot", &["snapshot"][..], true),
        ("timestamp", &["7.timestamp", "timestamp"], false),
        ("timestamp", &["crates"], false),
        ("targets", &["7.snapshot", "snapshot"], false),
        ("targets", &["crates"], true),
    ] {
        assert_eq!(
            verdict(kind, names, exact),
            "NO-DELEGATOR",
            "{kind} {names:?}"
        );
    }
}
