//! The signers of roles: the part that root and delegations have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Share, Subject, members, periods, without};
use crate::{KeyEntry, KeyId, PublicKey, RoleKeys};
use keymoot_core::digest::Digest;
use keymoot_core::json::{Json, Object};

/// The keys of a document and the roles they may sign for, the weightiest
/// first.
pub(super) struct Powers<'d> {
    pub(super) keys: &'d BTreeMap<KeyId, KeyEntry>,
    pub(super) roles: Vec<(&'d str, &'d RoleKeys)>,
}

impl<'d> Powers<'d> {
    fn by_name(&self) -> BTreeMap<&'d str, &'d RoleKeys> {
        self.roles.iter().copied().collect()
    }

    fn share(&self, role: &RoleKeys) -> Share {
        let keys: BTreeSet<_> = self.identities(role).collect();
        Share {
            threshold: role.threshold,
            keys: keys.len(),
        }
    }

    fn identities(&self, role: &'d RoleKeys) -> impl Iterator<Item = Identity> {
        role.keyids
            .iter()
            .map(|keyid| Identity::of(keyid, self.keys.get(keyid)))
    }
}

/// Roles that are added, removed, or signed by other keys or another threshold.
pub(super) fn roles(before: Option<&Powers<'_>>, after: &Powers<'_>, found: &mut Vec<Change>) {
    let old = before.map(Powers::by_name).unwrap_or_default();
    for (name, role) in &after.roles {
        let from = old.get(name);
        if before.is_some() && from.is_none() {
            found.push(Change::RoleAdded {
                role: (*name).to_owned(),
            });
        }
        let from = before.zip(from).map(|(powers, role)| powers.share(role));
        let to = after.share(role);
        if from != Some(to) {
            found.push(Change::Threshold {
                role: (*name).to_owned(),
                from,
                to,
            });
        }
    }
    let new = after.by_name();
    for (name, _) in before.into_iter().flat_map(|powers| &powers.roles) {
        if !new.contains_key(name) {
            found.push(Change::RoleRemoved {
                role: (*name).to_owned(),
            });
        }
    }
}

/// The identity of a key: its material, or for a key that this
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

/// A key and its entry in a document.
struct Holding<'d> {
    subject: Subject,
    entries: BTreeMap<&'d KeyId, Option<&'d KeyEntry>>,
    roles: Vec<String>,
}

impl<'d> Holding<'d> {
    fn keyids(&self) -> Vec<KeyId> {
        self.entries.keys().map(|keyid| (*keyid).clone()).collect()
    }

    /// What the document says of the key under that id, or else under its
    /// first.
    fn entry(&self, keyid: &KeyId) -> Option<&'d KeyEntry> {
        let first = self.entries.values().next();
        self.entries.get(keyid).or(first).copied().flatten()
    }
}

/// Every key of a document once, those of the weightiest roles first.
fn holdings<'d>(powers: &Powers<'d>) -> Vec<(Identity, Holding<'d>)> {
    let mut found = Vec::<(Identity, Holding<'d>)>::new();
    let mut places = BTreeMap::<Identity, usize>::new();
    let in_roles = powers
        .roles
        .iter()
        .flat_map(|(name, role)| role.keyids.iter().map(move |keyid| (keyid, Some(*name))));
    for (keyid, role) in in_roles.chain(powers.keys.keys().map(|keyid| (keyid, None))) {
        let entry = powers.keys.get(keyid);
        let identity = Identity::of(keyid, entry);
        let place = *places.entry(identity.clone()).or_insert(found.len());
        if place == found.len() {
            let holding = Holding {
                subject: subject(keyid, entry),
                entries: BTreeMap::new(),
                roles: Vec::new(),
            };
            found.push((identity, holding));
        }
        let Some((_, holding)) = found.get_mut(place) else {
            continue;
        };
        holding.entries.insert(keyid, entry);
        // The keys of one role follow one another.
        if let Some(role) = role
            && holding.roles.last().is_none_or(|last| last != role)
        {
            holding.roles.push(role.to_owned());
        }
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
        device: None,
    }
}

/// Keys that are added, removed or changed, and roles that list other
/// keys.
pub(super) fn keys(before: Option<&Powers<'_>>, after: &Powers<'_>, found: &mut Vec<Change>) {
    let old_keys = before.map(holdings).unwrap_or_default();
    let new_keys = holdings(after);
    let old: BTreeMap<_, _> = old_keys.iter().map(|(id, holding)| (id, holding)).collect();
    let new: BTreeMap<_, _> = new_keys.iter().map(|(id, holding)| (id, holding)).collect();
    for (identity, from) in &old_keys {
        let to = new.get(identity);
        let lost = without(&from.roles, to.map_or(&[], |to| &to.roles[..]));
        if !lost.is_empty() {
            found.push(Change::KeyLoses {
                key: from.subject.clone(),
                roles: lost,
            });
        } else if to.is_none() {
            found.push(Change::KeyGone {
                key: from.subject.clone(),
            });
        }
    }
    for (identity, to) in &new_keys {
        let from = old.get(identity).copied();
        let had = from.map_or(&[][..], |from| &from.roles);
        let gained = without(&to.roles, had);
        if !gained.is_empty() {
            found.push(Change::KeyGains {
                key: to.subject.clone(),
                roles: gained,
            });
        } else if to.roles.is_empty() && from.is_none_or(|from| !from.roles.is_empty()) {
            found.push(Change::KeyUnused {
                key: to.subject.clone(),
            });
        }
        one_key(from, to, found);
    }
    relisted(before, after, &old, &new, found);
}

/// The differences between two documents' entries for one key.
fn one_key(from: Option<&Holding<'_>>, to: &Holding<'_>, found: &mut Vec<Change>) {
    let key = || to.subject.clone();
    if let Some(from) = from
        && !from.entries.keys().eq(to.entries.keys())
    {
        found.push(Change::KeyRenamed {
            key: key(),
            from: from.keyids(),
            to: to.keyids(),
        });
    }
    let nothing = Object::new();
    // The key may be there under thousands of ids, and each change of it is reported once.
    let (mut holders, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut rewritten = false;
    for (&keyid, &now) in &to.entries {
        let Some(now) = now else { continue };
        let was = from.and_then(|from| from.entry(keyid));
        let place = format!("keys.{}.", keyid.as_str());
        let before = found.len();
        let mut explained = false;
        if let Some(was) = was {
            if was.holder != now.holder {
                explained = true;
                if holders.insert(&was.holder) {
                    found.push(Change::Holder {
                        key: key(),
                        from: was.holder.clone(),
                    });
                }
            }
            if was.online_uri != now.online_uri {
                explained = true;
                if addresses.insert(&was.online_uri) {
                    found.push(Change::OnlineUri {
                        key: key(),
                        from: was.online_uri.clone(),
                    });
                }
            }
        }
        let extra = was.map_or(&nothing, |was| &was.extra);
        members(&place, extra, &now.extra, found);
        explained |= found.len() > before;
        if let Some(was) = was
            && !rewritten
            && (material(&was.object) != material(&now.object)
                || (was.object != now.object && !explained))
        {
            rewritten = true;
            found.push(Change::KeyRewritten { key: key() });
        }
    }
}

/// The members of a key object that contain its key.
fn material(object: &Json) -> Option<[Option<&Json>; 3]> {
    match object {
        Json::Object(members) => {
            Some(["keytype", "scheme", "keyval"].map(|name| members.get(name)))
        }
        _ => None,
    }
}

/// Roles that list the same keys in another order or by other ids, where that
/// does not follow from the changes of the keys themselves.
fn relisted(
    before: Option<&Powers<'_>>,
    after: &Powers<'_>,
    old: &BTreeMap<&Identity, &Holding<'_>>,
    new: &BTreeMap<&Identity, &Holding<'_>>,
    found: &mut Vec<Change>,
) {
    let Some(before) = before else { return };
    let names = before.by_name();
    for (name, role) in &after.roles {
        let Some(was) = names.get(name) else { continue };
        let (from, to): (Vec<_>, Vec<_>) = (
            before.identities(was).collect(),
            after.identities(role).collect(),
        );
        let stayed = |these: &[Identity], those: &[Identity]| -> Vec<Identity> {
            let those: BTreeSet<_> = those.iter().collect();
            let both = these.iter().filter(|identity| those.contains(identity));
            both.cloned().collect()
        };
        let same_order = stayed(&from, &to) == stayed(&to, &from);
        // Ids of one key that the document has under the same ids as before.
        let unexplained = |identity: &Identity, ours: &RoleKeys, theirs: &RoleKeys| match (
            old.get(identity),
            new.get(identity),
        ) {
            (Some(from), Some(to)) if from.entries.keys().eq(to.entries.keys()) => {
                let listed = |role: &RoleKeys| -> BTreeSet<KeyId> {
                    let ids = role.keyids.iter();
                    ids.filter(|id| to.entries.contains_key(id))
                        .cloned()
                        .collect()
                };
                listed(ours) != listed(theirs)
            }
            _ => false,
        };
        let same_ids = !stayed(&to, &from)
            .iter()
            .any(|identity| unexplained(identity, was, role));
        if !(same_order && same_ids) {
            found.push(Change::KeysRelisted {
                role: (*name).to_owned(),
                from: was.keyids.clone(),
                to: role.keyids.clone(),
            });
        }
    }
}

/// How long the metadata of roles is valid, where a delegator states it.
pub(super) fn periods_of_roles(
    before: Option<&Powers<'_>>,
    after: &Powers<'_>,
    found: &mut Vec<Change>,
) {
    let old = before.map(Powers::by_name).unwrap_or_default();
    for (name, role) in &after.roles {
        let from = old.get(name).and_then(|role| role.periods);
        periods(name, from, role.periods, found);
    }
}

/// Unknown members of roles.
pub(super) fn members_of_roles(
    before: Option<&Powers<'_>>,
    after: &Powers<'_>,
    place: &str,
    found: &mut Vec<Change>,
) {
    let nothing = Object::new();
    let old = before.map(Powers::by_name).unwrap_or_default();
    for (name, role) in &after.roles {
        let from = old.get(name).map_or(&nothing, |role| &role.extra);
        members(&format!("{place}{name}."), from, &role.extra, found);
    }
}
