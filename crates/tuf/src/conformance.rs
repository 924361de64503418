//! Members that keymoot reads and clients refuse.
//!
//! keymoot reads the oldest published roots, so its readers are wider than those of clients. What
//! is written for clients of today is compared with the readers of python-tuf 7, the reference.

use std::collections::BTreeMap;

use super::document::ROLES;
use super::role::{self, KeyEntry, RoleKeys};
use super::{Delegations, Document, KeyId, Root, meta};
use keymoot_core::json::{At, Misfit};
use keymoot_core::text::quoted;
use keymoot_core::time::Time;

/// Why clients refuse a document, or a part of it, that keymoot can read. Shown as a part of a
/// sentence, in which foreign text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Nonconformity {
    /// `spec_version` is neither `1.N` nor `1.N.N` in digits.
    #[error("spec_version is {}, and clients read 1 alone, as 1.0.0", quoted(.0))]
    SpecVersion(String),
    /// The document's version is 0.
    #[error("its version is 0, and clients count from 1")]
    ZeroVersion,
    /// A snapshot or timestamp lists version 0 of a file.
    #[error("it lists version 0 of {}, and clients count from 1", quoted(.0))]
    ListedZeroVersion(String),
    /// A root has a role beside the four of the specification.
    #[error("the root has a role {}, and clients read the four of TUF alone", quoted(.0))]
    ExtraRole(String),
    /// A role has fewer usable keys than must sign, so nobody can sign for it.
    #[error(
        "the threshold of {} is {threshold}, and it has {usable} distinct keys that can be used",
        quoted(.role)
    )]
    Threshold {
        /// The role
        role: String,
        /// How many keys must sign
        threshold: u32,
        /// How many distinct keys keymoot can use
        usable: usize,
    },
    /// `expires` is in another form than clients read.
    #[error("expires is {}, and clients read YYYY-MM-DDTHH:MM:SSZ alone", quoted(.0))]
    Expires(String),
    /// A snapshot or timestamp lists a file with `hashes` in which there is none.
    #[error("the hashes of {} are empty, and clients demand one", quoted(.0))]
    EmptyHashes(String),
    /// A snapshot or timestamp lists a file with hashes of which keymoot computes none.
    #[error("{} is listed with no hash that keymoot computes", quoted(.0))]
    UnknownHashes(String),
}

impl Nonconformity {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SpecVersion(_) => "SPEC-VERSION",
            Self::ZeroVersion | Self::ListedZeroVersion(_) => "ZERO-VERSION",
            Self::ExtraRole(_) => "EXTRA-ROLE",
            Self::Threshold { .. } => "UNREACHABLE-THRESHOLD",
            Self::Expires(_) => "UNUSUAL-TIME",
            Self::EmptyHashes(_) => "EMPTY-HASHES",
            Self::UnknownHashes(_) => "UNKNOWN-HASHES",
        }
    }
}

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
    found.extend(thresholds(
        roles.map(|(name, role)| (name, role)),
        &root.keys,
    ));
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
