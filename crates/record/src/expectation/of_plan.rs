//! The expectations that a plan just meets: what verifiers demand once it is in force.

use std::fmt::Write as _;

use super::FORMAT;
use crate::{
    ceremony::Plan,
    rules::{algorithm::algorithm_name, policy::Policy},
    transcript::Mode,
};
use keymoot_tuf::PublicKey;

/// The set under this name, as a file. A ceremony by this plan meets it; a weaker one does not.
#[must_use]
pub fn of_plan(plan: &Plan, mode: Mode, name: &str) -> String {
    let policy = &plan.policy;
    let mut text = format!(
        "# What a verifier demands of a bundle from the ceremony on that changed the policy.\n\
         format = \"{FORMAT}\"\nname = \"{name}\"\nmode = \"{}\"\nscripts = \"released\"\n",
        mode.name()
    );
    let algorithms: Vec<_> = algorithms(policy)
        .into_iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    let delegations = policy.delegations.iter().map(|d| d.periods.expiry_days);
    let online = policy.online.as_ref();
    let days = |of: fn(&crate::rules::policy::Online) -> u32| online.map_or(1, of);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "algorithms = [{}]\n\n\
         [quorum]\nholders = {}\nthreshold = {}\n\n\
         [people]\nper_employer = {}\nper_country = {}\nwitnesses = {}\n\n\
         [firmware]\nyubikey = \"{}\"\nyubihsm = \"{}\"\n\n\
         [days]\nroot = {}\ntargets = {}\nsnapshot = {}\ntimestamp = {}\ndelegation = {}\n",
        algorithms.join(", "),
        policy.quorum.holders,
        policy.quorum.threshold,
        policy.roster.per_employer,
        policy.roster.per_country,
        plan.roster.witnesses.len().min(1),
        policy.device.minimum_firmware,
        policy.device.yubihsm.minimum_firmware,
        policy.root.expiry_days,
        policy.targets.expiry_days,
        days(|online| online.snapshot.expiry_days),
        days(|online| online.timestamp.expiry_days),
        delegations.max().unwrap_or(policy.targets.expiry_days),
    );
    if let Some([pin, touch]) = policy.device.adopt.map(|adopt| adopt.names()) {
        let _ = write!(text, "\n[adopt]\npin = \"{pin}\"\ntouch = \"{touch}\"\n");
    }
    text
}

/// The algorithms of the keys that the policy names; P-256 is always among them, because the
/// holders' keys are.
fn algorithms(policy: &Policy) -> Vec<&'static str> {
    let online = policy.online.iter().map(|online| &online.public_key);
    let delegated = policy.delegations.iter().flat_map(|d| &d.keys);
    let pems = online.chain(delegated.map(|key| &key.public_key));
    let keys = pems.filter_map(|pem| PublicKey::from_pem(pem).ok());
    let mut names: Vec<_> = keys.map(|key| algorithm_name(key.algorithm())).collect();
    names.push("ecdsa-p256");
    names.sort_unstable();
    names.dedup();
    names
}
