//! The dialect of tuf-on-ci, which sigstore uses and Rust's RFC 3724 names.
//!
//! Metadata is POUF-1. Who holds a key, where an online key lives and how long
//! metadata lasts stand in members that begin with `x-tuf-on-ci-`; a key's id
//! is the SHA-256 of the canonical form of the whole key object, those members
//! included. Source: `tuf_on_ci_sign/_signer_repository.py` of tuf-on-ci 0.21.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::tuf::json::{self, Json, Object};
use crate::tuf::key;
use crate::tuf::{
    Document, DocumentError, DraftError, Holder, KeyId, OnlineKey, Periods, PublicKey, RootDraft,
};

const PREFIX: &str = "x-tuf-on-ci-";
const KEY_OWNER: &str = "x-tuf-on-ci-keyowner";
const ONLINE_URI: &str = "x-tuf-on-ci-online-uri";
const EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";
const SIGNING_PERIOD: &str = "x-tuf-on-ci-signing-period";

/// The version of the TUF specification that every implementation reads.
const SPEC_VERSION: &str = "1.0.0";

/// Takes the holder's handle out of a key's extra members; it is shown without
/// the leading `@`. What is no string stays where it is.
pub(in crate::tuf) fn take_holder(extra: &mut Object) -> Option<String> {
    let owner = take_string(extra, KEY_OWNER)?;
    Some(owner.strip_prefix('@').map(str::to_owned).unwrap_or(owner))
}

/// Takes the place of an online key out of its extra members.
pub(in crate::tuf) fn take_online_uri(extra: &mut Object) -> Option<String> {
    take_string(extra, ONLINE_URI)
}

fn take_string(extra: &mut Object, name: &str) -> Option<String> {
    match extra.get(name) {
        Some(Json::String(text)) => {
            let text = text.clone();
            extra.remove(name);
            Some(text)
        }
        _ => None,
    }
}

/// Takes the periods out of the extra members of a root or a role, if both are
/// there and are days; otherwise they stay where they are.
pub(in crate::tuf) fn take_periods(extra: &mut Object) -> Option<Periods> {
    let days = |name| match extra.get(name) {
        Some(Json::Integer(days)) => u32::try_from(*days).ok(),
        _ => None,
    };
    let periods = Periods {
        expiry_days: days(EXPIRY_PERIOD)?,
        signing_days: days(SIGNING_PERIOD)?,
    };
    extra.remove(EXPIRY_PERIOD);
    extra.remove(SIGNING_PERIOD);
    Some(periods)
}

fn insert_periods(members: &mut Object, periods: Periods) {
    members.insert(EXPIRY_PERIOD.to_owned(), periods.expiry_days.into());
    members.insert(SIGNING_PERIOD.to_owned(), periods.signing_days.into());
}

/// The id of a holder's key: the name its signatures stand under.
#[must_use]
pub fn holder_key_id(holder: &Holder) -> KeyId {
    key_id(&holder_key(holder))
}

/// The id of the online key.
#[must_use]
pub fn online_key_id(online: &OnlineKey) -> KeyId {
    key_id(&online_key(online))
}

fn holder_key(holder: &Holder) -> Json {
    // tuf-on-ci compares owners with the lower-cased name in its user's file.
    let owner = format!("@{}", holder.handle.to_lowercase());
    key_object(&holder.key, KEY_OWNER, owner)
}

fn online_key(online: &OnlineKey) -> Json {
    key_object(&online.key, ONLINE_URI, online.uri.clone())
}

fn key_object(key: &PublicKey, annotation: &str, value: String) -> Json {
    let mut object = key::write_object(key);
    object.insert(annotation.to_owned(), value.into());
    Json::Object(object)
}

fn key_id(object: &Json) -> KeyId {
    KeyId::new(Digest::of(&json::canonical(object)).to_string())
}

/// Writes a root down. The document carries the bytes to sign.
///
/// # Errors
/// The draft is not one that could be signed.
pub fn root(draft: &RootDraft) -> Result<Document, RootWriteError> {
    draft.check()?;
    if let Some(name) = draft
        .marks
        .keys()
        .find(|name| !name.starts_with("x-") || name.starts_with(PREFIX))
    {
        return Err(DraftError::Mark(name.clone()).into());
    }

    let mut keys = Object::new();
    let mut holders = Vec::new();
    for holder in &draft.holders {
        let object = holder_key(holder);
        let keyid = key_id(&object);
        keys.insert(keyid.as_str().to_owned(), object);
        holders.push(keyid);
    }
    let online = online_key_id(&draft.online);
    keys.insert(online.as_str().to_owned(), online_key(&draft.online));
    let online = [online];

    let roles = Json::object([
        ("root", role(&holders, draft.root_threshold, None)),
        ("targets", role(&holders, draft.targets_threshold, None)),
        ("snapshot", role(&online, 1, Some(draft.snapshot_periods))),
        ("timestamp", role(&online, 1, Some(draft.timestamp_periods))),
    ]);
    let mut signed = draft.marks.clone();
    insert_periods(&mut signed, draft.root_periods);
    signed.extend(
        [
            ("_type", "root".into()),
            ("spec_version", SPEC_VERSION.into()),
            ("version", draft.version.into()),
            ("expires", draft.expires.to_string().into()),
            ("consistent_snapshot", draft.consistent_snapshot.into()),
            ("keys", Json::Object(keys)),
            ("roles", roles),
        ]
        .map(|(name, value): (&str, Json)| (name.to_owned(), value)),
    );
    Ok(Document::unsigned(Json::Object(signed))?)
}

fn role(keyids: &[KeyId], threshold: u32, periods: Option<Periods>) -> Json {
    let keyids = keyids.iter().map(|id| Json::from(id.as_str())).collect();
    let mut members = Object::from([
        ("keyids".to_owned(), keyids),
        ("threshold".to_owned(), threshold.into()),
    ]);
    if let Some(periods) = periods {
        insert_periods(&mut members, periods);
    }
    Json::Object(members)
}

/// Why a root was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootWriteError {
    /// The draft is not one that could be signed.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// What was written is no TUF document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// The bytes of the file: the signatures by key id, indented by one, ASCII, no
/// line feed at the end, exactly as python-tuf's `JSONSerializer` writes it.
/// The same signatures in any order give the same bytes.
#[must_use]
pub fn assemble(signed: &Json, signatures: &BTreeMap<KeyId, Vec<u8>>) -> Vec<u8> {
    let signatures = signatures
        .iter()
        .map(|(keyid, signature)| {
            Json::object([
                ("keyid", keyid.as_str().into()),
                ("sig", hex::encode(signature).into()),
            ])
        })
        .collect();
    let file = Json::object([("signatures", signatures), ("signed", signed.clone())]);
    json::pretty(&file, 1).into_bytes()
}

/// Where the file of a root goes in the repository: the two hold the same
/// bytes.
#[must_use]
pub fn root_paths(version: u64) -> [String; 2] {
    [
        "metadata/root.json".to_owned(),
        format!("metadata/root_history/{version}.root.json"),
    ]
}
