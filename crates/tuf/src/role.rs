//! Keys and their roles: the common part of root and targets documents.

use std::collections::{BTreeMap, BTreeSet};

use super::dialect::tuf_on_ci;
use super::key::{self, KeyError, PublicKey};
use super::{KeyId, Periods, Warning};
use keymoot_core::digest::Digest;
use keymoot_core::json::{self, At, Json, Misfit, Object};

/// A key in a document that delegates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key, or why this program cannot use it
    pub public: Result<PublicKey, KeyError>,
    /// Its holder, without the leading `@`
    pub holder: Option<String>,
    /// The address under which the online service uses it
    pub online_uri: Option<String>,
    /// Every other member, as found
    pub extra: Object,
    /// The whole key object, as found
    pub object: Json,
}

impl KeyEntry {
    /// The identity of the key material, if this program can use the key.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Digest> {
        self.public.as_ref().ok().map(PublicKey::fingerprint)
    }
}

/// Which keys may sign for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    /// Their names in the order found, none twice
    pub keyids: Vec<KeyId>,
    /// How many of them must sign, at least one
    pub threshold: u32,
    /// How long the role's metadata is valid and when to begin signing the next
    pub periods: Option<Periods>,
    /// Every other member, as found
    pub extra: Object,
}

/// The keys among these names that this program can use, each once by its
/// identity, with the first name it is under.
pub(super) fn usable<'d>(
    keyids: impl IntoIterator<Item = &'d KeyId>,
    keys: &'d BTreeMap<KeyId, KeyEntry>,
) -> BTreeMap<Digest, (&'d KeyId, &'d KeyEntry)> {
    let mut found = BTreeMap::new();
    for keyid in keyids {
        if let Some(entry) = keys.get(keyid)
            && let Some(fingerprint) = entry.fingerprint()
        {
            found.entry(fingerprint).or_insert((keyid, entry));
        }
    }
    found
}

/// Keys that were read already, by name. One whose object is the same is not read again:
/// from one root to the next nine of ten are, and reading a key takes its time.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'d> {
    /// The keys, and the oddities of their document
    pub(super) keys: Option<(&'d BTreeMap<KeyId, KeyEntry>, &'d [Warning])>,
}

impl<'d> Known<'d> {
    /// The key of that name and object, and whether the name is its hash.
    fn find(self, keyid: &KeyId, object: &Json) -> Option<(&'d KeyEntry, bool)> {
        let (keys, warnings) = self.keys?;
        let entry = keys.get(keyid).filter(|entry| entry.object == *object)?;
        let odd = |warning: &Warning| matches!(warning, Warning::KeyIdNotHash(id) if id == keyid);
        Some((entry, !warnings.iter().any(odd)))
    }
}

/// Reads an object of key objects by name.
pub(super) fn read_keys(
    at: &At<'_>,
    known: Known<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<KeyId, KeyEntry>, Misfit> {
    let mut keys = BTreeMap::new();
    let mut names = BTreeMap::<Digest, Vec<KeyId>>::new();
    let mut legacy = Vec::new();
    for (name, place) in at.members()? {
        let keyid = KeyId::new(name);
        let known = known.find(&keyid, place.value());
        let key = key::read_object_as(&place, known.map(|(entry, _)| &entry.public));
        let hashed = match known {
            Some((_, hashed)) => hashed,
            None => is_hash(name, place.value(), key.public.as_ref().ok()),
        };
        if !hashed {
            warnings.push(Warning::KeyIdNotHash(keyid.clone()));
        }
        if key.is_legacy_type() {
            legacy.push(keyid.clone());
        }
        let mut extra = key.extra;
        let entry = KeyEntry {
            public: key.public,
            holder: tuf_on_ci::take_holder(&mut extra),
            online_uri: tuf_on_ci::take_online_uri(&mut extra),
            extra,
            object: place.value().clone(),
        };
        match &entry.public {
            Ok(public) => names
                .entry(public.fingerprint())
                .or_default()
                .push(keyid.clone()),
            Err(error) => warnings.push(Warning::UnusableKey {
                keyid: keyid.clone(),
                reason: error.to_string(),
            }),
        }
        keys.insert(keyid, entry);
    }
    if !legacy.is_empty() {
        warnings.push(Warning::LegacyKeyType(legacy));
    }
    for (fingerprint, keyids) in names {
        if keyids.len() > 1 {
            warnings.push(Warning::KeyUnderSeveralIds {
                fingerprint,
                keyids,
            });
        }
    }
    Ok(keys)
}

/// Whether a key's name is the hash that one of the dialects gives it: of the
/// canonical key object, or of the SubjectPublicKeyInfo.
fn is_hash(name: &str, object: &Json, key: Option<&PublicKey>) -> bool {
    Digest::of(&json::canonical(object)).to_string() == name
        || key.is_some_and(|key| key.fingerprint().to_string() == name)
}

/// Reads `keyids` and `threshold`. Other members of the object are in `extra`.
pub(super) fn read_role(at: &At<'_>) -> Result<RoleKeys, Misfit> {
    let mut seen = BTreeSet::new();
    let mut keyids = Vec::new();
    for item in at.member("keyids")?.items()? {
        let keyid = KeyId::new(item.string()?);
        if !seen.insert(keyid.clone()) {
            return Err(item.misfit(format!("key {keyid} is listed a second time")));
        }
        keyids.push(keyid);
    }
    let place = at.member("threshold")?;
    let threshold = place.unsigned()?;
    if threshold == 0 {
        return Err(place.misfit("a threshold of zero would need no signature"));
    }
    let mut extra = at.object()?.clone();
    extra.remove("keyids");
    extra.remove("threshold");
    Ok(RoleKeys {
        keyids,
        threshold,
        periods: tuf_on_ci::take_periods(&mut extra),
        extra,
    })
}

/// Warns of keys that a role names and the document does not contain.
pub(super) fn warn_of_missing_keys(
    name: &str,
    role: &RoleKeys,
    keys: &BTreeMap<KeyId, KeyEntry>,
    warnings: &mut Vec<Warning>,
) {
    for keyid in role.keyids.iter().filter(|id| !keys.contains_key(*id)) {
        warnings.push(Warning::MissingKey {
            role: name.to_owned(),
            keyid: keyid.clone(),
        });
    }
}
