//! Drafts of new metadata, before a dialect writes it.

mod root;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

pub use root::RootDraft;
pub use targets::{DelegationDraft, TargetsDraft, check_role_name};

use super::{KeyEntry, KeyId, PublicKey, RoleKeys};
use keymoot_core::text::escape;

/// A person's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person's handle, without a leading `@`
    pub handle: String,
    /// The key
    pub key: PublicKey,
}

/// A key that a service holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlineKey {
    /// The key
    pub key: PublicKey,
    /// The service's address of it, such as `gcpkms:projects/...`
    pub uri: String,
}

/// Who may sign for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A person
    Holder(Holder),
    /// A service
    Online(OnlineKey),
}

impl Signer {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        match self {
            Self::Holder(holder) => &holder.key,
            Self::Online(online) => &online.key,
        }
    }

    /// The handle or the address, not safe to show.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Holder(holder) => &holder.handle,
            Self::Online(online) => &online.uri,
        }
    }

    /// The signer whose key is in a document, unless the document names
    /// neither a person nor a service for it, or both.
    #[must_use]
    pub fn of(entry: &KeyEntry) -> Option<Self> {
        let key = entry.public.clone().ok()?;
        match (entry.holder.clone(), entry.online_uri.clone()) {
            (Some(handle), None) => Some(Self::Holder(Holder { handle, key })),
            (None, Some(uri)) => Some(Self::Online(OnlineKey { key, uri })),
            _ => None,
        }
    }

    /// The signers of a role, if every key is somebody's and has no members
    /// that a draft cannot say.
    fn of_role(role: &RoleKeys, keys: &BTreeMap<KeyId, KeyEntry>) -> Option<Vec<Self>> {
        let entries = role.keyids.iter().map(|keyid| keys.get(keyid));
        entries
            .map(|entry| Self::of(entry.filter(|entry| entry.extra.is_empty())?))
            .collect::<Option<_>>()
            .filter(|_| role.extra.is_empty())
    }
}

/// Why a draft cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Versions begin with one.
    #[error("versions begin with 1, not 0")]
    VersionZero,
    /// A threshold out of reach or meaningless.
    #[error(
        "{threshold} of {keys} keys cannot sign {}; a threshold is at least 1 and at most the number of keys",
        escape(.role)
    )]
    Threshold {
        /// The role
        role: String,
        /// The threshold
        threshold: u32,
        /// How many keys there are
        keys: usize,
    },
    /// One key in two places; its holder would count twice.
    #[error("the key of {} is also elsewhere in the document; every key has one place", escape(.0))]
    SharedKey(String),
    /// A handle that the dialect cannot write.
    #[error("\"{}\" is no handle; give it without @, and without spaces or control characters", escape(.0))]
    Handle(String),
    /// A mark that would take the place of a member with a meaning.
    #[error("\"{}\" is not for a mark; marks begin with x- and with no dialect's own prefix", escape(.0))]
    Mark(String),
    /// A role whose name is no valid file name on some system.
    #[error("\"{}\" is no name for a delegated role; use letters, digits, - and _, and none of root, targets, snapshot and timestamp", escape(.0))]
    RoleName(String),
    /// Two roles of one name.
    #[error("the role {} is delegated to twice", escape(.0))]
    SecondRole(String),
    /// A role that may sign nothing, or for the same thing twice.
    #[error("the paths of the role {} are missing, repeated or empty", escape(.0))]
    Paths(String),
    /// A file without length or hash.
    #[error("the file {} has no hash, or no name", escape(.0))]
    File(String),
    /// Something that the dialect cannot express, or forbids.
    #[error("in the dialect {dialect}, {problem}")]
    Dialect {
        /// The dialect's name
        dialect: &'static str,
        /// What it does not allow, safe to show
        problem: &'static str,
    },
}

/// Checks that so many keys can meet a threshold.
fn check_threshold(role: &str, threshold: u32, keys: usize) -> Result<(), DraftError> {
    if threshold == 0 || usize::try_from(threshold).is_ok_and(|wanted| wanted > keys) {
        return Err(DraftError::Threshold {
            role: role.to_owned(),
            threshold,
            keys,
        });
    }
    Ok(())
}

/// Handles that cannot be misread, and every key once.
fn check_signers<'s>(signers: impl IntoIterator<Item = &'s Signer>) -> Result<(), DraftError> {
    let mut seen = BTreeSet::new();
    for signer in signers {
        if let Signer::Holder(Holder { handle, .. }) = signer
            && (handle.is_empty()
                || handle.starts_with('@')
                || handle.chars().any(char::is_whitespace)
                || escape(handle) != *handle)
        {
            return Err(DraftError::Handle(handle.clone()));
        }
        if !seen.insert(signer.key().fingerprint()) {
            return Err(DraftError::SharedKey(signer.name().to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
