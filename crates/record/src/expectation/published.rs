//! A published repository beside the verifier's expectations.

use std::collections::BTreeSet;

use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};

use super::ExpectationSet;
use crate::{
    rules::policy::{DeviceBounds, UnitBounds},
    transcript::Mode,
};

/// How strong a published repository is, by its newest documents.
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
    /// The lowest firmware, as a policy states it.
    pub(crate) fn device_bounds(&self) -> DeviceBounds {
        DeviceBounds {
            minimum_firmware: self.firmware.yubikey.clone(),
            yubihsm: UnitBounds {
                minimum_firmware: self.firmware.yubihsm.clone(),
            },
        }
    }
}
