//! Signing events that a rule refuses.

use std::{collections::BTreeMap, fs};

use keymoot_core::{Verdict, digest::Digest, json};
use keymoot_record::{
    expectation::ExpectationSet,
    signing_event::{Given, SigningEvent, open},
    transcript::Mode,
};
use keymoot_tuf::{Dialect, Document, Holder, KeyId, Signer};
use keymoot_verify::checkout;
use serde_json::Value;
use testkit::stage::said;

use super::repository::{Change, Event, State, devices, holder, in_days, signatures, spki};

/// The holder's arguments apart from the two checkouts.
#[derive(Default)]
struct Wish<'a> {
    branch: Option<&'a str>,
    roles: Vec<String>,
    trusted_root: Option<Vec<u8>>,
    set: Option<&'a str>,
    live: bool,
}

fn opened(event: &Event, wish: Wish<'_>) -> (Option<SigningEvent>, Vec<Verdict>) {
    let set = wish.set.map(|name| ExpectationSet::shipped(name).unwrap());
    open(Given {
        base: &checkout::read(&event.base()).unwrap(),
        tree: &checkout::read(&event.tree()).unwrap(),
        branch: wish.branch,
        roles: &wish.roles,
        trusted_root: wish.trusted_root.as_deref(),
        target: &|name, listed| checkout::target(&event.tree(), name, listed),
        set: set.as_ref(),
        mode: match wish.live {
            true => Mode::Live,
            false => Mode::Rehearsal,
        },
        now: in_days(0),
    })
}

/// The event violates this rule and no other, with these words.
fn refused_with(event: &Event, wish: Wish<'_>, rule: &str, words: &str) {
    let (_, verdicts) = opened(event, wish);
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.is_violated())
        .collect();
    let [one] = violated.as_slice() else {
        panic!("{rule}: {violated:#?}");
    };
    assert_eq!(one.rule.id(), rule);
    assert!(one.detail.contains(words), "{}", one.detail);
}

fn refused(event: &Event, rule: &str, words: &str) {
    refused_with(event, Wish::default(), rule, words);
}

/// Places for the signatures of these holders.
fn places(dialect: Dialect, holders: &[&Holder]) -> BTreeMap<KeyId, Vec<u8>> {
    match dialect {
        Dialect::TufOnCi => holders
            .iter()
            .map(|holder| (dialect.holder_key_id(holder), Vec::new()))
            .collect(),
        Dialect::Tufops | Dialect::TufCi => BTreeMap::new(),
    }
}

/// An event whose state was changed before anybody signed.
fn changed(dialect: Dialect, change: Change, more: impl FnOnce(&mut State)) -> Event {
    let event = Event::new(dialect, change, "sign/event");
    let mut state = State::first(dialect);
    let before = state.documents(dialect);
    state.change(change);
    more(&mut state);
    for (role, document) in state.documents(dialect) {
        if before[role].signed_bytes() != document.signed_bytes() {
            let holders: Vec<_> = state.root.holders.iter().collect();
            event.write(role, &document, &places(dialect, &holders));
        }
    }
    event.write_config(&state);
    event
}

#[test]
fn a_good_event_is_refused_by_no_rule_in_any_dialect() {
    for dialect in Dialect::ALL {
        for change in [Change::Rotation, Change::Targets, Change::Both] {
            let event = Event::new(dialect, change, "sign/event");
            let (opened, verdicts) = opened(&event, Wish::default());
            let violated: Vec<_> = verdicts
                .iter()
                .filter(|verdict| verdict.is_violated())
                .collect();
            assert!(violated.is_empty(), "{dialect} {change:?}: {violated:#?}");
            let opened = opened.unwrap();
            let owed = |holder: usize| opened.owed_by(&Digest::of(&spki(holder))).len();
            let expected = match change {
                Change::Rotation => [1, 1, 1],
                Change::Targets => [1, 1, 0],
                Change::Both => [2, 2, 1],
            };
            assert_eq!([1, 2, 3].map(owed), expected, "{dialect} {change:?}");
        }
    }
}

#[test]
fn a_root_that_does_not_follow_the_bases_is_refused() {
    for dialect in Dialect::ALL {
        let event = changed(dialect, Change::Rotation, |state| state.root.version = 3);
        // The second version of the event as it was is no part of it any more.
        for path in dialect.paths("root", 2) {
            if path.contains("root_history") {
                fs::remove_file(event.tree().join(path)).unwrap();
            }
        }
        refused(
            &event,
            "EVENT-ROOT",
            "after root version 1 of the base comes version 2, not 3",
        );
    }
}

#[test]
fn a_history_that_differs_from_the_bases_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    fs::write(event.tree().join("metadata/root_history/1.root.json"), "{}").unwrap();
    let (_, verdicts) = opened(&event, Wish::default());
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|v| v.is_violated())
        .map(|v| v.rule.id())
        .collect();
    assert!(violated.contains(&"EVENT-ROOT"), "{violated:?}");
}

#[test]
fn a_version_that_is_not_the_next_is_refused() {
    let event = changed(Dialect::TufCi, Change::Targets, |state| {
        state.targets.version = 3
    });
    refused(
        &event,
        "EVENT-VERSION",
        "targets.json is version 3, and the base has version 1",
    );
}

#[test]
fn a_change_outside_of_the_branchs_role_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Both, "sign/root-v2");
    let wish = || Wish {
        branch: Some("sign/root-v2"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish(),
        "EVENT-ROLE",
        "the branch is for root, and targets.json changes",
    );
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/root-v3");
    let wish = Wish {
        branch: Some("sign/root-v3"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish,
        "EVENT-ROLE",
        "the branch is for version 3 of root, and it is version 2",
    );
}

#[test]
fn a_change_that_the_holder_did_not_name_is_refused() {
    let event = Event::new(Dialect::Tufops, Change::Both, "sign/both");
    let wish = |roles: &[&str]| Wish {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish(&["root"]),
        "EVENT-ROLE",
        "targets.json changes, which --role does not name",
    );
    let (_, verdicts) = opened(&event, wish(&["root", "targets"]));
    assert!(!verdicts.iter().any(Verdict::is_violated));
}

#[test]
fn a_change_of_an_online_document_or_of_an_unlisted_file_is_refused() {
    for (name, words) in [
        ("timestamp.json", "the online service alone signs"),
        ("more.json", "no role that people sign for"),
    ] {
        let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
        fs::write(event.tree().join("metadata").join(name), "{}").unwrap();
        refused(&event, "EVENT-ROLE", words);
    }
}

#[test]
fn an_open_invitation_is_refused_in_both_tools_that_have_them() {
    for (dialect, state, words) in [
        (
            Dialect::TufOnCi,
            r#"{"invites": {"@holder-4": ["root"]}}"#,
            "@holder-4 is invited to sign for root",
        ),
        (
            Dialect::TufCi,
            r#"{"pending": {"targets": {}}}"#,
            "the configuration of targets waits",
        ),
        // A state that cannot be read may be an invitation.
        (Dialect::TufOnCi, "null", "the state: null where an object"),
        (
            Dialect::TufOnCi,
            r#"{"invites": ["@holder-4"]}"#,
            "the state.invites: an array where an object",
        ),
        (
            Dialect::TufCi,
            r#"{"pending": "targets"}"#,
            "the state.pending: a string where an object",
        ),
    ] {
        let event = Event::new(dialect, Change::Rotation, "sign/event");
        fs::write(event.tree().join(dialect.event_state().unwrap()), state).unwrap();
        refused(&event, "EVENT-STATE", words);
    }
}

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
fn a_document_that_lasts_too_long_or_is_over_is_refused() {
    for (days, words) in [
        (400, "later than a document signed now would"),
        (-1, "expired"),
    ] {
        let event = changed(Dialect::TufOnCi, Change::Targets, |state| {
            state.targets.expires = in_days(days)
        });
        refused(&event, "EVENT-EXPIRY", words);
    }
}

#[test]
fn what_is_no_checkout_of_a_known_layout_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    fs::write(event.tree().join("metadata/root.json"), "{}").unwrap();
    refused(
        &event,
        "EVENT-LAYOUT",
        "the tree holds no metadata/root.json that can be read",
    );
    // Without the names of tufops.
    let event = Event::new(Dialect::Tufops, Change::Rotation, "sign/event");
    fs::remove_file(event.tree().join("tufops.toml")).unwrap();
    refused(&event, "EVENT-LAYOUT", "tufops.toml is missing");
    // A history that is not the current root.
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let path = event.tree().join("metadata/root_history/2.root.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + "\n").unwrap();
    refused(&event, "EVENT-LAYOUT", "are not the same file");
}

#[test]
fn a_link_in_the_checkout_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    std::os::unix::fs::symlink("/etc/passwd", event.tree().join("metadata/more.json")).unwrap();
    let output = event.sign(1);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EVENT-LAYOUT"), "{}", said(&output));
}

#[test]
fn a_checkout_whose_metadata_is_a_link_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let (metadata, elsewhere) = (event.tree().join("metadata"), event.path("elsewhere"));
    fs::rename(&metadata, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &metadata).unwrap();
    let output = event.sign(1);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("EVENT-LAYOUT"), "{}", said(&output));
}

#[test]
fn a_base_whose_documents_are_not_signed_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    let dialect = event.dialect;
    let state = State::first(dialect);
    let documents = state.documents(dialect);
    let rewrite = |role: &str| {
        let document = &documents[role];
        for (path, bytes) in dialect.files(role, document, &signatures(dialect, document, &[1])) {
            fs::write(event.base().join(path), bytes).unwrap();
        }
    };
    rewrite("crates");
    let (_, verdicts) = opened(&event, Wish::default());
    let violated: Vec<_> = verdicts
        .iter()
        .filter(|v| v.is_violated())
        .map(|v| v.rule.id())
        .collect();
    assert!(violated.contains(&"TREE-DOCUMENTS"), "{violated:?}");
    rewrite("root");
    refused(&event, "ROOT-PREVIOUS", "not signed by enough keys");
}

#[test]
fn a_base_from_before_the_trusted_root_is_refused() {
    for dialect in Dialect::ALL {
        let event = Event::new(dialect, Change::Targets, "sign/event");
        let mut state = State::first(dialect);
        state.change(Change::Rotation);
        let newer = state.documents(dialect).remove("root").unwrap();
        // Of tuf-ci, the file has the content alone.
        let mut files = dialect.files("root", &newer, &BTreeMap::new()).into_iter();
        let wish = Wish {
            trusted_root: files
                .find(|(path, _)| path == "metadata/root.json")
                .map(|(_, bytes)| bytes),
            ..Wish::default()
        };
        assert!(wish.trusted_root.is_some());
        refused_with(&event, wish, "ROOT-NEWEST", "");
    }
}

#[test]
fn a_repository_that_is_weaker_than_the_holder_expects_is_refused() {
    let event = Event::new(Dialect::TufOnCi, Change::Rotation, "sign/event");
    let wish = Wish {
        set: Some("rfc-3724"),
        ..Wish::default()
    };
    refused_with(
        &event,
        wish,
        "POLICY-EXPECTED",
        "root: threshold 2 of 2, expected 5 of 9",
    );
}

#[test]
fn a_live_holder_signs_nothing_that_was_made_in_a_rehearsal() {
    let mark = |state: &mut State| {
        let mark = ("x-keymoot-rehearsal".to_owned(), "0".into());
        state.targets.marks.extend([mark]);
    };
    let event = changed(Dialect::TufOnCi, Change::Targets, mark);
    refused_with(
        &event,
        Wish {
            live: true,
            ..Wish::default()
        },
        "ROOT-MARK",
        "targets.json is marked",
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

#[test]
fn a_target_file_that_is_not_the_listed_one_is_refused_where_the_checkout_has_them() {
    for dialect in [Dialect::TufOnCi, Dialect::TufCi] {
        let event = Event::new(dialect, Change::Targets, "sign/event");
        fs::write(event.tree().join("targets/new.txt"), "another file").unwrap();
        refused(&event, "TREE-TARGETS", "targets: \"new.txt\"");
        fs::remove_file(event.tree().join("targets/new.txt")).unwrap();
        refused(&event, "TREE-TARGETS", "\"new.txt\" is missing");
    }
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

#[test]
fn files_that_changed_since_the_review_are_found() {
    let event = Event::new(Dialect::TufOnCi, Change::Targets, "sign/event");
    let (opened, _) = opened(&event, Wish::default());
    let opened = opened.unwrap();
    let files = checkout::read(&event.tree()).unwrap();
    assert!(!opened.unchanged(&files).is_violated());
    let mut changed = files;
    changed.insert("metadata/more.json".to_owned(), Vec::new());
    let verdict = opened.unchanged(&changed);
    assert!(
        verdict.is_violated() && verdict.detail.contains("metadata/more.json"),
        "{verdict:?}"
    );
}
