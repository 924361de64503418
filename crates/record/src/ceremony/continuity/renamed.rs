//! Holders whose account has another name than in the previous root: same person, same key.

use std::collections::BTreeSet;

use super::claim::Claim;
use crate::{
    ceremony::previous::Previous,
    rules::roster::{Handle, Renamed},
};

/// The faults of the roster's renamed accounts.
pub(super) fn faults(claim: &Claim<'_>, previous: &Previous) -> Vec<String> {
    let roster = claim.roster;
    let scenario = claim.script.script().scenario;
    let mut faults = Vec::new();
    let (mut from, mut to) = (BTreeSet::new(), BTreeSet::new());
    for renamed in &roster.renamed {
        if !from.insert(&renamed.from) || !to.insert(&renamed.to) {
            faults.push(format!(
                "{} or {} is renamed twice",
                renamed.from, renamed.to
            ));
        }
        let why = of_one(claim, previous, renamed);
        faults.extend(why.map(|why| format!("{} renamed {}: {why}", renamed.from, renamed.to)));
    }
    if !roster.renamed.is_empty() && !scenario.changes_people() {
        faults.push(format!(
            "the scenario {} renames no holder",
            scenario.name()
        ));
    }
    faults
}

fn of_one(claim: &Claim<'_>, previous: &Previous, renamed: &Renamed) -> Option<String> {
    let Renamed { from, to } = renamed;
    let roster = claim.roster;
    let Some(key) = previous.holders().get(from) else {
        return Some(format!("{from} holds no key of the previous root"));
    };
    let Some(holder) = roster.holder(to) else {
        return Some(format!("{to} is no holder of the roster"));
    };
    if previous.holders().contains_key(to) {
        return Some(format!("{to} holds a key of the previous root"));
    }
    if previous.enrolments().iter().any(|p| p.handle == *to) {
        return Some(format!("another enrolment of {to} was published before"));
    }
    // Another key, or a revoked one, would make the change of a name the change of a person.
    let published = previous.enrolments().iter();
    let mut of_key = published.filter(|p| p.handle == *from && p.enrolment.key() == *key);
    let serial = of_key.next().map(|published| published.enrolment.serial);
    let keeps = |serial| holder.devices.is_empty() || holder.devices.contains(&serial);
    if holder.renews || serial.is_some_and(|serial| !keeps(serial)) {
        return Some(
            "a renamed holder keeps the key, and the roster asks for another: rename now, and \
             change the device on another occasion"
                .to_owned(),
        );
    }
    let revokes = |handle: &Handle| roster.revocations.iter().any(|r| r.handle == *handle);
    if revokes(from) || revokes(to) {
        return Some("a key of the holder is to be revoked on the same occasion".to_owned());
    }
    None
}
