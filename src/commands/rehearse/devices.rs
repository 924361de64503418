//! The simulated devices of a rehearsal: how many of each family, and with which serial numbers.

use super::args::Args;
use crate::{commands::apart, store::SimulatorSettings};
use keymoot_attestation::Family;
use keymoot_record::{
    ceremony::{Plan, previous::Previous, seating::Place},
    rules::roster::Holder,
};

/// The simulated devices of a plan.
pub(super) fn simulated(args: &Args, plan: &Plan, seed: u64) -> SimulatorSettings {
    let seats = seats(plan);
    let of = |family| {
        let seated = seats.iter().filter(|seat| **seat == family).count();
        seated.max(count(plan, family))
    };
    let (yubikeys, units) = (of(Family::YubiKey), of(Family::YubiHsm));
    SimulatorSettings {
        count: yubikeys + args.spares,
        units: if units > 0 { units + args.spares } else { 0 },
        seats: if units > 0 { seats } else { Vec::new() },
        firmware: args.firmware.clone(),
        serials: serials(plan, Family::YubiKey),
        unit_serials: serials(plan, Family::YubiHsm),
        seed,
        unattended: args.unattended,
        spares: args.spares,
        apart: apart::rehearsal::handles(args.apart.as_deref(), plan),
        absent: args.absent.clone(),
        fault: args.fault.clone(),
        unit_fault: args.unit_fault.clone(),
    }
}

/// How many devices of a family there are: those that earlier ceremonies enrolled, and one for each
/// key that is made here. A device whose key is revoked is there, too, and nobody can enrol it.
fn count(plan: &Plan, family: Family) -> usize {
    let published = plan
        .previous()
        .map(Previous::enrolments)
        .unwrap_or_default();
    let enrolled = published.iter().filter(|p| p.enrolment.family == family);
    let made = makers(plan, family).count();
    let stolen = match (made, plan.previous()) {
        (1.., Some(previous)) => {
            let revoked = previous.revoked().keys().iter();
            let is_published = |serial| published.iter().any(|p| p.enrolment.serial == serial);
            revoked.filter(|key| !is_published(key.serial)).count()
        }
        _ => 0,
    };
    enrolled.count() + stolen + made
}

/// The holders of a family who make a key here, in the order of their seats.
fn makers(plan: &Plan, family: Family) -> impl Iterator<Item = &Holder> {
    plan.places().iter().filter_map(move |place| {
        let has_key = place.current.is_some() || place.renamed.is_some();
        let holder = plan.roster.holder(&place.handle)?;
        (!has_key && holder.family == family).then_some(holder)
    })
}

/// The serial numbers that the roster lists for a family, as the simulator reads them. First comes
/// one place for each holder who makes a key here, so that the device of a seat has the number that
/// its holder brings. Then come the others. The simulator leaves out the numbers of devices that
/// it has already, from an earlier rehearsal.
fn serials(plan: &Plan, family: Family) -> String {
    let first: Vec<_> = makers(plan, family)
        .map(|holder| holder.devices.first().copied())
        .collect();
    let holders = plan.roster.holders.iter();
    let listed = holders
        .filter(|holder| holder.family == family)
        .flat_map(|holder| holder.devices.iter().copied());
    let others: Vec<_> = listed
        .filter(|serial| !first.contains(&Some(*serial)))
        .map(Some)
        .collect();
    let places: Vec<_> = first
        .iter()
        .chain(&others)
        .map(|place| place.map_or_else(String::new, |serial| serial.to_string()))
        .collect();
    let text = places.join(",");
    text.trim_end_matches(',').to_owned()
}

/// The family of each seat's device, in this ceremony or an earlier one.
fn seats(plan: &Plan) -> Vec<Family> {
    let family = |place: &Place| {
        let enrolled = place.current.iter().chain(&place.outgoing).next();
        match plan.roster.holder(&place.handle) {
            Some(holder) => holder.family,
            None => enrolled.map(|e| e.family).unwrap_or_default(),
        }
    };
    plan.places().iter().map(family).collect()
}
