//! The `tuf` crate, where it can follow: Ed25519 keys and no extra members.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object, canonical};
use keymoot_tuf::key::write_object;
use keymoot_tuf::{Dialect, Document, KeyId, PublicKey, verify_root};
use tuf::Database;
use tuf::metadata::RawSignedMetadata;
use tuf::pouf::Pouf1;

/// A root of nine Ed25519 keys, five needed, signed by so many.
fn plain_root(signers: usize) -> Vec<u8> {
    let secrets: Vec<_> = (1..=9)
        .map(|seed| SigningKey::from_bytes(&[seed; 32]))
        .collect();
    let keys: Vec<(KeyId, Json)> = secrets
        .iter()
        .map(|secret| {
            let public = secret.verifying_key();
            let key = PublicKey::from_ed25519_bytes(public.as_bytes()).unwrap();
            let object = Json::Object(write_object(&key));
            let id = Digest::of(&canonical(&object)).to_string();
            (KeyId::new(id), object)
        })
        .collect();
    let role = |threshold: u32| {
        let keyids = keys.iter().map(|(id, _)| Json::from(id.as_str())).collect();
        Json::object([("keyids", keyids), ("threshold", threshold.into())])
    };
    let roles = Json::object([
        ("root", role(5)),
        ("targets", role(5)),
        ("snapshot", role(1)),
        ("timestamp", role(1)),
    ]);
    let objects: Object = keys
        .iter()
        .map(|(id, object)| (id.as_str().to_owned(), object.clone()))
        .collect();
    let document = Document::unsigned(Json::object([
        ("_type", "root".into()),
        ("spec_version", "1.0.0".into()),
        ("version", 1_u64.into()),
        ("expires", "2037-11-01T00:00:00Z".into()),
        ("consistent_snapshot", true.into()),
        ("keys", Json::Object(objects)),
        ("roles", roles),
    ]))
    .unwrap();
    let signatures: BTreeMap<_, _> = keys
        .into_iter()
        .zip(&secrets)
        .take(signers)
        .map(|((id, _), secret)| (id, secret.sign(document.signed_bytes()).to_vec()))
        .collect();
    Dialect::TufOnCi.assemble(&document, &signatures)
}

#[test]
fn a_plain_ed25519_root_holds_with_five_and_fails_with_four_there_and_here() {
    for (signers, enough) in [(5, true), (4, false)] {
        let bytes = plain_root(signers);
        let here = verify_root(None, Document::parse(&bytes, 100_000).unwrap());
        assert_eq!(here.is_ok(), enough, "{here:?}");
        let there = Database::<Pouf1>::from_trusted_root(&RawSignedMetadata::new(bytes));
        assert_eq!(there.is_ok(), enough, "{:?}", there.err());
    }
}
