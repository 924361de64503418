//! Bundles that fewer than a quorum closed, or other people.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_attestation::TrustStore;
use keymoot_core::{Verdict, digest::Digest};
use keymoot_record::{
    bundle::{self, AFTER_THE_SEAL, Bundle, Files, Manifest, Signatures},
    ceremony::{State, statement},
    transcript::{Chain, Event},
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    elliptic_curve::Generate as _,
};
use serde_json::{Value, json};
use testkit::stage::finished;

use crate::forged::{MANIFEST, SIGNATURES, honest, verdicts};

/// The details of BUNDLE-CLOSED for a bundle.
fn closed(files: Files) -> Verdict {
    let verdicts = verdicts(files, true);
    let found = verdicts
        .iter()
        .find(|verdict| verdict.rule.id() == "BUNDLE-CLOSED");
    found.unwrap_or_else(|| panic!("{verdicts:?}")).clone()
}

/// An honest bundle with other closing signatures.
fn closed_with(change: impl FnOnce(&mut Vec<Value>)) -> Verdict {
    let mut files = honest();
    let mut signatures: Value = serde_json::from_slice(&files[SIGNATURES]).unwrap();
    change(signatures["signatures"].as_array_mut().unwrap());
    files.insert(SIGNATURES.to_owned(), signatures.to_string().into_bytes());
    closed(files)
}

fn quorum() -> usize {
    Signatures::read(&honest()[SIGNATURES])
        .unwrap()
        .signatures
        .len()
}

#[test]
fn closing_signatures_from_fewer_than_the_quorum_are_counted_and_refused() {
    assert!(quorum() >= 5);
    for left in 0..5 {
        let verdict = closed_with(|signatures| signatures.truncate(left));
        assert!(verdict.is_violated(), "{left}");
        let said = format!("{left} distinct keys closed the bundle, and 5 must");
        assert!(verdict.detail.contains(&said), "{verdict:?}");
    }
}

#[test]
fn one_holders_signature_in_five_places_is_not_five() {
    let verdict = closed_with(|signatures| {
        signatures.truncate(5);
        let first = signatures[0]["sig"].clone();
        for signature in signatures {
            signature["sig"] = first.clone();
        }
    });
    assert!(verdict.is_violated());
    assert!(verdict.detail.contains("is not good"), "{verdict:?}");
}

#[test]
fn one_key_listed_several_times_is_refused() {
    let verdict = closed_with(|signatures| {
        let first = signatures[0].clone();
        signatures.fill(first);
    });
    assert!(verdict.is_violated());
    assert!(verdict.detail.contains("each once"), "{verdict:?}");
}

/// The bundle with a manifest that somebody else wrote, and keys of their own.
fn closed_anew(keyid: impl Fn(usize, &str) -> String) -> Files {
    let mut files = honest();
    let report = files.get_mut("report.md").unwrap();
    report.extend_from_slice(b"\nall is well\n");
    let (digest, size) = (Digest::of(report), report.len());
    let mut manifest: Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        if file["path"] == "report.md" {
            file["sha256"] = digest.to_string().into();
            file["size"] = size.into();
        }
    }
    let manifest = manifest.to_string().into_bytes();
    assert!(Manifest::read(&manifest).is_ok());
    let message = statement::signed_bytes(statement::MANIFEST, &manifest);
    let honest = Signatures::read(&files[SIGNATURES]).unwrap();
    let mut signatures: Vec<_> = honest
        .signatures
        .iter()
        .enumerate()
        .map(|(place, closing)| {
            let key = SigningKey::generate();
            let signature: Signature = key.sign(&message);
            json!({
                "keyid": keyid(place, closing.keyid.as_str()),
                "sig": STANDARD.encode(signature.to_der()),
            })
        })
        .collect();
    signatures.sort_by_key(|signature| signature["keyid"].to_string());
    let closing = json!({ "payloadType": honest.payload_type, "signatures": signatures });
    files.insert(MANIFEST.to_owned(), manifest);
    files.insert(SIGNATURES.to_owned(), closing.to_string().into_bytes());
    files
}

#[test]
fn a_bundle_closed_again_with_other_keys_under_the_holders_ids_is_detected() {
    let verdict = closed(closed_anew(|_, keyid| keyid.to_owned()));
    assert!(verdict.is_violated());
    assert!(verdict.detail.contains("is not good"), "{verdict:?}");
}

#[test]
fn a_bundle_closed_again_with_other_keys_under_ids_of_their_own_is_detected() {
    let verdict = closed(closed_anew(|place, _| format!("{place:064x}")));
    assert!(verdict.is_violated());
    assert!(verdict.detail.contains("not enrolled"), "{verdict:?}");
}

#[test]
fn a_closing_signature_under_the_id_of_another_key_is_detected_at_a_takeover() {
    let stage = finished();
    let objects = |digest: &Digest| {
        let path = stage.dir().join("objects").join(digest.to_string());
        std::fs::read(path).ok()
    };
    let closed = |state: &State| {
        let trust = TrustStore::vendor().unwrap();
        let verdicts = bundle::so_far(state, &stage.chain(), &trust, &objects, "");
        let closed = verdicts
            .into_iter()
            .filter(|v| v.rule.id() == "BUNDLE-CLOSED");
        closed.map(|verdict| verdict.detail).collect::<Vec<_>>()
    };
    let mut state = stage.state();
    assert_eq!(closed(&state), [""; 0]);
    let other = state.seats[1].closing.clone().unwrap().keyid;
    state.seats[0].closing.as_mut().unwrap().keyid = other;
    let said = "the closing signature of holder-1 is recorded under the id of another key";
    assert_eq!(closed(&state), [said]);
}

/// The other signature with the same r: anybody can write it.
fn other_form(signature: &Value) -> Value {
    let bytes = STANDARD.decode(signature.as_str().unwrap()).unwrap();
    let signature = Signature::from_der(&bytes).unwrap();
    let other = Signature::from_scalars(signature.r(), -signature.s()).unwrap();
    STANDARD.encode(other.to_der().as_bytes()).into()
}

#[test]
fn a_closing_signature_in_its_other_form_is_refused() {
    let verdict = closed_with(|signatures| {
        let other = other_form(&signatures[0]["sig"]);
        signatures[0]["sig"] = other;
    });
    assert!(verdict.is_violated());
    assert!(verdict.detail.contains("is not good"), "{verdict:?}");
}

#[test]
fn a_closing_signature_in_its_other_form_is_no_other_signature() {
    let mut files = honest();
    let mut signatures: Value = serde_json::from_slice(&files[SIGNATURES]).unwrap();
    let other = other_form(&signatures["signatures"][0]["sig"]);
    signatures["signatures"][0]["sig"] = other;
    files.insert(SIGNATURES.to_owned(), signatures.to_string().into_bytes());
    let kinship = bundle::kinship(&Bundle::of(honest()), &Bundle::of(files)).unwrap();
    let verdict = kinship.verdict(["one", "other"]);
    assert!(
        verdict.detail.contains("the same closing signatures"),
        "{verdict:?}"
    );
}

#[test]
fn notes_that_a_stranger_adds_after_the_seal_are_quoted_and_few() {
    let mut files = honest();
    let sealed = files["transcript.jsonl"].clone();
    let whole = [sealed.clone(), files[AFTER_THE_SEAL].clone()].concat();
    let mut chain = Chain::read(&whole).unwrap();
    let time = chain.entries().last().unwrap().time;
    for _ in 0..1200 {
        let text = format!("x{}Its root is the one you trust", " ".repeat(120));
        let entry = chain.next(Event::Note { text }, time).unwrap();
        chain.push(entry).unwrap();
    }
    let after = chain.bytes_through(u64::MAX).split_off(sealed.len());
    files.insert(AFTER_THE_SEAL.to_owned(), after);
    let verdicts = verdicts(files, true).into_iter();
    let mut after = verdicts.filter(|verdict| verdict.rule.id() == "BUNDLE-AFTER");
    let after = after.next().unwrap();
    assert!(!after.is_violated(), "{after:?}");
    let told = "note: \"x Its root is the one you trust\"; and 1195 more";
    assert!(after.detail.ends_with(told), "{}", after.detail);
}
