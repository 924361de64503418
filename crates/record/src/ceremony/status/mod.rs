//! The state of a quorum between ceremonies: how long its documents last, who can still
//! sign, how many keys may be lost, and which ceremony is next.
//!
//! Pure: the caller gives the previous state and the moment.

mod advice;
mod figures;
mod history;
mod publishing;

use std::collections::BTreeMap;

use serde::Serialize;

pub use advice::{Advice, REPEATED};
pub use figures::{
    AdvisoryStatus, DeviceStatus, DocumentStatus, HolderStatus, QuorumStatus, UnreadDocument,
};
pub use history::History;
use publishing::Publishing;

use super::{
    latency,
    previous::{Previous, Published, RevokedKey},
};
use crate::{
    published::BelowRoot,
    rules::{mark::REHEARSAL_MARK, policy::DeviceBounds},
};
use keymoot_attestation as attestation;
use keymoot_attestation::{Firmware, TrustStore};
use keymoot_core::{digest::Digest, time::Time};
use keymoot_tuf as tuf;
use keymoot_tuf::dialect::tufops::Config;
use keymoot_tuf::{DocumentError, Expiry, KeyEntry, KeyId, Lifetime, Periods, Root};

/// The format that a status names.
const FORMAT: &str = "keymoot-status/1";

/// The state of a quorum at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Always `keymoot-status/1`.
    pub format: &'static str,
    /// The moment.
    pub at: String,
    /// Whether all documents are from a rehearsal.
    pub rehearsal: bool,
    /// The documents, those of the quorum first.
    pub documents: Vec<DocumentStatus>,
    /// The documents of a working tree that cannot be read, or that clients do not find.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadDocument>,
    /// The files that a working tree does not hold and clients need: timestamp.json,
    /// snapshot.json, targets.json and what these list. Not safe to show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Until when a thief of the online key, who withholds the next root, can hold clients back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back_until: Option<String>,
    /// The numbers.
    pub quorum: QuorumStatus,
    /// Whether the bundle says that the quorum is lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub declared_lost: bool,
    /// The keys of the root and who holds them.
    pub holders: Vec<HolderStatus>,
    /// Holders whose PUK has no tested recovery, and why, by the last bundle.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub untested: BTreeMap<String, String>,
    /// The revoked keys.
    pub revoked: Vec<RevokedKey>,
    /// The advice.
    pub next: Advice,
}

/// The sources of a status.
pub struct Standing<'a> {
    /// The previous state, verified. Its chain is never empty.
    pub previous: &'a Previous,
    /// The holders and periods in `tufops.toml`, or those that it would have.
    pub unsigned: Option<&'a Config>,
    /// The documents below the root as a working tree holds them. `None` of a bundle, which
    /// was made before snapshot and timestamp of its documents.
    pub tree: Option<BelowRoot>,
    /// The facts of the last ceremony's transcript, where its bundle is given.
    pub history: Option<History>,
    /// The policy's demands on devices.
    pub bounds: &'a DeviceBounds,
    /// The vendor whose devices count.
    pub vendor: &'a TrustStore,
    /// The moment.
    pub now: Time,
}

impl Standing<'_> {
    /// The state of the quorum.
    ///
    /// # Errors
    /// A document has no end that can be read.
    pub fn status(&self) -> Result<Status, DocumentError> {
        let Some(root) = self.previous.root().map(tuf::VerifiedRoot::root) else {
            return Err(DocumentError::UnknownFormat);
        };
        let publishing = Publishing::of(self.tree.as_ref());
        let documents = self.documents(root, &publishing)?;
        let holders = self.holders(root);
        let threshold = root
            .roles
            .get("root")
            .map_or(0, |role| role.threshold as usize);
        let can_sign = holders.iter().filter(|holder| holder.can_sign).count();
        let quorum = QuorumStatus {
            root_version: root.version,
            threshold,
            keys: holders.len(),
            can_sign,
            survives_losses: signed(can_sign) - signed(threshold),
            enrolments_published: !self.previous.enrolments().is_empty(),
        };
        let declared_lost = self.history.as_ref().is_some_and(|history| history.is_lost);
        let next = match declared_lost {
            true => advice::begin_again(),
            false => advice::next(&documents, &quorum, &holders, &publishing),
        };
        Ok(Status {
            format: FORMAT,
            at: self.now.to_string(),
            rehearsal: root.extra.contains_key(REHEARSAL_MARK),
            unread: Self::unread(&documents, &publishing),
            documents,
            missing: publishing.missing,
            held_back_until: latency::held_back_until(self.previous).map(|time| time.to_string()),
            quorum,
            declared_lost,
            holders,
            untested: self
                .history
                .iter()
                .flat_map(|h| h.untested.clone())
                .collect(),
            revoked: self.previous.revoked().keys().to_vec(),
            next,
        })
    }

    fn documents(
        &self,
        root: &Root,
        publishing: &Publishing,
    ) -> Result<Vec<DocumentStatus>, DocumentError> {
        let ours = super::script::Document::ALL.into_iter().filter_map(|kind| {
            let document = self.previous.document(kind)?;
            Some((kind.role(), document, true))
        });
        let by_others = self.tree.iter().flat_map(BelowRoot::documents);
        let by_others = by_others.filter_map(|(role, document, _)| {
            let mut ours = super::script::Document::ALL.into_iter();
            (!ours.any(|kind| kind.role() == role)).then_some((role, document, false))
        });
        let mut others: Vec<_> = by_others.collect();
        others.sort_by_key(|(role, ..)| *role);
        ours.chain(others)
            .map(|(role, document, by_holders)| {
                let lifetime = Lifetime::of(document)?.or(self.periods(root, role));
                let state = lifetime.at(self.now);
                Ok(DocumentStatus {
                    name: format!("{role}.json"),
                    version: document.version(),
                    expires: lifetime.expires.to_string(),
                    days_left: lifetime.days_left(self.now),
                    signing_begins: lifetime.signing_begins().map(|time| time.to_string()),
                    signing_begun: matches!(state, Expiry::SigningBegun | Expiry::Expired),
                    expired: state == Expiry::Expired,
                    by_holders,
                    refused: publishing.refused.get(role).cloned(),
                })
            })
            .collect()
    }

    /// The refused documents that are not among those of the status.
    fn unread(documents: &[DocumentStatus], publishing: &Publishing) -> Vec<UnreadDocument> {
        let refused = publishing.refused.iter();
        let all = refused.map(|(role, why)| UnreadDocument {
            name: format!("{role}.json"),
            refused: why.clone(),
        });
        all.filter(|unread| !documents.iter().any(|shown| shown.name == unread.name))
            .collect()
    }

    /// The periods of a role, from the document that delegates to it.
    fn periods(&self, root: &Root, role: &str) -> Option<Periods> {
        let targets = self.previous.targets().map(|targets| &targets.content);
        let delegated = || targets?.role(role)?.keys.periods;
        let in_root = root.roles.get(role).and_then(|role| role.periods);
        let unsigned = || self.unsigned?.periods(role);
        in_root.or_else(delegated).or_else(unsigned)
    }

    fn holders(&self, root: &Root) -> Vec<HolderStatus> {
        let keys = root.role_keys("root");
        let mut holders: Vec<_> = keys
            .iter()
            .map(|(fingerprint, named)| self.holder(fingerprint, *named, &keys))
            .collect();
        holders.sort_by(|one, other| one.holder.cmp(&other.holder));
        holders
    }

    fn holder(
        &self,
        key: &Digest,
        (keyid, entry): (&KeyId, &KeyEntry),
        keys: &BTreeMap<Digest, (&KeyId, &KeyEntry)>,
    ) -> HolderStatus {
        let enrolments = self.previous.enrolments();
        let revoked = self.previous.revoked();
        let own = enrolments.iter().find(|p| p.enrolment.key() == *key);
        let out = revoked.keys().iter().any(|revoked| revoked.key == *key);
        let mut named = self.previous.holders().iter();
        let named = named.find(|(_, held)| *held == key);
        let named = named.map(|(handle, _)| handle.as_str());
        let by_key = self.unsigned.map(Config::by_key).unwrap_or_default();
        let unsigned = by_key.get(key).map(|signer| signer.name());
        let handle = entry.holder.as_deref().or(named).or(unsigned);
        let is_spare = |published: &&Published| {
            let theirs = handle == Some(published.handle.as_str());
            let (fingerprint, serial) = (published.enrolment.key(), published.enrolment.serial);
            theirs
                && !keys.contains_key(&fingerprint)
                && revoked.find(Some(&fingerprint), serial).is_none()
        };
        HolderStatus {
            holder: match handle {
                Some(handle) => handle.to_owned(),
                None => format!("key {}", keyid.short()),
            },
            key: *key,
            can_sign: !out && (own.is_some() || enrolments.is_empty()),
            revoked: out,
            last_signed: self.previous.last_signed(key),
            absences: self.absences(key, handle),
            pin_blocked: own
                .zip(self.history.as_ref())
                .is_some_and(|(own, history)| history.blocked.contains(&own.enrolment.serial)),
            device: own.map(|published| self.device(published)),
            spares: enrolments
                .iter()
                .filter(is_spare)
                .map(|published| self.device(published))
                .collect(),
        }
    }

    /// The roots with this key, from the newest back, that it has not signed; and whether the holder
    /// came to the last ceremony, where that signed no root.
    fn absences(&self, key: &Digest, handle: Option<&str>) -> u64 {
        let last = self.previous.last_signed(key);
        let missed = self
            .previous
            .roots()
            .iter()
            .rev()
            .map(tuf::VerifiedRoot::root);
        let missed = missed.take_while(|root| {
            root.role_keys("root").contains_key(key) && last.is_none_or(|last| root.version > last)
        });
        let missed = missed.count() as u64;
        match self.history.as_ref().filter(|history| history.only_shows) {
            Some(history) if handle.is_some_and(|handle| history.shown.contains(handle)) => 0,
            Some(_) => missed + 1,
            None => missed,
        }
    }

    fn device(&self, published: &Published) -> DeviceStatus {
        let enrolment = &published.enrolment;
        let proven = attestation::verify(&published.evidence, self.vendor, None)
            .ok()
            .filter(|proven| proven.attests(&enrolment.spki).is_ok());
        let stated = Firmware::parse(&enrolment.firmware);
        let least = self.bounds.firmware(enrolment.family);
        let least = Firmware::from(least.unwrap_or([u8::MAX; 3]));
        // Of a device that proves nothing, not even the family is known.
        let advisories = proven
            .as_ref()
            .map(|proven| proven.advisories())
            .unwrap_or_default();
        let firmware = proven.as_ref().map(|proven| proven.firmware()).or(stated);
        DeviceStatus {
            serial: enrolment.serial,
            family: enrolment.family,
            firmware: match firmware {
                Some(firmware) => firmware.to_string(),
                None => enrolment.firmware.clone(),
            },
            proven: proven.is_some(),
            below_policy: firmware.is_none_or(|firmware| firmware < least),
            advisories: advisories
                .iter()
                .map(|advisory| AdvisoryStatus {
                    id: advisory.id,
                    effect: advisory.effect,
                })
                .collect(),
        }
    }
}

/// A count as a number that may go below zero.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
