//! Counting who signed.
//!
//! Only distinct key material counts. A key that a role lists under five
//! ids, and that signs under all five, counts once for the threshold.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::{Document, KeyEntry, KeyId, RoleKeys, Signature};
use keymoot_core::digest::Digest;
use keymoot_core::text::excerpt;

/// The signatures of one document, each verified at most once under each key,
/// also for several roles.
#[derive(Debug)]
pub struct Checks<'d> {
    document: &'d Document,
    verdicts: HashMap<(usize, Digest), bool>,
}

impl<'d> Checks<'d> {
    /// Begins with nothing verified.
    #[must_use]
    pub fn of(document: &'d Document) -> Self {
        Self {
            document,
            verdicts: HashMap::new(),
        }
    }
}

/// The signers of a document for a role, by that role's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// How many distinct keys must sign
    pub threshold: u32,
    /// The signatures that count, each by another key
    pub valid: Vec<ValidSignature>,
    /// Signatures under keys of the role that do not count
    pub rejected: Vec<(KeyId, Rejection)>,
    /// The names of signers that have no part in the role
    pub others: Vec<KeyId>,
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidSignature {
    /// The identity of the key
    pub fingerprint: Digest,
    /// The name the signature is under
    pub keyid: KeyId,
    /// Its holder, by the delegating metadata
    pub holder: Option<String>,
}

/// Why a signature under a key of the role does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is empty.
    #[error("it is an empty placeholder")]
    Placeholder,
    /// It is not written in hexadecimal.
    #[error("it is not hexadecimal")]
    NotHex,
    /// The role names a key that the metadata does not contain.
    #[error("its key is not in the metadata")]
    MissingKey,
    /// The key cannot be used; the reason is safe to show.
    #[error("its key cannot be used: {0}")]
    UnusableKey(String),
    /// It is not a signature of these bytes by that key.
    #[error("it does not verify")]
    Invalid,
    /// It is by a key that has been counted under another name.
    #[error("the same key already counts under id {}", .0.short())]
    SameKey(KeyId),
}

impl Quorum {
    /// Whether enough distinct keys signed.
    #[must_use]
    pub fn met(&self) -> bool {
        self.valid.len() >= usize::try_from(self.threshold).unwrap_or(usize::MAX)
    }
}

/// For people: how many signed of how many needed, and what was rejected.
impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} valid of {} needed", self.valid.len(), self.threshold)?;
        for (keyid, reason) in &self.rejected {
            write!(
                f,
                "; signature under {} not counted: {reason}",
                keyid.short()
            )?;
        }
        Ok(())
    }
}

impl ValidSignature {
    /// The holder, or else the key's name; safe to show.
    #[must_use]
    pub fn signer(&self) -> String {
        match &self.holder {
            Some(holder) => excerpt(holder),
            None => format!("key {}", self.keyid.short()),
        }
    }
}

/// Counts the signatures of a document that are by keys of the role.
#[must_use]
pub fn count(role: &RoleKeys, keys: &BTreeMap<KeyId, KeyEntry>, checks: &mut Checks<'_>) -> Quorum {
    let mut quorum = Quorum {
        threshold: role.threshold,
        valid: Vec::new(),
        rejected: Vec::new(),
        others: Vec::new(),
    };
    for (index, signature) in checks.document.signatures().iter().enumerate() {
        let keyid = &signature.keyid;
        if !role.keyids.contains(keyid) {
            quorum.others.push(keyid.clone());
            continue;
        }
        let verdict = judge(index, signature, keys.get(keyid), checks).and_then(|fingerprint| {
            match quorum.valid.iter().find(|v| v.fingerprint == fingerprint) {
                Some(first) => Err(Rejection::SameKey(first.keyid.clone())),
                None => Ok(fingerprint),
            }
        });
        match verdict {
            Ok(fingerprint) => quorum.valid.push(ValidSignature {
                fingerprint,
                keyid: keyid.clone(),
                holder: keys.get(keyid).and_then(|entry| entry.holder.clone()),
            }),
            Err(reason) => quorum.rejected.push((keyid.clone(), reason)),
        }
    }
    quorum
}

/// The identity of the key that made the signature, if it did.
fn judge(
    index: usize,
    signature: &Signature,
    entry: Option<&KeyEntry>,
    checks: &mut Checks<'_>,
) -> Result<Digest, Rejection> {
    let message = checks.document.signed_bytes();
    if signature.is_placeholder() {
        return Err(Rejection::Placeholder);
    }
    let bytes = signature.bytes().ok_or(Rejection::NotHex)?;
    let key = entry
        .ok_or(Rejection::MissingKey)?
        .public
        .as_ref()
        .map_err(|error| Rejection::UnusableKey(error.to_string()))?;
    let fingerprint = key.fingerprint();
    let verifies = *checks
        .verdicts
        .entry((index, fingerprint))
        .or_insert_with(|| key.verify(message, &bytes));
    if verifies {
        Ok(fingerprint)
    } else {
        Err(Rejection::Invalid)
    }
}
