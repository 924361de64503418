//! Members that keymoot reads and clients refuse.
//!
//! keymoot reads the oldest published roots, so its readers are wider than those of clients. What
//! is written for clients of today is compared with the readers of python-tuf 7, the reference.

use std::collections::BTreeMap;

use super::document::ROLES;
use super::nonconformity::Nonconformity;
use super::role::{self, KeyEntry, RoleKeys};
use super::targets::clients_differ;
use super::{Delegations, Document, KeyId, Root, meta};
use keymoot_core::json::{At, Misfit};
use keymoot_core::time::Time;

/// What clients refuse in a document although keymoot can read it, in the order of the variants.
/// A part that keymoot cannot read either is left out: its reader says what is wrong.
#[must_use]
pub fn nonconformities(document: &Document) -> Vec<Nonconformity> {
    let mut found = Vec::new();
    match document.kind() {
        "root" => {
            if let Ok(root) = Root::read(document) {
                return of_root(document, &root);
            }
        }
        "targets" => {
            if let Ok(Some(delegations)) = Delegations::of(document) {
                return of_targets(document, Some(&delegations));
            }
        }
        _ => found.extend(of_listing(document).unwrap_or_default()),
    }
    with_common(document, found)
}

/// Those of a root that was read already.
pub(super) fn of_root(document: &Document, root: &Root) -> Vec<Nonconformity> {
    let others = root.roles.keys().filter(|name| !is_top(name));
    let mut found: Vec<_> = others.cloned().map(Nonconformity::ExtraRole).collect();
    let roles = root.roles.iter().filter(|(name, _)| is_top(name));
    found.extend(thresholds(roles, &root.keys));
    found.extend(unreadable(&root.keys));
    with_common(document, found)
}

/// Those of a targets document whose delegations were read already.
pub(super) fn of_targets(
    document: &Document,
    delegations: Option<&Delegations>,
) -> Vec<Nonconformity> {
    let mut found = Vec::new();
    if let Some(delegations) = delegations {
        let roles = delegations.roles.iter();
        found.extend(thresholds(
            roles.map(|role| (&role.name, &role.keys)),
            &delegations.keys,
        ));
        found.extend(unreadable(&delegations.keys));
        let patterns = delegations.roles.iter().flat_map(|role| {
            let paths = role.paths.iter().filter(|path| clients_differ(path));
            paths.map(|path| (role.name.clone(), path.clone()))
        });
        found.extend(patterns.map(|(role, pattern)| Nonconformity::Pattern { role, pattern }));
    }
    with_common(document, found)
}

fn is_top(role: &str) -> bool {
    ROLES.contains(&role)
}

/// Adds those of the members that every kind of metadata has.
fn with_common(document: &Document, mut found: Vec<Nonconformity>) -> Vec<Nonconformity> {
    let at = At::top(document.signed(), "signed");
    let text = |name: &str| at.member(name).and_then(|place| place.string()).ok();
    if let Some(version) = text("spec_version").filter(|version| !is_spec_version(version)) {
        found.push(Nonconformity::SpecVersion(version.to_owned()));
    }
    if document.version() == 0 {
        found.push(Nonconformity::ZeroVersion);
    }
    if let Some(expires) = text("expires").filter(|expires| Time::parse(expires).is_none()) {
        found.push(Nonconformity::Expires(expires.to_owned()));
    }
    found.sort();
    found
}

/// `1.N` or `1.N.N`: the major version must be the client's.
fn is_spec_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.len(), 2 | 3) && parts.first() == Some(&"1") && parts.iter().all(digits)
}

/// The keys for which python-tuf refuses the document: it knows no such type with such a scheme, or
/// the public part is no string (`Key.from_dict` and `SSlibKey` in securesystemslib 1.6).
fn unreadable(keys: &BTreeMap<KeyId, KeyEntry>) -> impl Iterator<Item = Nonconformity> {
    let readable = |entry: &KeyEntry| {
        let at = At::top(&entry.object, "key");
        let text = |place: &At<'_>, name: &str| {
            let member = place.member(name).ok()?;
            member.string().ok().map(str::to_owned)
        };
        let known = text(&at, "keytype")
            .zip(text(&at, "scheme"))
            .is_some_and(|(keytype, scheme)| is_known(&keytype, &scheme));
        let keyval = at.member("keyval").ok();
        known && keyval.is_some_and(|keyval| text(&keyval, "public").is_some())
    };
    let unreadable = keys.iter().filter(move |(_, entry)| !readable(entry));
    unreadable.map(|(keyid, _)| Nonconformity::Key(keyid.clone()))
}

/// Whether clients know keys of this type with this scheme. GPG keys, of which keymoot reads none,
/// are left out. Clients of repositories with keyless identities register `sigstore-oidc`.
fn is_known(keytype: &str, scheme: &str) -> bool {
    match keytype {
        "ecdsa" => {
            let curve = scheme.strip_prefix("ecdsa-sha2-nistp");
            curve.is_some_and(|curve| ["256", "384", "521"].contains(&curve))
        }
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => keytype == scheme,
        "ed25519" => scheme == "ed25519",
        "ml-dsa" => ["ml-dsa-44/1", "ml-dsa-65/1", "ml-dsa-87/1"].contains(&scheme),
        "rsa" => {
            let hash = scheme.strip_prefix("rsassa-pss-sha");
            let hash = hash.or_else(|| scheme.strip_prefix("rsa-pkcs1v15-sha"));
            hash.is_some_and(|bits| ["256", "384", "512"].contains(&bits))
        }
        "sigstore-oidc" => scheme == "Fulcio",
        _ => false,
    }
}

fn thresholds<'d>(
    roles: impl Iterator<Item = (&'d String, &'d RoleKeys)>,
    keys: &BTreeMap<KeyId, KeyEntry>,
) -> impl Iterator<Item = Nonconformity> {
    roles.filter_map(|(name, role)| {
        let usable = role::usable(&role.keyids, keys).len();
        let needed = usize::try_from(role.threshold).unwrap_or(usize::MAX);
        (usable < needed).then(|| Nonconformity::Threshold {
            role: name.clone(),
            threshold: role.threshold,
            usable,
        })
    })
}

/// Those of the files that a snapshot or timestamp lists.
fn of_listing(document: &Document) -> Result<Vec<Nonconformity>, Misfit> {
    let mut found = Vec::new();
    let at = At::top(document.signed(), "signed");
    for (name, place) in at.member("meta")?.members()? {
        if place.member("version")?.unsigned::<u64>()? == 0 {
            found.push(Nonconformity::ListedZeroVersion(name.to_owned()));
        }
        let Some(hashes) = place.find("hashes")? else {
            continue;
        };
        let hashes = hashes.object()?;
        if hashes.is_empty() {
            found.push(Nonconformity::EmptyHashes(name.to_owned()));
        } else if !hashes.keys().any(|algorithm| meta::is_computed(algorithm)) {
            found.push(Nonconformity::UnknownHashes(name.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
