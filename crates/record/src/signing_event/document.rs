//! A document of a signing event: its changes, who must sign, and who did.

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
    /// Its changes, in sentences that are safe to show
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

    /// The holders in it who signed.
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
    /// The name of its file; safe to show.
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

    /// The keys of people that are to sign and have not: the holder, and the key's id.
    pub(super) fn awaited(&self) -> impl Iterator<Item = (&str, Digest)> {
        let named = self.demands.iter().flat_map(Demand::named);
        named.filter_map(|(keyid, entry)| {
            let (holder, key) = (entry.holder.as_deref()?, entry.fingerprint()?);
            (!self.is_signed(keyid, entry)).then_some((holder, key))
        })
    }

    fn is_signed(&self, keyid: &KeyId, entry: &KeyEntry) -> bool {
        let mut signatures = self.document.signatures().iter();
        let signature = signatures.find(|signature| signature.keyid == *keyid);
        let bytes = signature.and_then(keymoot_tuf::Signature::bytes);
        verifies(&self.document, entry, bytes.as_deref())
    }

    /// The faults of its signatures: safe to show. `base` has the keys that could sign the
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

/// The keys of a holder whose signatures are awaited, each once.
pub(super) fn keys_of(documents: &[EventDocument], holder: &str) -> Vec<Digest> {
    let awaited = documents.iter().flat_map(EventDocument::awaited);
    let of_holder = awaited.filter(|(name, _)| name.eq_ignore_ascii_case(holder));
    let mut keys: Vec<_> = of_holder.map(|(_, key)| key).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The documents that a holder's keys sign, by their places: also one that names such a key
/// without its holder, or under another.
pub(super) fn of_holder(documents: &[EventDocument], holder: &str) -> Vec<usize> {
    let keys = keys_of(documents, holder);
    let signed = |one: &EventDocument| keys.iter().any(|key| !one.owed_by(key).is_empty());
    let documents = documents.iter().enumerate();
    documents
        .filter(|(_, one)| signed(one))
        .map(|(at, _)| at)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Delegation, Demand, Document, EventDocument, keys_of, of_holder};
    use keymoot_tuf::Root;

    /// A document that a root's key is to sign; the root may name the key's holder.
    fn document(owner: &str) -> EventDocument {
        let key = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
        let role = r#"{"keyids": ["k"], "threshold": 1}"#;
        let text = format!(
            r#"{{"signatures": [], "signed": {{"_type": "root", "spec_version": "1.0.31",
            "version": 1, "expires": "2030-01-01T00:00:00Z", "consistent_snapshot": true,
            "keys": {{"k": {{"keytype": "ed25519", "scheme": "ed25519",
                "keyval": {{"public": "{key}"}}{owner}}}}},
            "roles": {{"root": {role}, "targets": {role}, "snapshot": {role}, "timestamp": {role}}}
            }}}}"#
        );
        let document = Document::parse(text.as_bytes(), text.len()).unwrap();
        let root = Root::read(&document).unwrap();
        let delegation = Delegation {
            by: "root",
            version: 1,
            role: &root.roles["root"],
            keys: &root.keys,
        };
        EventDocument {
            role: "root".to_owned(),
            changes: Vec::new(),
            demands: vec![Demand::of(&delegation)],
            document,
        }
    }

    #[test]
    fn a_holder_reads_every_document_that_the_holders_key_signs() {
        let named = document(r#", "x-tuf-on-ci-keyowner": "@holder-1""#);
        let documents = [document(""), named];
        let keys = keys_of(&documents, "holder-1");
        assert_eq!(keys.len(), 1);
        assert!(documents.iter().all(|one| one.owed_by(&keys[0]).len() == 1));
        assert_eq!(of_holder(&documents, "holder-1"), [0, 1]);
        assert_eq!(of_holder(&documents, "holder-2"), [0; 0]);
    }
}
