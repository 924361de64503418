//! The oddities of a document's signatures and of their keys.

use std::collections::{BTreeMap, BTreeSet};

use super::quorum::{Quorum, Rejection};
use crate::key::Algorithm;
use crate::{Document, KeyEntry, KeyId, Root, Warning, conformance};
use keymoot_core::digest::Digest;

/// The most attempts to find the signer of a signature under an unknown id;
/// for a file full of signatures they would take hours.
const ATTEMPTS: usize = 256;

/// The oddities of a root, its signers by its own keys, and by the
/// previous root's.
pub(super) fn of_root(
    document: &Document,
    root: &Root,
    by_itself: &Quorum,
    by_previous: Option<&Quorum>,
) -> BTreeSet<Warning> {
    let mut names = Names::default();
    names.listed(&root.keys);
    let mut warnings = of_signatures(document, by_itself, &mut names);
    match by_previous {
        Some(previous) => {
            warnings.extend(of_signatures(document, previous, &mut names));
            let strangers = previous.others.iter();
            warnings.extend(
                strangers
                    .filter(|keyid| by_itself.others.contains(keyid))
                    .map(|keyid| Warning::UnknownSigner(keyid.clone())),
            );
        }
        None => names.strangers(document, root, by_itself),
    }
    // The names have what the content says of keys under several ids.
    let content = root.warnings().iter();
    warnings.extend(
        content
            .filter(|warning| !matches!(warning, Warning::KeyUnderSeveralIds { .. }))
            .cloned(),
    );
    warnings.extend(refused_elsewhere(&root.keys));
    warnings.extend(Warning::nonconforming(conformance::of_root(document, root)));
    warnings.extend(names.warnings());
    warnings
}

/// The oddities of the signatures of another document.
pub(super) fn of_role(document: &Document, quorum: &Quorum) -> BTreeSet<Warning> {
    let mut names = Names::default();
    let mut warnings = of_signatures(document, quorum, &mut names);
    let strangers = quorum.others.iter().cloned();
    warnings.extend(strangers.map(Warning::UnknownSigner));
    warnings.extend(names.warnings());
    warnings
}

fn of_signatures<'n>(
    document: &'n Document,
    quorum: &'n Quorum,
    names: &mut Names<'n>,
) -> BTreeSet<Warning> {
    let mut warnings: BTreeSet<_> = document.warnings().iter().cloned().collect();
    let placeholders = document.signatures().iter();
    warnings.extend(
        placeholders
            .filter(|signature| signature.is_placeholder())
            .map(|signature| Warning::Placeholder(signature.keyid.clone())),
    );
    for valid in &quorum.valid {
        names.add(valid.fingerprint, &valid.keyid);
    }
    for (keyid, reason) in &quorum.rejected {
        match reason {
            Rejection::Placeholder => {}
            Rejection::SameKey(first) => {
                let first = quorum.valid.iter().find(|valid| valid.keyid == *first);
                if let Some(first) = first {
                    names.add(first.fingerprint, keyid);
                }
            }
            _ => {
                warnings.insert(Warning::RejectedSignature {
                    keyid: keyid.clone(),
                    reason: reason.to_string(),
                });
            }
        }
    }
    warnings
}

/// A key that this program verifies and others refuse.
fn refused_elsewhere(keys: &BTreeMap<KeyId, KeyEntry>) -> impl Iterator<Item = Warning> {
    keys.iter()
        .filter(|(_, entry)| {
            let key = entry.public.as_ref();
            key.is_ok_and(|key| key.algorithm() == Algorithm::EcdsaP384)
        })
        .map(|(keyid, _)| Warning::KeyRefusedElsewhere(keyid.clone()))
}

/// The names under which each key is listed or signs.
#[derive(Default)]
struct Names<'n>(BTreeMap<Digest, BTreeSet<&'n KeyId>>);

impl<'n> Names<'n> {
    fn add(&mut self, fingerprint: Digest, keyid: &'n KeyId) {
        self.0.entry(fingerprint).or_default().insert(keyid);
    }

    fn listed(&mut self, keys: &'n BTreeMap<KeyId, KeyEntry>) {
        for (keyid, entry) in keys {
            if let Some(fingerprint) = entry.fingerprint() {
                self.add(fingerprint, keyid);
            }
        }
    }

    /// Without the root before, the names that it gave to keys are not known;
    /// but a signature under such a name may be by a key that is.
    fn strangers(&mut self, document: &'n Document, root: &Root, by_itself: &Quorum) {
        let keys = root.role_keys("root");
        let strangers = document
            .signatures()
            .iter()
            .filter(|signature| by_itself.others.contains(&signature.keyid))
            .filter_map(|signature| Some((&signature.keyid, signature.bytes()?)));
        let attempts = strangers.flat_map(|(keyid, bytes)| {
            let keys = keys.iter();
            keys.map(move |(fingerprint, (_, entry))| (keyid, bytes.clone(), *fingerprint, entry))
        });
        for (keyid, bytes, fingerprint, entry) in attempts.take(ATTEMPTS) {
            let message = document.signed_bytes();
            if !bytes.is_empty()
                && let Ok(key) = &entry.public
                && key.verify(message, &bytes)
            {
                self.add(fingerprint, keyid);
            }
        }
    }

    fn warnings(self) -> impl Iterator<Item = Warning> {
        self.0
            .into_iter()
            .filter(|(_, keyids)| keyids.len() > 1)
            .map(|(fingerprint, keyids)| Warning::KeyUnderSeveralIds {
                fingerprint,
                keyids: keyids.into_iter().cloned().collect(),
            })
    }
}
