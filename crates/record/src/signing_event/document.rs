//! A document of a signing event: what changes, who must sign, and who did.

use std::collections::BTreeMap;

use super::side::{Delegation, named};
use keymoot_core::{digest::Digest, text::excerpt};
use keymoot_tuf::{Checks, Document, KeyEntry, KeyId, Quorum, RoleKeys, count};

/// A document that the event has people sign.
#[derive(Debug, Clone)]
pub struct EventDocument {
    /// Its role, as the repository names it; not safe to show
    pub role: String,
    /// The document, with the signatures that it has
    pub document: Document,
    /// What it changes, in sentences that are safe to show
    pub changes: Vec<String>,
    pub(super) demands: Vec<Demand>,
}

/// A threshold that the document must meet.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// Which document demands it; safe to show
    by: String,
    role: RoleKeys,
    keys: BTreeMap<KeyId, KeyEntry>,
}

impl Demand {
    pub(super) fn of(delegation: &Delegation<'_>) -> Self {
        Self {
            by: format!("{} version {}", delegation.by, delegation.version),
            role: delegation.role.clone(),
            keys: delegation.keys.clone(),
        }
    }

    /// Who signed, of those whom it names.
    pub(super) fn quorum(&self, document: &Document) -> Quorum {
        count(&self.role, &self.keys, &mut Checks::of(document))
    }

    /// The keys that it names, each with its id there.
    fn named(&self) -> impl Iterator<Item = (&KeyId, &KeyEntry)> {
        let ids = self.role.keyids.iter();
        ids.filter_map(|keyid| Some((keyid, self.keys.get(keyid)?)))
    }
}

impl EventDocument {
    /// The name of its file, as people know it; safe to show.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.json", excerpt(&self.role))
    }

    /// The digest of the bytes to be signed.
    #[must_use]
    pub fn signed(&self) -> Digest {
        self.document.digest()
    }

    /// Who signed and who may still, a sentence for each threshold; safe to show.
    #[must_use]
    pub fn progress(&self) -> Vec<String> {
        let sentence = |demand: &Demand| {
            let quorum = demand.quorum(&self.document);
            let signed: Vec<_> = quorum.valid.iter().map(|valid| valid.signer()).collect();
            let signed = match signed.as_slice() {
                [] => "nobody signed yet".to_owned(),
                names => format!("signed by {}", names.join(", ")),
            };
            format!(
                "{} demands {} of {} signatures; {signed}.",
                demand.by,
                quorum.threshold,
                demand.role.keyids.len()
            )
        };
        self.demands.iter().map(sentence).collect()
    }

    /// The ids under which this key is to sign and has not, each once.
    #[must_use]
    pub fn owed_by(&self, key: &Digest) -> Vec<KeyId> {
        let named = self.demands.iter().flat_map(Demand::named);
        let owed = named.filter(|(keyid, entry)| {
            entry.fingerprint() == Some(*key) && !self.is_signed(keyid, entry)
        });
        let mut ids: Vec<_> = owed.map(|(keyid, _)| keyid.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The keys of people that are to sign and have not: who holds each, and what it is.
    pub(super) fn awaited(&self) -> impl Iterator<Item = (&str, Digest)> {
        let named = self.demands.iter().flat_map(Demand::named);
        named.filter_map(|(keyid, entry)| {
            let (holder, key) = (entry.holder.as_deref()?, entry.fingerprint()?);
            (!self.is_signed(keyid, entry)).then_some((holder, key))
        })
    }

    /// Whether a signature of this holder is awaited.
    #[must_use]
    pub fn awaits(&self, holder: &str) -> bool {
        let mut awaited = self.awaited();
        awaited.any(|(name, _)| name.eq_ignore_ascii_case(holder))
    }

    fn is_signed(&self, keyid: &KeyId, entry: &KeyEntry) -> bool {
        let mut signatures = self.document.signatures().iter();
        let signature = signatures.find(|signature| signature.keyid == *keyid);
        let bytes = signature.and_then(keymoot_tuf::Signature::bytes);
        verifies(&self.document, entry, bytes.as_deref())
    }

    /// What is wrong with the signatures that it has: safe to show. `base` is who could sign the
    /// document before the event.
    pub(super) fn broken(&self, base: Option<&Delegation<'_>>) -> Vec<String> {
        let base = base.map(Demand::of);
        let demands = || self.demands.iter().chain(&base);
        let entry = |keyid: &KeyId| {
            let mut named = demands().flat_map(Demand::named);
            named
                .find(|(other, _)| *other == keyid)
                .map(|(_, entry)| entry)
        };
        let signatures = self.document.signatures().iter();
        let broken = signatures.filter(|signature| !signature.is_placeholder());
        let broken = broken.filter_map(|signature| {
            let why = match entry(&signature.keyid) {
                None => "is under a key that may not sign it".to_owned(),
                Some(entry) if verifies(&self.document, entry, signature.bytes().as_deref()) => {
                    return None;
                }
                Some(entry) => match named(entry) {
                    Some(name) => format!("of {name} does not verify"),
                    None => "does not verify".to_owned(),
                },
            };
            Some(format!(
                "{}: the signature under {} {why}",
                self.name(),
                signature.keyid.short()
            ))
        });
        broken.collect()
    }
}

fn verifies(document: &Document, entry: &KeyEntry, signature: Option<&[u8]>) -> bool {
    let key = entry.public.as_ref().ok();
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify(document.signed_bytes(), signature))
}
