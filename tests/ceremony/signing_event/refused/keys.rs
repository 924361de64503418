//! Whose keys an event lists, whose signatures it has, and whose it awaits.

use std::fs;

use keymoot_core::{Verdict, digest::Digest, json};
use keymoot_tuf::{Dialect, Document, Holder, KeyId, Signer};
use serde_json::Value;
use testkit::stage::said;

use super::{Wish, changed, opened, places, refused};
use crate::signing_event::repository::{Change, Event, State, devices, holder, signatures, spki};

#[test]
fn a_key_that_gets_another_holder_is_refused_in_every_dialect() {
    for dialect in Dialect::ALL {
        let rename = |state: &mut State| {
            state.root.holders[0].handle = "mallory".to_owned();
            let signers =
                [&state.root.holders[0], &holder(2)].map(|one| Signer::Holder(one.clone()));
            state.root.targets_signers = Some(signers.to_vec());
            // tufops has all names in one file, which nobody signs.
            if dialect == Dialect::Tufops {
                state.targets.delegations[0].signers = signers.to_vec();
            }
        };
        let event = changed(dialect, Change::Rotation, rename);
        refused(
            &event,
            "EVENT-KEYS",
            "of holder-1 is now said to be of mallory",
        );
    }
}

#[test]
fn a_key_that_is_listed_once_without_its_holder_is_refused_in_any_order() {
    for number in 1..=3 {
        let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
        let id = Dialect::TufOnCi.holder_key_id(&holder(number));
        let document = event.document("root");
        let signed = json::pretty(document.signed(), 0);
        let mut signed: Value = serde_json::from_str(&signed).unwrap();
        let keys = signed["keys"].as_object_mut().unwrap();
        let mut key = keys[id.as_str()].clone();
        key.as_object_mut().unwrap().remove("x-tuf-on-ci-keyowner");
        let text = key.to_string();
        let canonical = json::canonical(&json::parse(text.as_bytes(), text.len()).unwrap());
        keys.insert(Digest::of(&canonical).to_string(), key);
        let text = serde_json::json!({ "signatures": [], "signed": signed }).to_string();
        let document = Document::parse(text.as_bytes(), text.len()).unwrap();
        let holders = [1, 2, 3].map(holder);
        let holders: Vec<_> = holders.iter().collect();
        event.write("root", &document, &places(Dialect::TufOnCi, &holders));
        refused(&event, "EVENT-KEYS", "is now said to be of nobody");
    }
}

#[test]
fn a_key_under_an_id_that_is_not_its_hash_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let id = Dialect::TufOnCi.holder_key_id(&holder(3));
    let forged = format!("{}{}", &id.as_str()[1..], &id.as_str()[..1]);
    for path in Dialect::TufOnCi.paths("root", 2) {
        let path = event.tree().join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(id.as_str(), &forged)).unwrap();
    }
    refused(&event, "EVENT-KEYS", "is not the hash of its key");
}

#[test]
fn a_signature_of_another_that_does_not_verify_is_refused_in_every_dialect() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Rotation, "sign/event");
        let document = event.document("root");
        let other = event.document("targets");
        // Signatures of holder 2, over another document.
        event.write("root", &document, &signatures(dialect, &other, &[2]));
        refused(&event, "EVENT-SIGNATURES", "root.json: the signature under");
    }
}

#[test]
fn a_signature_under_a_key_that_has_no_part_is_refused() {
    let event = Event::new(Dialect::Tufops, Change::Targets, "sign/event");
    let document = event.document("targets");
    event.write(
        "targets",
        &document,
        &signatures(Dialect::Tufops, &document, &[3]),
    );
    refused(
        &event,
        "EVENT-SIGNATURES",
        "is under a key that may not sign it",
    );
}

#[test]
fn a_holder_whom_the_event_does_not_await_is_refused_and_nothing_is_written() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    let output = event.sign(3);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("EVENT-OWED: the event awaits no signature of holder-3"),
        "{}",
        said(&output)
    );
    assert_eq!(event.git(&["status", "--porcelain"]), "");
    assert!(!event.receipt(3).exists());
}

#[test]
fn a_device_with_another_key_is_refused_and_the_right_one_is_taken() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    // The devices are tried one after the other: the first is that of holder 1.
    let output = event.sign(2);
    let shown = said(&output);
    assert!(output.status.success(), "{shown}");
    assert!(
        shown.contains("EVENT-OWED: the key in the device is"),
        "{shown}"
    );
}

/// Names a key of root by the hash of the key object without its holder, as repositories do
/// before tuf-on-ci takes them over.
fn without_owner(root: &mut Value, id: &str) -> String {
    let keys = root["signed"]["keys"].as_object_mut().unwrap();
    let mut key = keys[id].clone();
    key.as_object_mut().unwrap().remove("x-tuf-on-ci-keyowner");
    let bytes = json::canonical(&json::parse(key.to_string().as_bytes(), 4096).unwrap());
    let plain = Digest::of(&bytes).to_string();
    keys.insert(plain.clone(), key);
    let ids = root["signed"]["roles"]["root"]["keyids"]
        .as_array_mut()
        .unwrap();
    for keyid in ids.iter_mut().filter(|keyid| **keyid == id) {
        *keyid = plain.as_str().into();
    }
    plain
}

#[test]
fn one_signature_is_listed_under_both_ids_of_a_key_that_gets_a_holder() {
    let dialect = Dialect::TufOnCi;
    let event = Event::new(dialect, Change::Rotation, "sign/event");
    // The first root, in base and tree, does not say who holds the key of holder 1.
    let id = dialect.holder_key_id(&holder(1));
    let text = fs::read(event.base().join("metadata/root.json")).unwrap();
    let mut root: Value = serde_json::from_slice(&text).unwrap();
    let plain = without_owner(&mut root, id.as_str());
    let document = json::parse(root["signed"].to_string().as_bytes(), 1 << 20).unwrap();
    let document = Document::unsigned(document).unwrap();
    let mut signed = signatures(dialect, &document, &[1, 2]);
    let first = signed.remove(&id).unwrap();
    signed.insert(KeyId::new(plain.clone()), first);
    for (path, bytes) in dialect.files("root", &document, &signed) {
        fs::write(event.base().join(&path), &bytes).unwrap();
        if path.contains("root_history") {
            fs::write(event.tree().join(path), bytes).unwrap();
        }
    }
    let (opened, verdicts) = opened(&event, Wish::default());
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.is_violated())
        .collect();
    assert!(violated.is_empty(), "{violated:#?}");
    let opened = opened.unwrap();
    let owed = opened.owed_by(&Digest::of(&spki(1)));
    let [owed] = owed.as_slice() else {
        panic!("one signature: {owed:?}");
    };
    let mut both = vec![id, KeyId::new(plain)];
    both.sort();
    assert_eq!(owed.keyids, both);
    let message = opened.documents[owed.document].document.signed_bytes();
    let signature = devices().sign(&spki(1), message);
    let placed = opened.placed(&[(owed.clone(), signature.clone())]).unwrap();
    let text = String::from_utf8(placed["metadata/root.json"].clone()).unwrap();
    assert_eq!(text.matches(&hex::encode(signature)).count(), 2, "{text}");
}

#[test]
fn a_holder_who_changes_devices_owes_a_signature_by_the_old_key_and_one_by_the_new() {
    for dialect in Dialect::ALL {
        let own = |state: &mut State| {
            state.root.holders[1] = Holder {
                handle: "holder-2".to_owned(),
                ..holder(3)
            };
        };
        let event = changed(dialect, Change::Rotation, own);
        let (opened, verdicts) = opened(&event, Wish::default());
        assert!(!verdicts.iter().any(Verdict::is_violated), "{dialect}");
        let mut both = [2, 3].map(|number| Digest::of(&spki(number)));
        both.sort();
        assert_eq!(opened.unwrap().keys_of("holder-2"), both, "{dialect}");
    }
}
