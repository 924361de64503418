//! The holders from now on, and their devices.

use std::collections::BTreeMap;

use super::{claim::Claim, revocations};
use crate::{
    ceremony::{
        previous::{Previous, is_renamed},
        seating::Standing,
    },
    rules::roster::Handle,
};
use keymoot_core::{Rule, Verdict, text::excerpt};

/// ROSTER-CHANGE: everybody who held a key stays or leaves by name, and nobody comes
/// or goes except where the scenario allows it.
pub(super) fn change(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let scenario = claim.script.script().scenario;
    let held = previous.holders();
    let roster = claim.roster;
    let mut faults = Vec::new();
    for handle in held.keys() {
        let is_renamed = roster.renamed.iter().any(|r| r.from == *handle);
        let goes_on = roster.holder(handle).is_some() || is_renamed;
        let leaves = roster.leavers.iter().any(|leaver| leaver.handle == *handle);
        if goes_on == leaves {
            faults.push(match goes_on {
                true => format!("{handle} both stays and leaves"),
                false => format!(
                    "{handle} holds a key, and is neither a holder nor a leaver in the roster"
                ),
            });
        }
    }
    let named_twice = roster.renamed.iter().map(|renamed| &renamed.from);
    for handle in named_twice.filter(|from| roster.holder(from).is_some()) {
        faults.push(format!("{handle} is renamed, and is a holder too"));
    }
    for leaver in &roster.leavers {
        if !held.contains_key(&leaver.handle) {
            faults.push(format!("{} leaves, and holds no key", leaver.handle));
        }
        if leaver.reason.trim().is_empty() {
            faults.push(format!(
                "{} leaves, and the roster gives no reason",
                leaver.handle
            ));
        }
    }
    faults.extend(revocations::faults(claim, previous));
    let too_few = revocations::too_few(claim, previous);
    faults.extend(too_few.clone());
    faults.extend(super::renamed::faults(claim, previous));
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
    let must = scenario.changes_people() && !scenario.revokes() && !scenario.changes_policy();
    if must && !come_and_go {
        faults.push("nobody joins, leaves or takes a new device".to_owned());
    }
    if scenario.revokes()
        && roster.revocations.is_empty()
        && !come_and_go
        && !super::policy::replaces_a_key(claim, previous)
    {
        faults.push(format!(
            "the scenario {} revokes or replaces a key, and neither roster nor policy names one",
            scenario.name()
        ));
    }
    Verdict::unless(
        Rule::RosterChange,
        !faults.is_empty(),
        || {
            let renamed = roster
                .renamed
                .iter()
                .map(|r| format!("; {} is now {}, with the same key", r.from, r.to));
            let people = match come_and_go {
                false => "the holders are those of the previous root".to_owned(),
                true => format!(
                    "join: {}; leave: {}; take a new device: {}",
                    list(&joiners),
                    list(&leavers),
                    list(&renewing)
                ),
            };
            people + &renamed.collect::<String>()
        },
        || faults.join("; "),
        match too_few {
            Some(_) => "revoke fewer keys, or read the runbook quorum-lost",
            None => "correct the roster, or take the script of another occasion",
        },
    )
}

fn list(names: &[&str]) -> String {
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}

/// KEY-PUBLISHED: every key of the previous root that stays has a published
/// enrolment, so that its device is known.
pub(super) fn published(claim: &Claim<'_>, previous: &Previous) -> Verdict {
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
        Rule::KeyPublished,
        !missing.is_empty(),
        || {
            format!(
                "{} published enrolments, each signed by its key",
                previous.enrolments().len()
            )
        },
        || {
            format!(
                "the key of {} in the previous root has no published enrolment",
                missing.join(", ")
            )
        },
        "give the bundle or the repository with its attestations/; without one, nobody knows that the key is in a device",
    )
}

/// DEVICE-DISTINCT: no device and no key belongs to two holders, unless the key itself signed that
/// its holder was renamed. A repository keeps the evidence of holders who left; their devices,
/// reset, may be another holder's now.
pub(super) fn distinct(previous: &Previous) -> Verdict {
    let (mut devices, mut keys) = (BTreeMap::new(), BTreeMap::new());
    let mut shared = Vec::new();
    let here = |handle: &Handle| previous.holders().contains_key(handle);
    for published in previous.enrolments() {
        if is_renamed(published, previous.enrolments()) {
            continue;
        }
        let (serial, handle) = (published.enrolment.serial, &published.handle);
        let of_device = devices.insert(serial, handle);
        let of_device = of_device.filter(|other| here(other) && here(handle));
        let of_key = keys.insert(published.enrolment.key(), handle);
        if let Some(other) = of_device.or(of_key) {
            shared.push(format!(
                "device {serial} of {handle}, or its key, is also under {other}"
            ));
        }
    }
    Verdict::unless(
        Rule::DeviceDistinct,
        !shared.is_empty(),
        || format!("{} devices, each with one holder", devices.len()),
        || shared.join("; "),
        "find out whose device it is: one of the published enrolments is not genuine",
    )
}

/// KEY-REVOKED: no revoked key comes back, nor a device that held one.
pub(super) fn revoked(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let list = previous.revoked();
    let in_root = previous.holders().iter().filter_map(|(handle, key)| {
        let found = list.keys().iter().find(|revoked| revoked.key == *key)?;
        Some(format!(
            "the previous root names a key of {handle} that was revoked: {}",
            excerpt(&found.reason)
        ))
    });
    let brought = claim.roster.holders.iter().flat_map(|holder| {
        holder.devices.iter().filter_map(|serial| {
            let found = list.find(None, *serial)?;
            Some(format!(
                "{} would bring device {serial}, which was revoked: {}",
                holder.handle,
                excerpt(&found.reason)
            ))
        })
    });
    let faults: Vec<_> = in_root.chain(brought).collect();
    Verdict::unless(
        Rule::KeyRevoked,
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
