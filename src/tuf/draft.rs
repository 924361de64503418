//! What a new root shall say, before a dialect writes it down.

use std::collections::BTreeSet;

use super::json::Object;
use super::{Periods, PublicKey, Time};
use crate::text::escape;

/// A root to be. Root and targets are signed by the same holders, snapshot and
/// timestamp by the same online key.
#[derive(Clone, Debug)]
pub struct RootDraft {
    /// `version`
    pub version: u64,
    /// `expires`
    pub expires: Time,
    /// `consistent_snapshot`
    pub consistent_snapshot: bool,
    /// Who holds a key; one holder may stand here with several keys
    pub holders: Vec<Holder>,
    /// How many keys must sign root
    pub root_threshold: u32,
    /// How many keys must sign targets
    pub targets_threshold: u32,
    /// The key of snapshot and timestamp
    pub online: OnlineKey,
    /// The periods of root itself; those of targets stand in its own document
    pub root_periods: Periods,
    /// The periods of snapshot
    pub snapshot_periods: Periods,
    /// The periods of timestamp
    pub timestamp_periods: Periods,
    /// Members to add at the top level; their names begin with `x-`
    pub marks: Object,
}

/// A person's key.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The person's handle, without a leading `@`
    pub handle: String,
    /// The key
    pub key: PublicKey,
}

/// A key that a service holds.
#[derive(Clone, Debug)]
pub struct OnlineKey {
    /// The key
    pub key: PublicKey,
    /// Where the service finds it, such as `gcpkms:projects/...`
    pub uri: String,
}

/// Why a draft is no root that could be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Versions begin with one.
    #[error("a root's version begins with 1, not 0")]
    VersionZero,
    /// A threshold out of reach or meaningless.
    #[error(
        "{threshold} of {keys} keys cannot sign {role}; a threshold is at least 1 and at most the number of keys"
    )]
    Threshold {
        /// The role
        role: &'static str,
        /// What was asked for
        threshold: u32,
        /// How many keys there are
        keys: usize,
    },
    /// One key in two places; whoever holds it would count twice.
    #[error("the key of {} also stands elsewhere in the root; every key has one place", escape(.0))]
    SharedKey(String),
    /// A handle that the dialect cannot write.
    #[error("\"{}\" is no handle; give it without @, and without spaces or control characters", escape(.0))]
    Handle(String),
    /// A mark that would take the place of a member with a meaning.
    #[error("\"{}\" is not for a mark; marks begin with x- and with no dialect's own prefix", escape(.0))]
    Mark(String),
}

impl RootDraft {
    /// Checks what every dialect demands.
    ///
    /// # Errors
    /// The first demand that is not met.
    pub fn check(&self) -> Result<(), DraftError> {
        if self.version == 0 {
            return Err(DraftError::VersionZero);
        }
        let keys = self.holders.len();
        for (role, threshold) in [
            ("root", self.root_threshold),
            ("targets", self.targets_threshold),
        ] {
            if threshold == 0 || usize::try_from(threshold).is_ok_and(|wanted| wanted > keys) {
                return Err(DraftError::Threshold {
                    role,
                    threshold,
                    keys,
                });
            }
        }
        let mut seen = BTreeSet::from([self.online.key.fingerprint()]);
        for Holder { handle, key } in &self.holders {
            if handle.is_empty()
                || handle.starts_with('@')
                || handle.chars().any(char::is_whitespace)
                || escape(handle) != *handle
            {
                return Err(DraftError::Handle(handle.clone()));
            }
            if !seen.insert(key.fingerprint()) {
                return Err(DraftError::SharedKey(handle.clone()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
