//! The differences between two documents, key by key, file by file and member by
//! member.
//!
//! Keys are followed by their material: a key that only changes its name or
//! its annotations is the same key. A first document is compared with nothing.
//! Every difference in what is signed yields a change.

mod document;
mod powers;
mod root;
mod sentence;
mod targets;

pub use document::document_changes;
pub use root::changes;
pub use targets::target_changes;

use std::collections::BTreeSet;

use super::key::Algorithm;
use super::{KeyId, Periods, TargetFile};
use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object};
use keymoot_core::time::Time;

/// One difference. Its `Display` is a sentence for people, safe to show.
///
/// `from` is what the previous document says and `None` where it says nothing.
/// Names of roles and files, and places of members, are not safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Change {
    /// `version` of the document of a role
    Version {
        document: String,
        from: Option<u64>,
        to: u64,
    },
    /// `expires`
    Expires { from: Option<Time>, to: Time },
    /// `expires` is the same moment, in another form
    ExpiresForm { from: String, to: String },
    /// The document begins or ceases to delegate
    Delegating { to: bool },
    /// The threshold and the number of distinct keys of a role
    Threshold {
        role: String,
        from: Option<Share>,
        to: Share,
    },
    /// A new role
    RoleAdded { role: String },
    /// A removed role
    RoleRemoved { role: String },
    /// The patterns of names a role may sign, or where `hashed` the
    /// prefixes of the SHA-256 of names; the role may be `new`
    Paths {
        role: String,
        new: bool,
        hashed: bool,
        gained: Vec<String>,
        lost: Vec<String>,
    },
    /// The same patterns, in another order
    PathsRelisted {
        role: String,
        from: Vec<String>,
        to: Vec<String>,
    },
    /// Whether clients that find no file with a role look no further
    Terminating {
        role: String,
        from: Option<bool>,
        to: bool,
    },
    /// The order in which clients search delegated roles
    Order { from: Vec<String>, to: Vec<String> },
    /// A key may sign for roles it could not sign for before
    KeyGains { key: Subject, roles: Vec<String> },
    /// A key may no longer sign for roles
    KeyLoses { key: Subject, roles: Vec<String> },
    /// A key that no role uses was added, or became unused
    KeyUnused { key: Subject },
    /// A key that no role used is gone
    KeyGone { key: Subject },
    /// The same key under other ids
    KeyRenamed {
        key: Subject,
        from: Vec<KeyId>,
        to: Vec<KeyId>,
    },
    /// The same key, with another holder
    Holder { key: Subject, from: Option<String> },
    /// The same key, with another address
    OnlineUri { key: Subject, from: Option<String> },
    /// The same key, written in another way
    KeyRewritten { key: Subject },
    /// A role lists the same keys by other ids, or in another order
    KeysRelisted {
        role: String,
        from: Vec<KeyId>,
        to: Vec<KeyId>,
    },
    /// How long a role's metadata is valid
    Periods {
        role: String,
        from: Option<Periods>,
        to: Option<Periods>,
    },
    /// `consistent_snapshot`
    ConsistentSnapshot { to: bool },
    /// `spec_version`
    SpecVersion { from: Option<String>, to: String },
    /// A file that is newly signed
    FileAdded { name: String, file: TargetFile },
    /// A file that is not signed any more
    FileRemoved { name: String, file: TargetFile },
    /// A file with another content
    FileChanged {
        name: String,
        from: TargetFile,
        to: TargetFile,
    },
    /// A member that this program gives no meaning to; `place` is like
    /// `roles.root.x-note`
    Member {
        place: String,
        from: Option<Json>,
        to: Option<Json>,
    },
    /// The content is the same, but not the bytes that are signed
    Bytes,
}

/// A threshold, and the number of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The threshold
    pub threshold: u32,
    /// The number of distinct keys
    pub keys: usize,
}

/// A key in a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its first name
    pub keyid: KeyId,
    /// Its identity, if this program can use it
    pub fingerprint: Option<Digest>,
    /// Its algorithm, if this program can use it
    pub algorithm: Option<Algorithm>,
    /// Its holder
    pub holder: Option<String>,
    /// The service's address of it
    pub online_uri: Option<String>,
    /// The device with it, such as `YubiKey 12 345 678`: metadata does not
    /// say, so that it is `None` until [`name_keys`] fills it in
    pub device: Option<String>,
}

impl Change {
    /// The key of this change.
    pub fn key_mut(&mut self) -> Option<&mut Subject> {
        match self {
            Self::KeyGains { key, .. }
            | Self::KeyLoses { key, .. }
            | Self::KeyUnused { key }
            | Self::KeyGone { key }
            | Self::KeyRenamed { key, .. }
            | Self::Holder { key, .. }
            | Self::OnlineUri { key, .. }
            | Self::KeyRewritten { key } => Some(key),
            _ => None,
        }
    }
}

/// Adds keys' devices to changes, for a caller that knows them: `device`
/// gives the words for a key by its identity.
pub fn name_keys(found: &mut [Change], device: impl Fn(&Digest) -> Option<String>) {
    for key in found.iter_mut().filter_map(Change::key_mut) {
        key.device = key.fingerprint.as_ref().and_then(&device);
    }
}

/// The changes of the common members of two documents.
struct Head<'d> {
    version: u64,
    spec_version: &'d str,
    expires: Time,
    expires_text: &'d str,
}

/// `version` and `expires`, which people hear first.
fn head(document: &str, from: Option<&Head<'_>>, to: &Head<'_>, found: &mut Vec<Change>) {
    if from.map(|head| head.version) != Some(to.version) {
        found.push(Change::Version {
            document: document.to_owned(),
            from: from.map(|head| head.version),
            to: to.version,
        });
    }
    if from.map(|head| head.expires) != Some(to.expires) {
        found.push(Change::Expires {
            from: from.map(|head| head.expires),
            to: to.expires,
        });
    } else if let Some(text) = from.map(|head| head.expires_text)
        && text != to.expires_text
    {
        found.push(Change::ExpiresForm {
            from: text.to_owned(),
            to: to.expires_text.to_owned(),
        });
    }
}

fn spec_version(from: Option<&Head<'_>>, to: &Head<'_>, found: &mut Vec<Change>) {
    if from.map(|head| head.spec_version) != Some(to.spec_version) {
        found.push(Change::SpecVersion {
            from: from.map(|head| head.spec_version.to_owned()),
            to: to.spec_version.to_owned(),
        });
    }
}

fn periods(role: &str, from: Option<Periods>, to: Option<Periods>, found: &mut Vec<Change>) {
    if from != to {
        found.push(Change::Periods {
            role: role.to_owned(),
            from,
            to,
        });
    }
}

/// The members of two objects that differ.
fn members(place: &str, from: &Object, to: &Object, found: &mut Vec<Change>) {
    let names: BTreeSet<_> = from.keys().chain(to.keys()).collect();
    for name in names {
        if from.get(name) != to.get(name) {
            found.push(Change::Member {
                place: format!("{place}{name}"),
                from: from.get(name).cloned(),
                to: to.get(name).cloned(),
            });
        }
    }
}

/// The items in these that those lack.
fn without(these: &[String], those: &[String]) -> Vec<String> {
    let those: BTreeSet<_> = those.iter().collect();
    these
        .iter()
        .filter(|name| !those.contains(name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
