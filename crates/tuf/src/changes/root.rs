//! Two roots.

use super::powers::{self, Powers};
use super::{Change, Head, head, members, periods, spec_version};
use crate::{RoleKeys, Root};
use keymoot_core::json::Object;

/// The differences between two roots, in the order for reading aloud.
#[must_use]
pub fn changes(previous: Option<&Root>, new: &Root) -> Vec<Change> {
    let mut found = Vec::new();
    let heads = (previous.map(Head::from), Head::from(new));
    head("root", heads.0.as_ref(), &heads.1, &mut found);
    let before = previous.map(Powers::from);
    let after = Powers::from(new);
    powers::roles(before.as_ref(), &after, &mut found);
    powers::keys(before.as_ref(), &after, &mut found);
    periods(
        "root",
        previous.and_then(|root| root.periods),
        new.periods,
        &mut found,
    );
    powers::periods_of_roles(before.as_ref(), &after, &mut found);
    if previous.is_some_and(|root| root.consistent_snapshot) != new.consistent_snapshot {
        found.push(Change::ConsistentSnapshot {
            to: new.consistent_snapshot,
        });
    }
    spec_version(heads.0.as_ref(), &heads.1, &mut found);
    let nothing = Object::new();
    let top = previous.map_or(&nothing, |root| &root.extra);
    members("", top, &new.extra, &mut found);
    powers::members_of_roles(before.as_ref(), &after, "roles.", &mut found);
    found
}

impl<'d> From<&'d Root> for Head<'d> {
    fn from(root: &'d Root) -> Self {
        Self {
            version: root.version,
            spec_version: &root.spec_version,
            expires: root.expires,
            expires_text: &root.expires_text,
        }
    }
}

impl<'d> From<&'d Root> for Powers<'d> {
    fn from(root: &'d Root) -> Self {
        Self {
            keys: &root.keys,
            roles: in_order(root),
        }
    }
}

/// The roles, those that every root has first, the most important first.
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
