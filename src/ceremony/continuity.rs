//! The rules on how a ceremony goes on from what earlier ones left: judged before a
//! device is touched.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    crates_root::CratesRoots,
    previous::Previous,
    script::{CheckedScript, Document},
    seating::{Place, Standing},
};
use crate::{
    digest::Digest,
    rules::{
        Verdict, Violation,
        policy::{CRATES, Policy},
        roster::{Handle, Roster},
    },
    text::escape,
    tuf::Periods,
};

/// What is judged.
pub(super) struct Claim<'a> {
    pub(super) script: &'a CheckedScript,
    pub(super) policy: &'a Policy,
    pub(super) roster: &'a Roster,
    pub(super) previous: Option<&'a Previous>,
    pub(super) places: &'a [Place],
    pub(super) crates: &'a CratesRoots,
}

/// Every rule on the way from the previous state to this ceremony.
pub(super) fn check(claim: &Claim<'_>) -> Vec<Verdict> {
    let mut verdicts = vec![documents(claim), crates(claim)];
    let scenario = claim.script.script().scenario;
    match (claim.previous, scenario.has_previous()) {
        (Some(previous), true) => {
            verdicts.push(chain(previous));
            verdicts.push(same_policy(claim, previous));
            verdicts.push(people(claim, previous));
            verdicts.push(published(claim, previous));
            verdicts.push(distinct(previous));
            verdicts.push(revoked(claim, previous));
        }
        (None, true) => verdicts.push(
            Violation::new(
                "ROOT-PREVIOUS",
                format!(
                    "the scenario {} goes on from a previous root, and none was given",
                    scenario.name()
                ),
                "give the last bundle, or the repository as it is published, with --previous",
            )
            .into(),
        ),
        (Some(_), false) => verdicts.push(
            Violation::new(
                "ROOT-PREVIOUS",
                "the first root has no previous one, and one was given",
                "leave out --previous, or take the script of another occasion",
            )
            .into(),
        ),
        (None, false) => verdicts.push(first(claim)),
    }
    verdicts
}

/// A first ceremony has nobody who leaves and no key to revoke.
fn first(claim: &Claim<'_>) -> Verdict {
    let Roster {
        leavers,
        revocations,
        holders,
        ..
    } = claim.roster;
    Verdict::unless(
        "ROSTER-CHANGE",
        !leavers.is_empty() || !revocations.is_empty() || holders.iter().any(|h| h.renews),
        || "everybody comes for the first time".to_owned(),
        || "somebody leaves, or a key is renewed or revoked, before the first root".to_owned(),
        "leave it out of the roster, or take the script of another occasion",
    )
}

/// SCRIPT-DOCUMENTS: the script signs the documents of its scenario.
fn documents(claim: &Claim<'_>) -> Verdict {
    let scenario = claim.script.script().scenario;
    let signed: BTreeSet<Document> = claim
        .script
        .steps()
        .filter(|(_, step)| step.kind == super::script::Kind::Sign)
        .flat_map(|(_, step)| step.documents.iter().copied())
        .collect();
    let allowed: BTreeSet<_> = scenario.documents().iter().copied().collect();
    let exists = |document: &Document| match claim.previous {
        Some(previous) => previous.document(*document).is_some() || scenario.brings_crates_root(),
        None => *document == Document::Root,
    };
    let needed: BTreeSet<_> = allowed.iter().copied().filter(exists).collect();
    let list = |documents: &mut dyn Iterator<Item = &Document>| {
        let names: Vec<_> = documents.map(|document| document.name()).collect();
        match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(", "),
        }
    };
    Verdict::unless(
        "SCRIPT-DOCUMENTS",
        !signed.is_subset(&allowed)
            || !needed.is_subset(&signed)
            || (signed.contains(&Document::Crates)
                && !signed.contains(&Document::Targets)
                && claim.previous.is_none_or(|p| p.targets().is_none())),
        || format!("what is signed: {}", list(&mut signed.iter())),
        || {
            format!(
                "the script signs {}; the scenario {} signs {}",
                list(&mut signed.iter()),
                scenario.name(),
                list(&mut needed.union(&allowed))
            )
        },
        "name the scenario's documents in the script's propose, review, sign and verify steps",
    )
}

/// CRATES-GIVEN: there is a root of tuf-crates where one is vouched for, and a new one
/// only where the scenario brings one.
fn crates(claim: &Claim<'_>) -> Verdict {
    let scenario = claim.script.script().scenario;
    let signed = claim
        .script
        .steps()
        .any(|(_, step)| step.documents.contains(&Document::Crates));
    let fault = match (signed, claim.crates.newest(), claim.crates.brings()) {
        (true, None, _) => {
            Some("crates.json vouches for the root of tuf-crates, and none was given")
        }
        (_, _, true) if !scenario.brings_crates_root() => {
            Some("a root of tuf-crates was given, and this scenario vouches for no new one")
        }
        (_, _, false) if scenario == super::script::Scenario::CratesRootChange => {
            Some("the scenario vouches for a new root of tuf-crates, and none was given")
        }
        _ => None,
    };
    match fault {
        Some(what) => Violation::new(
            "CRATES-GIVEN",
            what,
            "give the team's root, and every version since the last one, with --crates-root; or leave it out",
        )
        .into(),
        None => Verdict::held(
            "CRATES-GIVEN",
            match claim.crates.newest() {
                Some(root) => format!("the root of tuf-crates: {}", Digest::of(root).short_words()),
                None => "no root of tuf-crates is vouched for".to_owned(),
            },
        ),
    }
}

/// ROOT-PREVIOUS: the chain holds; that was checked when it was read.
fn chain(previous: &Previous) -> Verdict {
    let first = previous.roots().first().map(|root| root.document());
    let last = previous.root().map(|root| root.document());
    let words = |document: Option<&crate::tuf::Document>| {
        document.map_or_else(String::new, |document| document.digest().short_words())
    };
    Verdict::held(
        "ROOT-PREVIOUS",
        format!(
            "{} roots, each signed by its own quorum and by that of the root before it, from version {} ({}) to version {} ({})",
            previous.roots().len(),
            first.map_or(0, crate::tuf::Document::version),
            words(first),
            last.map_or(0, crate::tuf::Document::version),
            words(last),
        ),
    )
}

/// POLICY-PREVIOUS: the policy says what the previous documents say, but for the
/// keys that the scenario may replace.
fn same_policy(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let scenario = claim.script.script().scenario;
    let policy = claim.policy;
    let mut faults = Vec::new();
    let mut differs = |same: bool, what: &str| {
        if !same {
            faults.push(what.to_owned());
        }
    };
    if let Some(root) = previous.root().map(|root| root.root()) {
        let (holders, threshold) = (policy.quorum.holders as usize, policy.quorum.threshold);
        for role in ["root", "targets"] {
            let found = root.roles.get(role);
            differs(
                found.is_some_and(|found| found.threshold == threshold),
                &format!("the threshold of {role}"),
            );
            differs(
                root.role_keys(role).len() == holders,
                &format!("the number of keys of {role}"),
            );
        }
        let same = |found: Option<Periods>, wanted: crate::rules::policy::Periods| {
            found.is_none_or(|found| found == wanted.into())
        };
        differs(same(root.periods, policy.root), "the periods of root");
        if let Some(online) = &policy.online {
            let key = online.key().ok();
            for (role, periods) in [
                ("snapshot", online.snapshot),
                ("timestamp", online.timestamp),
            ] {
                let found = root.roles.get(role);
                differs(
                    same(found.and_then(|found| found.periods), periods),
                    &format!("the periods of {role}"),
                );
                let keys = root.role_keys(role);
                let same_key = key.as_ref().is_some_and(|key| {
                    keys.len() == 1
                        && keys.get(&key.key.fingerprint()).is_some_and(|(_, entry)| {
                            !policy.dialect.names_signers()
                                || entry.online_uri.as_deref() == Some(key.uri.as_str())
                        })
                });
                differs(
                    same_key || scenario.revokes(),
                    &format!("the online key of {role}"),
                );
            }
        }
    }
    if let Some(targets) = previous.targets() {
        let content = &targets.content;
        differs(
            content
                .periods
                .is_none_or(|found| found == policy.targets.into()),
            "the periods of targets",
        );
        let roles = content
            .delegations
            .as_ref()
            .map(|delegations| delegations.roles.as_slice())
            .unwrap_or_default();
        let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
        let wanted = policy.delegations.iter().map(|d| d.role.as_str());
        differs(
            names == [CRATES].into_iter().chain(wanted).collect::<Vec<_>>(),
            "the delegations, or their order",
        );
        for role in roles {
            let name = escape(&role.name);
            let own_paths = policy.dialect.own_paths(&role.name);
            differs(role.paths == own_paths, &format!("the paths of {name}"));
            differs(role.terminating, &format!("that {name} is terminating"));
            let Some(wanted) = policy.delegations.iter().find(|d| d.role == role.name) else {
                differs(
                    role.name != CRATES || role.keys.threshold == policy.quorum.threshold,
                    &format!("the threshold of {name}"),
                );
                continue;
            };
            differs(
                role.keys.threshold == wanted.threshold,
                &format!("the threshold of {name}"),
            );
            let found: BTreeSet<_> = content.role_keys(&role.name).into_keys().collect();
            let keys: BTreeSet<_> = wanted
                .signers()
                .unwrap_or_default()
                .iter()
                .map(|signer| signer.key().fingerprint())
                .collect();
            differs(
                found == keys || scenario.revokes(),
                &format!("the keys of {name}"),
            );
        }
    }
    Verdict::unless(
        "POLICY-PREVIOUS",
        !faults.is_empty(),
        || "the policy says what the previous documents say".to_owned(),
        || {
            format!(
                "the policy and the previous documents differ in {}",
                faults.join(", ")
            )
        },
        "correct the policy: no scenario changes these, and this one replaces no such key",
    )
}

/// ROSTER-CHANGE: everybody who held a key goes on or leaves by name, and nobody comes
/// or goes but where the scenario allows it.
fn people(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let scenario = claim.script.script().scenario;
    let held = previous.holders();
    let roster = claim.roster;
    let mut faults = Vec::new();
    for handle in held.keys() {
        let goes_on = roster.holder(handle).is_some();
        let leaves = roster.leavers.iter().any(|leaver| leaver.handle == *handle);
        if goes_on == leaves {
            faults.push(match goes_on {
                true => format!("{handle} both stays and leaves"),
                false => format!(
                    "{handle} holds a key, and is neither a holder nor a leaver of the roster"
                ),
            });
        }
    }
    for leaver in &roster.leavers {
        if !held.contains_key(&leaver.handle) {
            faults.push(format!("{} leaves, and holds no key", leaver.handle));
        }
    }
    for revocation in &roster.revocations {
        let known = previous.enrolments().iter().any(|published| {
            published.handle == revocation.handle && published.enrolment.serial == revocation.serial
        });
        if !known {
            faults.push(format!(
                "device {} of {} is to be revoked, and no enrolment of it was published",
                revocation.serial, revocation.handle
            ));
        }
        if revocation.reason.trim().is_empty() {
            faults.push(format!(
                "the revocation of device {} gives no reason",
                revocation.serial
            ));
        }
    }
    let standing = |wanted: Standing| {
        let places = claim
            .places
            .iter()
            .filter(move |place| place.standing == wanted);
        places.map(|place| place.handle.as_str())
    };
    let joiners: Vec<_> = standing(Standing::Joins).collect();
    let leavers: Vec<_> = standing(Standing::Leaves).collect();
    let renewing: Vec<_> = roster
        .holders
        .iter()
        .filter(|holder| holder.renews)
        .map(|holder| holder.handle.as_str())
        .collect();
    let come_and_go = !joiners.is_empty() || !leavers.is_empty() || !renewing.is_empty();
    if come_and_go && !scenario.changes_people() {
        let people = [&joiners[..], &leavers[..], &renewing[..]]
            .concat()
            .join(", ");
        faults.push(format!(
            "the scenario {} changes no holder and no device, and the roster does: {people}",
            scenario.name()
        ));
    }
    if !roster.revocations.is_empty() && !scenario.revokes() {
        faults.push(format!("the scenario {} revokes no key", scenario.name()));
    }
    if scenario.changes_people() && !scenario.revokes() && !come_and_go {
        faults.push("nobody comes, goes or takes a new device".to_owned());
    }
    Verdict::unless(
        "ROSTER-CHANGE",
        !faults.is_empty(),
        || match (joiners.is_empty(), leavers.is_empty(), renewing.is_empty()) {
            (true, true, true) => "the holders are those of the previous root".to_owned(),
            _ => format!(
                "come: {}; leave: {}; take a new device: {}",
                list(&joiners),
                list(&leavers),
                list(&renewing)
            ),
        },
        || faults.join("; "),
        "correct the roster, or take the script of another occasion",
    )
}

fn list(names: &[&str]) -> String {
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}

/// KEY-PUBLISHED: every key of the previous root that goes on has a published
/// enrolment, so that it is known to be in a device, and in which.
fn published(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let revoked = |handle: &Handle| {
        let revocations = &claim.roster.revocations;
        revocations.iter().any(|r| r.handle == *handle)
    };
    let missing: Vec<_> = previous
        .holders()
        .iter()
        .filter(|(handle, key)| {
            let known = previous
                .enrolments()
                .iter()
                .any(|p| p.handle == **handle && p.enrolment.key() == **key);
            !known && !revoked(handle)
        })
        .map(|(handle, _)| handle.to_string())
        .collect();
    Verdict::unless(
        "KEY-PUBLISHED",
        !missing.is_empty(),
        || {
            format!(
                "{} published enrolments, each signed by its key",
                previous.enrolments().len()
            )
        },
        || {
            format!(
                "no enrolment was published of the key that the previous root names for {}",
                missing.join(", ")
            )
        },
        "give the bundle or the repository with its attestations/; a key without one is not known to be in a device",
    )
}

/// DEVICE-DISTINCT: no device and no key stands under two holders.
fn distinct(previous: &Previous) -> Verdict {
    let (mut devices, mut keys) = (BTreeMap::new(), BTreeMap::new());
    let mut shared = Vec::new();
    for published in previous.enrolments() {
        let (serial, handle) = (published.enrolment.serial, &published.handle);
        for other in [
            devices.insert(serial, handle),
            keys.insert(published.enrolment.key(), handle),
        ]
        .into_iter()
        .flatten()
        {
            if other != handle || keys.len() < devices.len() {
                shared.push(format!("device {serial} stands under {other} and {handle}"));
            }
        }
    }
    Verdict::unless(
        "DEVICE-DISTINCT",
        !shared.is_empty(),
        || format!("{} devices, each with one holder", devices.len()),
        || shared.join("; "),
        "find out whose it is; one of the published enrolments is not genuine",
    )
}

/// KEY-REVOKED: no key that was thrown out comes back, nor a device that held one.
fn revoked(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let list = previous.revoked();
    let in_root = previous.holders().into_iter().filter_map(|(handle, key)| {
        let found = list.keys().iter().find(|revoked| revoked.key == key)?;
        Some(format!(
            "the previous root names a key of {handle} that was revoked: {}",
            escape(&found.reason)
        ))
    });
    let brought = claim.roster.holders.iter().flat_map(|holder| {
        holder.devices.iter().filter_map(|serial| {
            let found = list.find(None, *serial)?;
            Some(format!(
                "{} is to bring device {serial}, which was revoked: {}",
                holder.handle,
                escape(&found.reason)
            ))
        })
    });
    let faults: Vec<_> = in_root.chain(brought).collect();
    Verdict::unless(
        "KEY-REVOKED",
        !faults.is_empty(),
        || {
            format!(
                "{} keys were revoked, and none comes back",
                list.keys().len()
            )
        },
        || faults.join("; "),
        "stop: a revoked key stays revoked. Find out who brought it back",
    )
}
