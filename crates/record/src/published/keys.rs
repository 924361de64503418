//! The keys of a published repository, and the evidence published beside them.

use std::collections::{BTreeMap, BTreeSet};

use keymoot_core::{
    Rule, Verdict,
    digest::Digest,
    text::{escape, excerpt, several},
};
use keymoot_tuf::{KeyEntry, Root, Targets, VerifiedRoot};

use super::claim::Claim;
use crate::{
    ceremony::previous::{Previous, Published},
    expectation::{OF_HOLDERS, Strength},
    rules::evidence,
    transcript::Mode,
};

/// TREE-KEYS, the DEVICE rules of every key that a root names, and KEY-REVOKED.
pub(super) fn judge<'t>(
    claim: &Claim<'_>,
    previous: &Previous,
    listings: impl IntoIterator<Item = (&'t str, &'t Targets)>,
) -> Vec<Verdict> {
    let mut verdicts = vec![enrolled(claim, previous)];
    verdicts.extend(devices(claim, previous));
    verdicts.push(revoked(previous, listings));
    verdicts
}

/// The keys of holders in a root by their identities.
fn of_holders(root: &Root) -> BTreeMap<Digest, &KeyEntry> {
    let roles = OF_HOLDERS.into_iter().flat_map(|role| root.role_keys(role));
    roles.map(|(key, (_, entry))| (key, entry)).collect()
}

/// The published enrolment of a key.
fn enrolment<'p>(previous: &'p Previous, key: &Digest) -> Option<&'p Published> {
    let mut enrolments = previous.enrolments().iter();
    enrolments.find(|published| published.enrolment.key() == *key)
}

/// TREE-KEYS: every key of every root has a published enrolment of this mode.
fn enrolled(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let mode = mode(claim);
    let mut missing = BTreeMap::<Digest, (Vec<String>, String, &str)>::new();
    let mut found = BTreeSet::new();
    for root in previous.roots().iter().map(VerifiedRoot::root) {
        for (key, entry) in of_holders(root) {
            let of_key = previous.enrolments().iter();
            let of_key = of_key.filter(|published| published.enrolment.key() == key);
            let mut of_key = of_key.peekable();
            // Of a renamed holder's key, older roots have the older name.
            let is_holders = |published: &&Published| {
                let names = [Some(&published.handle), published.formerly.as_ref()];
                let mut names = names.into_iter().flatten();
                entry.holder.as_ref().is_none_or(|holder| {
                    names.any(|name| holder.eq_ignore_ascii_case(name.as_str()))
                })
            };
            let any = of_key.peek().is_some();
            let why = match of_key.find(is_holders) {
                None if !any => "no published enrolment",
                None => "an enrolment of another holder",
                Some(published) if published.mode != mode.name() => "an enrolment of another mode",
                Some(_) => {
                    found.insert(key);
                    continue;
                }
            };
            let holder = entry.holder.as_deref().unwrap_or("an unnamed holder");
            let missing = missing.entry(key);
            let missing = missing.or_insert_with(|| (Vec::new(), excerpt(holder), why));
            missing.0.push(root.version.to_string());
        }
    }
    let faults: Vec<_> = missing
        .iter()
        .map(|(key, (versions, holder, why))| {
            let versions = versions.join(", ");
            format!(
                "key {} of {holder}, in root {versions}: {why}",
                key.short_words()
            )
        })
        .collect();
    Verdict::unless(
        Rule::TreeKeys,
        !faults.is_empty(),
        || {
            format!(
                "{} keys, each with its holder's published enrolment",
                found.len()
            )
        },
        || several(&faults, "; "),
        "publish the evidence in attestations/; for roots of before, name --trusted-root with a later one",
    )
}

/// The DEVICE rules on the evidence of every key that a root names. The firmware is asked
/// of the newest root's keys alone.
fn devices(claim: &Claim<'_>, previous: &Previous) -> Vec<Verdict> {
    let policy = match claim.set.of_devices() {
        Ok(policy) => policy,
        Err(violated) => return violated,
    };
    let newest = previous.root().map(VerifiedRoot::root);
    let newest = newest.map(of_holders).unwrap_or_default();
    let roots = previous.roots().iter().map(VerifiedRoot::root);
    let keys: BTreeSet<_> = roots
        .flat_map(|root| of_holders(root).into_keys())
        .collect();
    let mut verdicts = Vec::new();
    let mut proven = 0;
    for (key, published) in keys
        .iter()
        .filter_map(|key| Some((key, enrolment(previous, key)?)))
    {
        let enrolment = &published.enrolment;
        let claimed = evidence::Claim {
            evidence: &published.evidence,
            spki: &enrolment.spki,
            serial: enrolment.serial,
            family: enrolment.family,
            // The ceremony checked the dates when it took the evidence.
            taken: None,
            others: &[],
        };
        let (found, _) = evidence::enrolment(&claimed, claim.vendor, &policy);
        let asked = |verdict: &Verdict| {
            verdict.is_violated()
                && (verdict.rule != Rule::DeviceFirmware || newest.contains_key(key))
        };
        let violated: Vec<_> = found.into_iter().filter(asked).collect();
        proven += usize::from(violated.is_empty());
        verdicts.extend(violated.into_iter().map(|verdict| Verdict {
            detail: format!(
                "{}, device {}: {}",
                published.handle, enrolment.serial, verdict.detail
            ),
            ..verdict
        }));
    }
    if verdicts.is_empty() {
        verdicts.push(Verdict::held(
            Rule::DeviceChain,
            format!(
                "{proven} keys were made in devices, by certificates of {}",
                escape(claim.vendor.name())
            ),
        ));
    }
    verdicts
}

/// KEY-REVOKED: no key that was revoked, and no device that held one, signs for anything.
fn revoked<'t>(
    previous: &Previous,
    listings: impl IntoIterator<Item = (&'t str, &'t Targets)>,
) -> Verdict {
    let list = previous.revoked();
    let mut faults = Vec::new();
    let mut check = |place: &str, key: &Digest| {
        let serial = enrolment(previous, key).map(|published| published.enrolment.serial);
        let entry = list.keys().iter().find(|revoked| {
            revoked.key == *key || serial.is_some_and(|serial| serial == revoked.serial)
        });
        faults.extend(entry.map(|entry| {
            format!(
                "{place} names a key of {}, device {}, which was revoked: {}",
                entry.handle,
                entry.serial,
                excerpt(&entry.reason)
            )
        }));
    };
    if let Some(root) = previous.root().map(VerifiedRoot::root) {
        for role in root.roles.keys() {
            for key in root.role_keys(role).keys() {
                check(&format!("role {} of root.json", excerpt(role)), key);
            }
        }
    }
    for (document, targets) in listings {
        let roles = targets.delegations.iter().flat_map(|all| &all.roles);
        for role in roles {
            for key in targets.role_keys(&role.name).keys() {
                let (document, role) = (excerpt(document), excerpt(&role.name));
                check(&format!("role {role} of {document}.json"), key);
            }
        }
    }
    Verdict::unless(
        Rule::KeyRevoked,
        !faults.is_empty(),
        || {
            format!(
                "{} keys were revoked, and none signs for anything",
                list.keys().len()
            )
        },
        || several(&faults, "; "),
        "hold an emergency revocation: a revoked key stays revoked",
    )
}

/// How strong the repository is, by its newest documents.
pub(super) fn strength<'t>(
    claim: &Claim<'_>,
    previous: &Previous,
    listings: impl IntoIterator<Item = (&'t str, &'t Targets)>,
) -> Strength {
    let root = previous.root().map(VerifiedRoot::root);
    Strength::of(root, listings.into_iter(), previous.unsigned(), mode(claim))
}

fn mode(claim: &Claim<'_>) -> Mode {
    Mode::of(claim.rehearsal)
}
