//! What differs between two roots, key by key and member by member.
//!
//! Keys are followed by their material: a key that only changes its name or
//! its annotations is the same key. A first root is compared with nothing.

mod sentence;

use std::collections::{BTreeMap, BTreeSet};

use super::json::{Json, Object};
use super::key::Algorithm;
use super::{KeyEntry, KeyId, Periods, PublicKey, RoleKeys, Root, Time};
use crate::digest::Digest;

/// One difference. Its `Display` is a sentence for people, safe to show.
///
/// `from` is what the previous root says and `None` where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Change {
    /// `version`
    Version { from: Option<u64>, to: u64 },
    /// `expires`
    Expires { from: Option<Time>, to: Time },
    /// How many of how many distinct keys must sign for a role
    Threshold {
        role: String,
        from: Option<Share>,
        to: Share,
    },
    /// A role that was not there
    RoleAdded { role: String },
    /// A role that is gone
    RoleRemoved { role: String },
    /// A key may sign for roles it could not sign for before
    KeyGains { key: Subject, roles: Vec<String> },
    /// A key may no longer sign for roles
    KeyLoses { key: Subject, roles: Vec<String> },
    /// A key stands there that no role uses, and was not there before
    KeyUnused { key: Subject },
    /// The same key under other ids
    KeyRenamed {
        key: Subject,
        from: Vec<KeyId>,
        to: Vec<KeyId>,
    },
    /// The same key, said to be held by somebody else
    Holder { key: Subject, from: Option<String> },
    /// The same key, said to be found elsewhere
    OnlineUri { key: Subject, from: Option<String> },
    /// How long a role's metadata lasts
    Periods {
        role: String,
        from: Option<Periods>,
        to: Option<Periods>,
    },
    /// `consistent_snapshot`
    ConsistentSnapshot { to: bool },
    /// `spec_version`
    SpecVersion { from: Option<String>, to: String },
    /// A member that this program gives no meaning to; `place` is like
    /// `roles.root.x-note`, not safe to show
    Member {
        place: String,
        from: Option<Json>,
        to: Option<Json>,
    },
}

/// So many of so many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The threshold
    pub threshold: u32,
    /// The number of distinct keys
    pub keys: usize,
}

/// A key as a change speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its first name
    pub keyid: KeyId,
    /// Its identity, if this program can use it
    pub fingerprint: Option<Digest>,
    /// What it is for, if this program can use it
    pub algorithm: Option<Algorithm>,
    /// Who holds it
    pub holder: Option<String>,
    /// Where a service finds it
    pub online_uri: Option<String>,
}

/// What differs, in the order in which people should hear it.
#[must_use]
pub fn changes(previous: Option<&Root>, new: &Root) -> Vec<Change> {
    let mut found = Vec::new();
    if previous.map(|root| root.version) != Some(new.version) {
        found.push(Change::Version {
            from: previous.map(|root| root.version),
            to: new.version,
        });
    }
    if previous.map(|root| root.expires) != Some(new.expires) {
        found.push(Change::Expires {
            from: previous.map(|root| root.expires),
            to: new.expires,
        });
    }
    roles(previous, new, &mut found);
    keys(previous, new, &mut found);
    periods(
        "root",
        previous.map(|root| root.periods),
        new.periods,
        &mut found,
    );
    for (name, role) in in_order(new) {
        let before = previous.and_then(|root| root.roles.get(name));
        periods(
            name,
            before.map(|role| role.periods),
            role.periods,
            &mut found,
        );
    }
    let before = previous.is_some_and(|root| root.consistent_snapshot);
    if before != new.consistent_snapshot {
        found.push(Change::ConsistentSnapshot {
            to: new.consistent_snapshot,
        });
    }
    if previous.map(|root| &root.spec_version) != Some(&new.spec_version) {
        found.push(Change::SpecVersion {
            from: previous.map(|root| root.spec_version.clone()),
            to: new.spec_version.clone(),
        });
    }
    extras(previous, new, &mut found);
    found
}

/// The roles, those that every root has first and in order of their weight.
fn in_order(root: &Root) -> Vec<(&str, &RoleKeys)> {
    const KNOWN: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];
    let known = KNOWN
        .iter()
        .filter_map(|name| root.roles.get_key_value(*name));
    let others = root
        .roles
        .iter()
        .filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    known
        .chain(others)
        .map(|(name, role)| (name.as_str(), role))
        .collect()
}

fn roles(previous: Option<&Root>, new: &Root, found: &mut Vec<Change>) {
    for (name, role) in in_order(new) {
        let before = previous.and_then(|root| Some((root, root.roles.get(name)?)));
        if previous.is_some() && before.is_none() {
            found.push(Change::RoleAdded {
                role: name.to_owned(),
            });
        }
        let from = before.map(|(root, role)| share(root, role));
        let to = share(new, role);
        if from != Some(to) {
            found.push(Change::Threshold {
                role: name.to_owned(),
                from,
                to,
            });
        }
    }
    for (name, _) in previous.map(in_order).into_iter().flatten() {
        if !new.roles.contains_key(name) {
            found.push(Change::RoleRemoved {
                role: name.to_owned(),
            });
        }
    }
}

fn share(root: &Root, role: &RoleKeys) -> Share {
    let keys: BTreeSet<_> = role
        .keyids
        .iter()
        .map(|keyid| Identity::of(keyid, root.keys.get(keyid)))
        .collect();
    Share {
        threshold: role.threshold,
        keys: keys.len(),
    }
}

/// What makes two keys the same: their material, or for a key that this
/// program cannot use its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Material(Digest),
    Name(KeyId),
}

impl Identity {
    fn of(keyid: &KeyId, entry: Option<&KeyEntry>) -> Self {
        match entry.and_then(KeyEntry::fingerprint) {
            Some(fingerprint) => Self::Material(fingerprint),
            None => Self::Name(keyid.clone()),
        }
    }
}

/// A key and what a root says about it.
struct Holding {
    identity: Identity,
    subject: Subject,
    keyids: Vec<KeyId>,
    roles: Vec<String>,
}

/// Every key of a root once, those of the weightiest roles first.
fn holdings(root: &Root) -> Vec<Holding> {
    let mut found = Vec::<Holding>::new();
    let mut places = BTreeMap::<Identity, usize>::new();
    let in_roles = in_order(root)
        .into_iter()
        .flat_map(|(name, role)| role.keyids.iter().map(move |keyid| (keyid, Some(name))));
    for (keyid, role) in in_roles.chain(root.keys.keys().map(|keyid| (keyid, None))) {
        let entry = root.keys.get(keyid);
        let identity = Identity::of(keyid, entry);
        let place = *places.entry(identity.clone()).or_insert_with(|| {
            found.push(Holding {
                identity,
                subject: subject(keyid, entry),
                keyids: Vec::new(),
                roles: Vec::new(),
            });
            found.len() - 1
        });
        let Some(holding) = found.get_mut(place) else {
            continue;
        };
        if !holding.keyids.contains(keyid) {
            holding.keyids.push(keyid.clone());
        }
        if let Some(role) = role.map(str::to_owned)
            && !holding.roles.contains(&role)
        {
            holding.roles.push(role);
        }
    }
    for holding in &mut found {
        holding.keyids.sort();
    }
    found
}

fn subject(keyid: &KeyId, entry: Option<&KeyEntry>) -> Subject {
    let public = entry.and_then(|entry| entry.public.as_ref().ok());
    Subject {
        keyid: keyid.clone(),
        fingerprint: public.map(PublicKey::fingerprint),
        algorithm: public.map(PublicKey::algorithm),
        holder: entry.and_then(|entry| entry.holder.clone()),
        online_uri: entry.and_then(|entry| entry.online_uri.clone()),
    }
}

fn keys(previous: Option<&Root>, new: &Root, found: &mut Vec<Change>) {
    let before = previous.map(holdings).unwrap_or_default();
    let after = holdings(new);
    for old in &before {
        let now = after.iter().find(|now| now.identity == old.identity);
        let lost = without(
            &old.roles,
            now.map(|now| &now.roles[..]).unwrap_or_default(),
        );
        if !lost.is_empty() {
            found.push(Change::KeyLoses {
                key: old.subject.clone(),
                roles: lost,
            });
        }
    }
    for now in &after {
        let old = before.iter().find(|old| old.identity == now.identity);
        let key = || now.subject.clone();
        let gained = without(
            &now.roles,
            old.map(|old| &old.roles[..]).unwrap_or_default(),
        );
        if !gained.is_empty() {
            found.push(Change::KeyGains {
                key: key(),
                roles: gained,
            });
        } else if now.roles.is_empty() && old.is_none() {
            found.push(Change::KeyUnused { key: key() });
        }
        let Some(old) = old else { continue };
        if old.keyids != now.keyids {
            found.push(Change::KeyRenamed {
                key: key(),
                from: old.keyids.clone(),
                to: now.keyids.clone(),
            });
        }
        if old.subject.holder != now.subject.holder {
            found.push(Change::Holder {
                key: key(),
                from: old.subject.holder.clone(),
            });
        }
        if old.subject.online_uri != now.subject.online_uri {
            found.push(Change::OnlineUri {
                key: key(),
                from: old.subject.online_uri.clone(),
            });
        }
    }
}

fn without(these: &[String], those: &[String]) -> Vec<String> {
    these
        .iter()
        .filter(|name| !those.contains(name))
        .cloned()
        .collect()
}

fn periods(
    role: &str,
    from: Option<Option<Periods>>,
    to: Option<Periods>,
    found: &mut Vec<Change>,
) {
    if from.flatten() != to {
        found.push(Change::Periods {
            role: role.to_owned(),
            from: from.flatten(),
            to,
        });
    }
}

/// Members without a meaning here, of the root, its roles and its keys. A key
/// under one id in both roots is compared; one that comes or goes is not, but
/// what a new one carries is said.
fn extras(previous: Option<&Root>, new: &Root, found: &mut Vec<Change>) {
    let nothing = Object::new();
    let top = previous.map_or(&nothing, |root| &root.extra);
    members("", top, &new.extra, found);
    for (name, role) in in_order(new) {
        let before = previous
            .and_then(|root| root.roles.get(name))
            .map_or(&nothing, |role| &role.extra);
        members(&format!("roles.{name}."), before, &role.extra, found);
    }
    for (keyid, entry) in &new.keys {
        let identity = Identity::of(keyid, Some(entry));
        let before = previous
            .and_then(|root| {
                root.keys
                    .iter()
                    .find(|(keyid, entry)| Identity::of(keyid, Some(entry)) == identity)
            })
            .map_or(&nothing, |(_, entry)| &entry.extra);
        members(
            &format!("keys.{}.", keyid.as_str()),
            before,
            &entry.extra,
            found,
        );
    }
}

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

#[cfg(test)]
mod tests;
