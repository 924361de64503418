//! Comparing a bundle's policy, script and roster with the verifier's expectations.

use std::collections::BTreeMap;

use keymoot_attestation::Family;
use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::PublicKey;

use super::{DEFAULT, ExpectationSet, Scripts, structure};
use crate::{
    ceremony::Plan,
    rules::{algorithm::algorithm_name, policy::Policy, roster::Roster},
    transcript::Mode,
};

/// POLICY-EXPECTED, SCRIPT-EXPECTED and ROSTER-EXPECTED: the plan of a ceremony of this mode is as
/// strong as the set, in every point.
#[must_use]
pub fn compare(plan: &Plan, mode: Mode, set: &ExpectationSet) -> Vec<Verdict> {
    let verdict = |rule, weaker: Vec<String>| {
        Verdict::unless(
            rule,
            !weaker.is_empty(),
            || format!("as strong as {} expects", excerpt(&set.name)),
            || several(&weaker, "; "),
            "if this ceremony is meant to be so, name the set that fits with --expect, or a file of your own",
        )
    };
    vec![
        verdict(Rule::PolicyExpected, policy(&plan.policy, mode, set)),
        verdict(
            Rule::ScriptExpected,
            match set.scripts {
                Scripts::Any => Vec::new(),
                Scripts::Released => structure::differences(plan),
            },
        ),
        verdict(Rule::RosterExpected, roster(&plan.roster, mode, set)),
    ]
}

/// The argument of a command that compares this plan: none where the default set fits, or the name
/// of the one that does.
#[must_use]
pub fn argument(plan: &Plan, mode: Mode) -> String {
    match met(plan, mode) {
        Some(DEFAULT) => String::new(),
        Some(name) => format!(" --expect {name}"),
        None => " --expect FILE".to_owned(),
    }
}

/// The first shipped set that a plan meets.
#[must_use]
pub fn met(plan: &Plan, mode: Mode) -> Option<&'static str> {
    let meets = |name: &str| {
        ExpectationSet::shipped(name).is_some_and(|set| {
            let verdicts = compare(plan, mode, &set);
            !verdicts.iter().any(Verdict::is_violated)
        })
    };
    ExpectationSet::names().find(|name| meets(name))
}

/// TRANSCRIPT-EXPECTED: a live ceremony records what the rules of the expected format need.
#[must_use]
pub fn compare_format(format: u32, mode: Mode, set: &ExpectationSet) -> Verdict {
    let lowest = set.minimum_format;
    Verdict::unless(
        Rule::TranscriptExpected,
        mode == Mode::Live && format < lowest,
        || match mode {
            Mode::Live => format!(
                "format {format}; {} expects {lowest} or later",
                excerpt(&set.name)
            ),
            Mode::Rehearsal => format!("format {format}, of a rehearsal"),
        },
        || {
            format!(
                "format {format}, expected {lowest} or later (minimum_format of {})",
                excerpt(&set.name)
            )
        },
        "if the record is of that time, give --expect a file of your own with a lower minimum_format",
    )
}

/// The points of the policy that are weaker than expected.
fn policy(policy: &Policy, mode: Mode, set: &ExpectationSet) -> Vec<String> {
    let mut weaker = Vec::new();
    if set.mode == Mode::Rehearsal && mode == Mode::Live {
        weaker.push(format!("{} is for rehearsals alone", excerpt(&set.name)));
    }
    let (quorum, expected) = (policy.quorum, set.quorum);
    if quorum.threshold < expected.threshold || quorum.holders < expected.holders {
        weaker.push(format!(
            "threshold {} of {}, expected {} of {}",
            quorum.threshold, quorum.holders, expected.threshold, expected.holders
        ));
    }
    if quorum.threshold >= quorum.holders && set.mode == Mode::Live {
        weaker.push(format!(
            "threshold {} of {}: one lost key ends the quorum",
            quorum.threshold, quorum.holders
        ));
    }
    for (what, bound, most) in [
        (
            "employer",
            policy.roster.per_employer,
            set.people.per_employer,
        ),
        ("country", policy.roster.per_country, set.people.per_country),
    ] {
        if bound > most {
            weaker.push(format!(
                "{bound} holders may share one {what}, expected at most {most}"
            ));
        }
    }
    for family in [Family::YubiKey, Family::YubiHsm] {
        let lowest = set.lowest_firmware(family).unwrap_or([u8::MAX; 3]);
        let allowed = policy.device.firmware(family).unwrap_or_default();
        if allowed < lowest {
            let [found, wanted] = [allowed, lowest].map(|[a, b, c]| format!("{a}.{b}.{c}"));
            weaker.push(format!(
                "firmware {found} of a {family}, expected {wanted} or later"
            ));
        }
    }
    if let Some(adopt) = policy.device.adopt
        && !set.adopt.is_some_and(|allowed| allowed.covers(&adopt))
    {
        let [pin, touch] = adopt.names();
        weaker.push(format!(
            "holders may bring keys with PIN {pin} and touch {touch}, expected {}",
            match set.adopt.map(|adopt| adopt.names()) {
                Some([pin, touch]) => format!("PIN {pin} and touch {touch} or stronger"),
                None => "none that was made before".to_owned(),
            }
        ));
    }
    let online = policy.online.iter();
    let days = [
        ("root", policy.root, set.days.root),
        ("targets", policy.targets, set.days.targets),
    ]
    .into_iter()
    .chain(online.flat_map(|online| {
        [
            ("snapshot", online.snapshot, set.days.snapshot),
            ("timestamp", online.timestamp, set.days.timestamp),
        ]
    }))
    .chain(policy.delegations.iter().map(|delegation| {
        (
            delegation.role.as_str(),
            delegation.periods,
            set.days.delegation,
        )
    }));
    for (role, periods, most) in days {
        if periods.expiry_days > most {
            weaker.push(format!(
                "{} expires after {} days, expected at most {most}",
                excerpt(role),
                periods.expiry_days
            ));
        }
    }
    let pems = policy.online.iter().map(|online| &online.public_key).chain(
        policy
            .delegations
            .iter()
            .flat_map(|d| d.keys.iter().map(|key| &key.public_key)),
    );
    for key in pems.filter_map(|pem| PublicKey::from_pem(pem).ok()) {
        let name = algorithm_name(key.algorithm());
        if !set.algorithms.iter().any(|allowed| allowed == name) {
            weaker.push(format!(
                "a key is of {name}, expected {}",
                set.algorithms.join(", ")
            ));
        }
    }
    weaker
}

/// The points of the roster that are weaker than expected.
fn roster(roster: &Roster, mode: Mode, set: &ExpectationSet) -> Vec<String> {
    let mut weaker = Vec::new();
    let largest = |groups: BTreeMap<String, Vec<&str>>| {
        let sizes = groups.into_values().map(|members| members.len());
        u32::try_from(sizes.max().unwrap_or_default()).unwrap_or(u32::MAX)
    };
    for (what, found, bound) in [
        (
            "employer",
            largest(roster.by_employer()),
            set.people.per_employer,
        ),
        (
            "country",
            largest(roster.by_country()),
            set.people.per_country,
        ),
    ] {
        if found > bound {
            weaker.push(format!(
                "{found} holders share one {what}, expected at most {bound}"
            ));
        }
    }
    let watching = u32::try_from(roster.witnesses.len()).unwrap_or(u32::MAX);
    if mode == Mode::Live && watching < set.people.witnesses {
        weaker.push(format!(
            "{watching} witnesses, expected at least {}",
            set.people.witnesses
        ));
    }
    weaker
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_live_ceremony_has_the_format_that_is_expected_and_a_rehearsal_any() {
        let set = ExpectationSet::shipped("rfc-3724").unwrap();
        for (format, mode, violated) in [
            (1, Mode::Live, true),
            (2, Mode::Live, false),
            (3, Mode::Live, false),
            (1, Mode::Rehearsal, false),
        ] {
            let verdict = compare_format(format, mode, &set);
            assert_eq!(verdict.rule, Rule::TranscriptExpected);
            assert_eq!(verdict.is_violated(), violated, "{verdict:?}");
        }
        let verdict = compare_format(1, Mode::Live, &set);
        assert!(verdict.detail.contains("minimum_format"), "{verdict:?}");
    }
}
