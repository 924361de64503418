//! The dialect of tuf-ci, the Rust Foundation's port of tuf-on-ci.
//!
//! Metadata is POUF-2: a DSSE envelope whose payload and signatures are in
//! separate files, `root.json` and `root.sig.json`. The bytes of the payload
//! are frozen once anybody has signed. A key's id is the SHA-256 of its
//! SubjectPublicKeyInfo. The holder of a key, the address of an online key and the
//! periods are in one member at the top, `x-tuf-ci`, with the
//! objects `signers`, `online` and `periods`; the delegator states the
//! periods. Source: `crates/tuf-repo/src/policy.rs` and `store.rs` of tuf-ci.

use std::collections::BTreeMap;

use crate::{Document, DocumentError, KeyEntry, KeyId, Periods};
use keymoot_core::json::{At, Json, Misfit, Object};

/// The member with everything that only this dialect has.
pub(super) const MEMBER: &str = "x-tuf-ci";

pub(super) const SIGNERS: &str = "signers";
pub(super) const ONLINE: &str = "online";
pub(super) const PERIODS: &str = "periods";
pub(super) const EXPIRY_DAYS: &str = "expiry-days";
pub(super) const SIGNING_DAYS: &str = "signing-days";

/// The content of a document's `x-tuf-ci`.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    signers: BTreeMap<KeyId, String>,
    online: BTreeMap<KeyId, String>,
    periods: BTreeMap<String, Periods>,
    found: bool,
}

impl Notes {
    /// Moves it out of a document's extra members. Entries for keys and
    /// roles that the document does not have, or in another form, stay there.
    pub(crate) fn take(
        extra: &mut Object,
        keys: &BTreeMap<KeyId, KeyEntry>,
        has_role: impl Fn(&str) -> bool,
    ) -> Self {
        let mut notes = Self::default();
        let Some(Json::Object(members)) = extra.get(MEMBER) else {
            return notes;
        };
        notes.found = true;
        let mut left = Object::new();
        for (name, value) in members {
            let Json::Object(said) = value else {
                left.insert(name.clone(), value.clone());
                continue;
            };
            let unread: Object = said
                .iter()
                .filter(|(of, value)| !notes.note(name, of, value, keys, &has_role))
                .map(|(of, value)| (of.clone(), value.clone()))
                .collect();
            if !unread.is_empty() || said.is_empty() {
                left.insert(name.clone(), Json::Object(unread));
            }
        }
        if left.is_empty() && !members.is_empty() {
            extra.remove(MEMBER);
        } else {
            extra.insert(MEMBER.to_owned(), Json::Object(left));
        }
        notes
    }

    /// Whether this program knows the meaning of the entries.
    fn note(
        &mut self,
        name: &str,
        of: &str,
        value: &Json,
        keys: &BTreeMap<KeyId, KeyEntry>,
        has_role: impl Fn(&str) -> bool,
    ) -> bool {
        let keyid = KeyId::new(of);
        let says_nothing = |member: fn(&KeyEntry) -> bool| keys.get(&keyid).is_some_and(member);
        match (name, value) {
            (SIGNERS, Json::String(handle)) if says_nothing(|key| key.holder.is_none()) => {
                match handle.strip_prefix('@') {
                    Some(handle) => self.signers.insert(keyid, handle.to_owned()).is_none(),
                    None => false,
                }
            }
            (ONLINE, Json::String(uri)) if says_nothing(|key| key.online_uri.is_none()) => {
                self.online.insert(keyid, uri.clone()).is_none()
            }
            (PERIODS, Json::Object(days)) if has_role(of) && days.len() == 2 => {
                let number = |name| match days.get(name) {
                    Some(Json::Integer(days)) => u32::try_from(*days).ok(),
                    _ => None,
                };
                let (Some(expiry_days), Some(signing_days)) =
                    (number(EXPIRY_DAYS), number(SIGNING_DAYS))
                else {
                    return false;
                };
                let periods = Periods {
                    expiry_days,
                    signing_days,
                };
                self.periods.insert(of.to_owned(), periods).is_none()
            }
            _ => false,
        }
    }

    /// Adds the holders to the keys.
    pub(crate) fn name_keys(&mut self, keys: &mut BTreeMap<KeyId, KeyEntry>) {
        for (keyid, entry) in keys {
            entry.holder = self.signers.remove(keyid).or(entry.holder.take());
            entry.online_uri = self.online.remove(keyid).or(entry.online_uri.take());
        }
    }

    /// The periods of a role.
    pub(crate) fn take_periods(&mut self, role: &str) -> Option<Periods> {
        self.periods.remove(role)
    }

    /// Whether the document is written in this dialect.
    pub(crate) fn found(&self) -> bool {
        self.found
    }
}

/// Refuses roots that this dialect forbids: root is online, or files have
/// names without versions.
pub(crate) fn check_root(
    at: &At<'_>,
    consistent_snapshot: bool,
    mut root_keys: impl Iterator<Item = bool>,
) -> Result<(), Misfit> {
    if !consistent_snapshot {
        return Err(at.misfit("tuf-ci demands that consistent_snapshot is true"));
    }
    if root_keys.any(|online| online) {
        return Err(at.misfit("an online key may sign root, which tuf-ci forbids"));
    }
    Ok(())
}

/// Refuses delegations by a delegated role, which this dialect does not have.
pub(super) fn refuse_nesting(role: &str, document: &Document) -> Result<(), DocumentError> {
    let at = At::top(document.signed(), "signed");
    match at.find("delegations")? {
        Some(place) if !matches!(role, "root" | "targets" | "snapshot" | "timestamp") => Err(place
            .misfit("a delegated role delegates, which tuf-ci forbids")
            .into()),
        _ => Ok(()),
    }
}
