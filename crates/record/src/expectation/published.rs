//! Comparing a published repository with the verifier's expectations.

use std::collections::BTreeSet;

use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};

use super::ExpectationSet;
use crate::{
    ceremony::shipped,
    rules::{
        algorithm::algorithm_name,
        policy::{DeviceBounds, Policy, UnitBounds},
    },
    transcript::Mode,
};
use keymoot_tuf::{Root, Targets, dialect::tufops::Config};

/// The roles that holders sign for.
pub(crate) const OF_HOLDERS: [&str; 2] = ["root", "targets"];

/// The strength of a published repository, by its newest documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// Whether its documents are those of a live ceremony
    pub mode: Mode,
    /// Of each role of the holders, how many must sign and how many can
    pub quorums: Vec<(String, u32, u32)>,
    /// Of each role whose period is stated, its days from signing to expiry
    pub days: Vec<(String, u32)>,
    /// The algorithms of all keys, by the names of expectations
    pub algorithms: BTreeSet<&'static str>,
}

impl Strength {
    /// The strength of a root and of the targets documents below it, each with its role. `unsigned`
    /// has the periods that they do not state.
    pub(crate) fn of<'t>(
        root: Option<&Root>,
        listings: impl Iterator<Item = (&'t str, &'t Targets)>,
        unsigned: Option<&Config>,
        mode: Mode,
    ) -> Self {
        let (mut quorums, mut days, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(root) = root {
            for role in OF_HOLDERS {
                let threshold = root.roles.get(role).map_or(0, |role| role.threshold);
                let holders = u32::try_from(root.role_keys(role).len()).unwrap_or(u32::MAX);
                quorums.push((role.to_owned(), threshold, holders));
            }
            let periods = root.roles.iter();
            let periods = periods.map(|(name, role)| (name.as_str(), role.periods));
            for (role, periods) in periods.chain([("root", root.periods)]) {
                let periods = periods.or_else(|| unsigned?.periods(role));
                days.extend(periods.map(|periods| (role.to_owned(), periods.expiry_days)));
            }
            keys.extend(root.keys.values());
        }
        for (role, targets) in listings {
            let periods = targets.periods;
            days.extend(periods.map(|periods| (role.to_owned(), periods.expiry_days)));
            keys.extend(targets.delegations.iter().flat_map(|all| all.keys.values()));
        }
        let keys = keys.into_iter().filter_map(|key| key.public.as_ref().ok());
        Self {
            mode,
            quorums,
            days,
            algorithms: keys.map(|key| algorithm_name(key.algorithm())).collect(),
        }
    }
}

/// POLICY-EXPECTED of a repository, which has no policy: its documents are as strong as
/// the set.
#[must_use]
pub fn compare_published(found: &Strength, set: &ExpectationSet) -> Verdict {
    let mut weaker = Vec::new();
    if set.mode == Mode::Rehearsal && found.mode == Mode::Live {
        weaker.push(format!("{} is for rehearsals alone", excerpt(&set.name)));
    }
    let expected = set.quorum;
    for (role, threshold, holders) in &found.quorums {
        if *threshold < expected.threshold || *holders < expected.holders {
            weaker.push(format!(
                "{}: threshold {threshold} of {holders}, expected {} of {}",
                excerpt(role),
                expected.threshold,
                expected.holders
            ));
        }
    }
    for (role, days) in &found.days {
        let most = match role.as_str() {
            "root" => set.days.root,
            "targets" => set.days.targets,
            "snapshot" => set.days.snapshot,
            "timestamp" => set.days.timestamp,
            _ => set.days.delegation,
        };
        if *days > most {
            let role = excerpt(role);
            weaker.push(format!(
                "{role} expires after {days} days, expected at most {most}"
            ));
        }
    }
    for name in &found.algorithms {
        if !set.algorithms.iter().any(|allowed| allowed == name) {
            weaker.push(format!(
                "a key is of {name}, expected {}",
                set.algorithms.join(", ")
            ));
        }
    }
    Verdict::unless(
        Rule::PolicyExpected,
        !weaker.is_empty(),
        || format!("as strong as {} expects", excerpt(&set.name)),
        || several(&weaker, "; "),
        "if this repository is meant to be so, name the set that fits with --expect, or a file of your own",
    )
}

impl ExpectationSet {
    /// The shipped policy with the firmware that the verifier expects, for the DEVICE rules on
    /// a device outside of a ceremony.
    ///
    /// # Errors
    /// The shipped policy's violations, as those of these rules.
    pub(crate) fn of_devices(&self) -> Result<Policy, Vec<Verdict>> {
        let mut policy = Policy::parse(shipped::POLICY)
            .map_err(|violated| violated.into_iter().map(Verdict::from).collect::<Vec<_>>())?;
        policy.device = self.device_bounds();
        Ok(policy)
    }

    /// The lowest firmware, as a policy states it.
    fn device_bounds(&self) -> DeviceBounds {
        DeviceBounds {
            minimum_firmware: self.firmware.yubikey.clone(),
            yubihsm: UnitBounds {
                minimum_firmware: self.firmware.yubihsm.clone(),
            },
            adopt: self.adopt,
        }
    }
}
