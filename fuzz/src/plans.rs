//! Scripts, policies, rosters, and what else people write by hand or publish: lists of
//! revoked keys, a vendor's manifest.
//!
//! The files are a script, a policy and a roster. Empty ones stand for those that are
//! shipped.
//!
//! - What is refused is refused with reasons, fit to show.
//! - A plan that holds together can be begun, and has a runbook, safe to show.

use std::sync::Arc;

use keymoot_attestation::Manifest;
use keymoot_record::{
    ceremony::{
        Next, Plan, PlanFiles, State,
        previous::{INCOMING, Inputs, Revoked},
        script::CheckedScript,
    },
    rules::{policy::Policy, roster::Roster},
    runbook,
};

use crate::input::{file, files, is_fit_to_show, is_safe};

const SCRIPT: &str = include_str!("../../ceremony-scripts/initial-root.toml");
const POLICY: &str = include_str!("../plan/policy.toml");
const ROSTER: &str = include_str!("../plan/roster.toml");

/// What a first ceremony is given in addition: the root of tuf-crates.
#[must_use]
pub fn inputs() -> Inputs {
    let root = include_bytes!("../plan/crates-root.json");
    [(format!("{INCOMING}/1.root.json"), root.to_vec())].into()
}

/// Reads the files, each alone and all together.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    let files = files(data);
    let text = |at, shipped: &str| match String::from_utf8_lossy(file(&files, at)) {
        empty if empty.trim().is_empty() => shipped.to_owned(),
        text => text.into_owned(),
    };
    let (script, policy, roster) = (text(0, SCRIPT), text(1, POLICY), text(2, ROSTER));
    match Revoked::read(data) {
        Ok(revoked) => assert_eq!(revoked.bytes(), data),
        Err(why) => is_fit_to_show(&why),
    }
    if let Err(violation) = Manifest::parse(&script) {
        is_fit_to_show(&violation.to_string());
    }
    if let Err(violations) = Roster::parse(&roster) {
        violations
            .iter()
            .for_each(|v| is_fit_to_show(&v.to_string()));
    }
    if let (Ok(checked), Ok(policy)) = (CheckedScript::parse(&script), Policy::parse(&policy)) {
        let page = runbook::markdown(&checked, &script, &policy, None, None);
        assert!(
            page.lines().all(is_safe),
            "a runbook that is not safe to show"
        );
    }
    let plan = Plan::check(PlanFiles {
        script,
        policy,
        roster,
        inputs: inputs(),
    });
    match plan {
        Ok(plan) => {
            plan.verdicts()
                .iter()
                .for_each(|v| is_fit_to_show(&v.detail));
            let state = State::new(Arc::new(plan));
            assert!(!matches!(state.next(), Next::Finished), "nothing to do");
        }
        Err(violated) => {
            assert!(!violated.is_empty(), "refused without a reason");
            violated.iter().for_each(|v| is_fit_to_show(&v.detail));
        }
    }
}
