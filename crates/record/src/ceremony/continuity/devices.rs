//! The devices that the roster lists, beside those of the previous state.

use super::claim::Claim;
use crate::{
    ceremony::{enrolment::Enrolment, seating::Place},
    rules::roster::Holder,
};
use keymoot_core::{Rule, Violation, text::several};

/// ROSTER-DEVICES where a ceremony starts from a previous one: a device in which its holder could
/// enrol no key. The check of the roster alone gives the verdict where there is none.
pub(super) fn check(claim: &Claim<'_>) -> Option<Violation> {
    let holders = claim.roster.holders.iter();
    let faults: Vec<_> = holders.flat_map(|holder| of_one(claim, holder)).collect();
    (!faults.is_empty()).then(|| {
        Violation::new(
            Rule::RosterDevices,
            several(&faults, "; "),
            "ask the holder which device it is, and correct the roster",
        )
    })
}

fn of_one(claim: &Claim<'_>, holder: &Holder) -> Vec<String> {
    let Holder {
        handle, devices, ..
    } = holder;
    let mut faults = Vec::new();
    for serial in devices {
        let mut revocations = claim.roster.revocations.iter();
        let has = |place: &&Place| keys(place).any(|key| key.serial == *serial);
        let mut others = claim.places.iter().filter(|place| place.handle != *handle);
        if revocations.any(|revocation| revocation.serial == *serial) {
            faults.push(format!(
                "device {serial} is listed for {handle}, and as revoked"
            ));
        } else if let Some(owner) = others.find(has) {
            faults.push(format!(
                "device {serial} is listed for {handle}, and has a key of {}",
                owner.handle
            ));
        }
    }
    let mut places = claim.places.iter();
    let own = places.find(|place| place.handle == *handle);
    let outgoing = own.filter(|place| place.current.is_none());
    if let Some(old) = outgoing.and_then(|place| place.outgoing.as_ref())
        && !devices.is_empty()
        && devices.iter().all(|serial| *serial == old.serial)
    {
        faults.push(format!(
            "{handle} makes a key in another device, and the roster lists only {}",
            old.serial
        ));
    }
    faults
}

/// Every key of a person that is known before the ceremony and not revoked.
fn keys(place: &Place) -> impl Iterator<Item = &Enrolment> {
    let renamed = place.renamed.iter().map(|renamed| &renamed.key);
    let known = place.current.iter().chain(&place.outgoing);
    known.chain(&place.spares).chain(renamed)
}
