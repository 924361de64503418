//! What clients and tools accept of an event's documents, and for how long.

use super::{STOP, SigningEvent, side::Side};
use crate::rules::policy::LONGEST_PERIOD;
use keymoot_core::{Rule, Verdict, text::several, time::Time};
use keymoot_tuf::{Document, Expiry, Lifetime, Nonconformity, Periods, nonconformities};

/// How far the clocks of those who make an event and of those who sign it may be apart, in
/// seconds: a day, as tuf-ci allows.
const CLOCKS: i64 = 86_400;

/// EVENT-CLIENTS: the event brings nothing that clients refuse.
pub(super) fn readable(event: &SigningEvent, base: &Side) -> Verdict {
    let faults: Vec<_> = event
        .documents
        .iter()
        .flat_map(|one| {
            let brought = brought(base.documents.get(&one.role), &one.document);
            brought.map(|why| format!("{}: {why}", one.name()))
        })
        .collect();
    Verdict::unless(
        Rule::EventClients,
        !faults.is_empty(),
        || "the event brings nothing that clients refuse".to_owned(),
        || several(&faults, "; "),
        STOP,
    )
}

/// What clients refuse in a document, and not in the one before it.
fn brought(before: Option<&Document>, now: &Document) -> impl Iterator<Item = Nonconformity> {
    let before = before.map(nonconformities).unwrap_or_default();
    let now = nonconformities(now).into_iter();
    now.filter(move |found| !before.contains(found))
}

/// EVENT-EXPIRY: the documents are valid, and not for too long.
pub(super) fn expiry(now: Time, event: &SigningEvent, base: &Side, tree: &Side) -> Verdict {
    let later = Time::from_unix(now.unix().saturating_add(CLOCKS)).unwrap_or(now);
    let faults: Vec<_> = event
        .documents
        .iter()
        .filter_map(|one| {
            let name = one.name();
            let Ok(lifetime) = Lifetime::of(&one.document) else {
                return Some(format!("{name} has no end that can be read"));
            };
            let end = lifetime.expires;
            let days = most_days(periods(base, &one.role), periods(tree, &one.role));
            // A signing period would hide an end that is too late.
            let bounded = Lifetime {
                expires: end,
                periods: Some(Periods { expiry_days: days, signing_days: 0 }),
            };
            match (bounded.at(now), bounded.at(later)) {
                (Expiry::Expired, _) => Some(format!("{name} expired {end}; this clock shows {now}")),
                (_, Expiry::BeyondItsPeriod) => Some(format!(
                    "{name} expires {end}, later than a document signed now would, in {days} days; this clock shows {now}"
                )),
                _ => None,
            }
        })
        .collect();
    Verdict::unless(
        Rule::EventExpiry,
        !faults.is_empty(),
        || "every document ends in time".to_owned(),
        || several(&faults, "; "),
        "compare this machine's clock with another one; if it is right, ask those who made the event",
    )
}

/// The periods of a role's document in a checkout: its own, its delegator's, or those of tufops.
fn periods(side: &Side, role: &str) -> Option<Periods> {
    let own = side.documents.get(role);
    let own = own.and_then(|document| Lifetime::of(document).ok()?.periods);
    let delegated = side
        .delegation(role)
        .and_then(|delegation| delegation.role.periods);
    let unsigned = side.config.as_ref();
    own.or(delegated)
        .or_else(|| unsigned.and_then(|config| config.periods(role)))
}

/// How many days a document may last, by the periods in the base and in the event. tuf-on-ci
/// changes a period and the expiry in one event. So a new period counts at once, up to a bound,
/// and one that the event takes away still counts.
fn most_days(before: Option<Periods>, now: Option<Periods>) -> u32 {
    let before = before.map(|before| before.expiry_days);
    let bound = before.map_or(LONGEST_PERIOD, |days| days.max(LONGEST_PERIOD));
    let now = now.map(|now| now.expiry_days.min(bound));
    now.or(before).unwrap_or(LONGEST_PERIOD)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Document, Periods, brought, most_days};

    #[test]
    fn a_period_of_the_event_counts_up_to_a_bound_and_a_removed_one_is_the_bases() {
        for (before, now, most) in [
            (Some(365), Some(365), 365),
            (Some(365), Some(30), 30),
            (Some(365), Some(450), 450),
            (Some(365), Some(36_500), 1100),
            (Some(3650), Some(3650), 3650),
            (Some(3650), Some(36_500), 3650),
            (Some(365), None, 365),
            (None, Some(450), 450),
            (None, Some(36_500), 1100),
            (None, None, 1100),
        ] {
            let periods = |days: u32| Periods {
                expiry_days: days,
                signing_days: days,
            };
            let days = most_days(before.map(periods), now.map(periods));
            assert_eq!(days, most, "{before:?} {now:?}");
        }
    }

    #[test]
    fn what_clients_refused_before_the_event_is_not_brought_by_it() {
        let targets = |spec: &str, version: u64| {
            let text = format!(
                r#"{{"signatures": [], "signed": {{"_type": "targets", "spec_version": "{spec}",
                "version": {version}, "expires": "2030-01-01T00:00:00Z", "targets": {{}}}}}}"#
            );
            Document::parse(text.as_bytes(), text.len()).unwrap()
        };
        let refused =
            |before: Option<&Document>, spec: &str| brought(before, &targets(spec, 2)).count();
        assert_eq!(refused(Some(&targets("1.0.0", 1)), "1.0.0"), 0);
        assert_eq!(refused(Some(&targets("1.0.0", 1)), "2.0.0"), 1);
        assert_eq!(refused(Some(&targets("2.0.0", 1)), "2.0.0"), 0);
        assert_eq!(refused(Some(&targets("2.0.0", 1)), "3.0.0"), 1);
        assert_eq!(refused(None, "2.0.0"), 1);
    }
}
