//! Two targets documents.

use std::collections::BTreeMap;

use super::powers::{self, Powers};
use super::{Change, Head, head, members, periods, spec_version, without};
use crate::{DelegatedRole, Delegations, KeyEntry, KeyId, TargetFile, Targets};
use keymoot_core::json::Object;

/// The differences between two targets documents of the role, in the order for
/// reading aloud.
#[must_use]
pub fn target_changes(role: &str, previous: Option<&Targets>, new: &Targets) -> Vec<Change> {
    let mut found = Vec::new();
    let heads = (previous.map(Head::from), Head::from(new));
    head(role, heads.0.as_ref(), &heads.1, &mut found);
    let before = previous.map(|targets| targets.delegations.as_ref());
    delegations(before, new.delegations.as_ref(), &mut found);
    files(
        previous.map(|targets| &targets.targets),
        &new.targets,
        &mut found,
    );
    periods(
        role,
        previous.and_then(|targets| targets.periods),
        new.periods,
        &mut found,
    );
    spec_version(heads.0.as_ref(), &heads.1, &mut found);
    let nothing = Object::new();
    let top = previous.map_or(&nothing, |targets| &targets.extra);
    members("", top, &new.extra, &mut found);
    found
}

impl<'d> From<&'d Targets> for Head<'d> {
    fn from(targets: &'d Targets) -> Self {
        Self {
            version: targets.version,
            spec_version: &targets.spec_version,
            expires: targets.expires,
            expires_text: &targets.expires_text,
        }
    }
}

/// `previous` is `None` for a first document, and `Some(None)` where there was
/// a document that delegated nothing.
fn delegations(
    previous: Option<Option<&Delegations>>,
    new: Option<&Delegations>,
    found: &mut Vec<Change>,
) {
    let was = previous.flatten();
    if previous.is_some() && was.is_some() != new.is_some() {
        found.push(Change::Delegating { to: new.is_some() });
    }
    let no_keys = BTreeMap::new();
    let (before, after) = (powers(was, &no_keys), powers(new, &no_keys));
    let before = previous.map(|_| &before);
    powers::roles(before, &after, found);
    let old_roles = was.map_or(&[][..], |was| &was.roles);
    let new_roles = new.map_or(&[][..], |new| &new.roles);
    reach(old_roles, new_roles, found);
    powers::keys(before, &after, found);
    powers::periods_of_roles(before, &after, found);
    let nothing = Object::new();
    members(
        "delegations.",
        was.map_or(&nothing, |was| &was.extra),
        new.map_or(&nothing, |new| &new.extra),
        found,
    );
    powers::members_of_roles(before, &after, "delegations.roles.", found);
}

fn powers<'d>(
    delegations: Option<&'d Delegations>,
    no_keys: &'d BTreeMap<KeyId, KeyEntry>,
) -> Powers<'d> {
    let roles = delegations.map_or(&[][..], |all| &all.roles);
    Powers {
        keys: delegations.map_or(no_keys, |all| &all.keys),
        roles: roles
            .iter()
            .map(|role| (role.name.as_str(), &role.keys))
            .collect(),
    }
}

/// The patterns of delegated roles, and the order in which clients ask them.
fn reach(old: &[DelegatedRole], new: &[DelegatedRole], found: &mut Vec<Change>) {
    let before: BTreeMap<_, _> = old.iter().map(|role| (&role.name, role)).collect();
    for role in new {
        let was = before.get(&role.name);
        paths(
            role,
            false,
            was.map(|was| &was.paths[..]),
            &role.paths,
            found,
        );
        paths(
            role,
            true,
            was.map(|was| &was.path_hash_prefixes[..]),
            &role.path_hash_prefixes,
            found,
        );
        let from = was.map(|was| was.terminating);
        if from != Some(role.terminating) {
            found.push(Change::Terminating {
                role: role.name.clone(),
                from,
                to: role.terminating,
            });
        }
    }
    let names = |roles: &[DelegatedRole]| -> Vec<String> {
        roles.iter().map(|role| role.name.clone()).collect()
    };
    let (from, to) = (names(old), names(new));
    // A new role is expected after all others.
    let gone = without(&from, &to);
    let expected = [without(&from, &gone), without(&to, &from)].concat();
    if expected != to || (from.is_empty() && to.len() > 1) {
        found.push(Change::Order { from, to });
    }
}

fn paths(
    role: &DelegatedRole,
    hashed: bool,
    from: Option<&[String]>,
    to: &[String],
    found: &mut Vec<Change>,
) {
    let was = from.unwrap_or_default();
    let (gained, lost) = (without(to, was), without(was, to));
    if !gained.is_empty() || !lost.is_empty() {
        found.push(Change::Paths {
            role: role.name.clone(),
            new: from.is_none(),
            hashed,
            gained,
            lost,
        });
    } else if was != to {
        found.push(Change::PathsRelisted {
            role: role.name.clone(),
            from: was.to_vec(),
            to: to.to_vec(),
        });
    }
}

fn files(
    previous: Option<&BTreeMap<String, TargetFile>>,
    new: &BTreeMap<String, TargetFile>,
    found: &mut Vec<Change>,
) {
    let nothing = (BTreeMap::new(), Object::new());
    let old = previous.unwrap_or(&nothing.0);
    for (name, file) in old {
        if !new.contains_key(name) {
            found.push(Change::FileRemoved {
                name: name.clone(),
                file: file.clone(),
            });
        }
    }
    for (name, file) in new {
        let was = old.get(name);
        match was {
            None => found.push(Change::FileAdded {
                name: name.clone(),
                file: file.clone(),
            }),
            Some(was) if was.length != file.length || was.hashes != file.hashes => {
                found.push(Change::FileChanged {
                    name: name.clone(),
                    from: was.clone(),
                    to: file.clone(),
                });
            }
            Some(_) => {}
        }
        let extra = was.map_or(&nothing.1, |was| &was.extra);
        if *extra != file.extra {
            members(&format!("targets.{name}."), extra, &file.extra, found);
        }
    }
}
