//! The dialect of tuf-on-ci, which sigstore uses and Rust's RFC 3724 names.
//!
//! Metadata is POUF-1. The holder of a key, the address of an online key and the periods are in
//! members that begin with `x-tuf-on-ci-`. A key's id is the SHA-256 of the canonical form of the
//! whole key object, those members included. Source: `tuf_on_ci_sign/_signer_repository.py` of
//! tuf-on-ci 0.21.

use std::collections::BTreeMap;

use crate::{KeyId, Periods};
use keymoot_core::json::{self, Json, Object};

/// The prefix of this dialect's members.
pub(super) const PREFIX: &str = "x-tuf-on-ci-";
pub(super) const KEY_OWNER: &str = "x-tuf-on-ci-keyowner";
pub(super) const ONLINE_URI: &str = "x-tuf-on-ci-online-uri";
const EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";
const SIGNING_PERIOD: &str = "x-tuf-on-ci-signing-period";

/// Moves the holder's handle out of a key's extra members; it is shown without
/// the leading `@`. What is no string stays where it is.
pub(crate) fn take_holder(extra: &mut Object) -> Option<String> {
    let owner = take_string(extra, KEY_OWNER)?;
    Some(owner.strip_prefix('@').map(str::to_owned).unwrap_or(owner))
}

/// Moves the address of an online key out of its extra members.
pub(crate) fn take_online_uri(extra: &mut Object) -> Option<String> {
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

/// Moves the periods out of the extra members of a root or a role, if both are
/// there and are days; otherwise they stay where they are.
pub(crate) fn take_periods(extra: &mut Object) -> Option<Periods> {
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

pub(super) fn insert_periods(members: &mut Object, periods: Periods) {
    members.insert(EXPIRY_PERIOD.to_owned(), periods.expiry_days.into());
    members.insert(SIGNING_PERIOD.to_owned(), periods.signing_days.into());
}

/// The bytes of the file: the signatures by key id, indented by one, ASCII, no
/// line feed at the end, exactly as python-tuf's `JSONSerializer` writes it.
/// The same signatures in any order give the same bytes.
pub(super) fn assemble(signed: &Json, signatures: &BTreeMap<KeyId, Vec<u8>>) -> Vec<u8> {
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
