//! The reason for a document, and what people compare before they sign it: the roster's reasons,
//! and the root of tuf-crates that the quorum authorises.

use super::{State, script::Document};
use keymoot_core::{digest::Digest, text::escape};

/// The root of tuf-crates that a ceremony authorises, for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisedRoot {
    /// The SHA-256 of the file, byte for byte.
    pub digest: Digest,
    /// Its version, whose keys it has, its threshold and its expiry, in sentences. Safe to show.
    pub says: Vec<String>,
}

impl State {
    /// The reason for a document's changes, in the roster's words. Safe to show.
    #[must_use]
    pub fn reasons(&self, document: Document) -> Vec<String> {
        if document != Document::Root {
            return Vec::new();
        }
        let roster = &self.plan.roster;
        let revoked = roster.revocations.iter().map(|revocation| {
            format!(
                "The key of {} in device {} is revoked: {}",
                revocation.handle,
                revocation.serial,
                escape(&revocation.reason)
            )
        });
        let leave = roster
            .leavers
            .iter()
            .map(|leaver| format!("{} leaves: {}", leaver.handle, escape(&leaver.reason)));
        let renew = roster
            .holders
            .iter()
            .filter(|holder| holder.renews)
            .map(|holder| format!("{} has a key in another device", holder.handle));
        let renamed = roster.renamed.iter().map(|renamed| {
            format!(
                "The account {} is now {}: the same person, with the same key",
                renamed.from, renamed.to
            )
        });
        let who = revoked.chain(leave).chain(renew);
        who.chain(renamed).collect()
    }

    /// The root of tuf-crates that this ceremony is asked to authorise, if any.
    #[must_use]
    pub fn authorised_root(&self) -> Option<AuthorisedRoot> {
        let signs = |document| self.scenario().documents().contains(document);
        if !signs(&Document::Crates) || self.plan.crates_files().is_empty() {
            return None;
        }
        let digest = Digest::of(self.plan.crates_root()?);
        let root = self.plan.newest_crates_root()?;
        let role = root.roles.get("root")?;
        let keys = root.role_keys("root");
        let mut says = vec![format!(
            "Version {}, {} of {} keys must sign, expires {}.",
            root.version,
            role.threshold,
            keys.len(),
            root.expires
        )];
        for (digest, (id, key)) in keys {
            let whose = match &key.holder {
                Some(holder) => escape(holder),
                None => format!("key {}", escape(id.as_str())),
            };
            says.push(format!("{whose}, key {}", digest.short_words()));
        }
        Some(AuthorisedRoot { digest, says })
    }
}
