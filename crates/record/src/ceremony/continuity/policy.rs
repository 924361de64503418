//! Whether the policy says what the previous documents say.

use std::collections::BTreeSet;

use super::claim::Claim;
use crate::{
    ceremony::previous::Previous,
    rules::{policy::CRATES, scenario::REVOKED},
};
use keymoot_core::{Rule, Verdict, text::excerpt};
use keymoot_tuf::Periods;

/// Whether the policy names another online key, or other keys for a delegation, than the previous
/// documents.
pub(super) fn replaces_a_key(claim: &Claim<'_>, previous: &Previous) -> bool {
    let policy = claim.policy;
    let online = policy.online.as_ref().and_then(|online| online.key().ok());
    let other_online = previous.root().is_some_and(|root| {
        let keys = root.root().role_keys("timestamp");
        online.is_some_and(|key| !keys.contains_key(&key.key.fingerprint()))
    });
    let other_team = previous.targets().is_some_and(|targets| {
        policy.delegations.iter().any(|wanted| {
            let found: BTreeSet<_> = targets
                .content
                .role_keys(&wanted.role)
                .into_keys()
                .collect();
            wanted.signers().is_ok_and(|signers| {
                let keys = signers.iter().map(|signer| signer.key().fingerprint());
                keys.collect::<BTreeSet<_>>() != found
            })
        })
    });
    other_online || other_team
}

/// POLICY-PREVIOUS: the policy says what the previous documents say, except for
/// keys that the scenario may replace. In `change-policy` it says something else, and the rule
/// names each difference.
pub(super) fn same(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let scenario = claim.script.script().scenario;
    let policy = claim.policy;
    let mut faults = Vec::new();
    let mut differs = |same: bool, what: &str| {
        if !same {
            faults.push(what.to_owned());
        }
    };
    if let Some(root) = previous.root().map(|root| root.root()) {
        let (holders, threshold) = (policy.quorum.holders as usize, policy.quorum.threshold);
        for role in ["root", "targets"] {
            let found = root.roles.get(role);
            differs(
                found.is_some_and(|found| found.threshold == threshold),
                &format!("the threshold of {role}"),
            );
            differs(
                root.role_keys(role).len() == holders,
                &format!("the number of keys of {role}"),
            );
        }
        let same = |found: Option<Periods>, wanted: crate::rules::policy::Periods| {
            found.is_none_or(|found| found == wanted.into())
        };
        differs(same(root.periods, policy.root), "the periods of root");
        if let Some(online) = &policy.online {
            let key = online.key().ok();
            for (role, periods) in [
                ("snapshot", online.snapshot),
                ("timestamp", online.timestamp),
            ] {
                let found = root.roles.get(role);
                differs(
                    same(found.and_then(|found| found.periods), periods),
                    &format!("the periods of {role}"),
                );
                let keys = root.role_keys(role);
                let same_key = key.as_ref().is_some_and(|key| {
                    keys.len() == 1
                        && keys.get(&key.key.fingerprint()).is_some_and(|(_, entry)| {
                            !policy.dialect.names_signers()
                                || entry.online_uri.as_deref() == Some(key.uri.as_str())
                        })
                });
                differs(
                    same_key || scenario.revokes(),
                    &format!("the online key of {role}"),
                );
            }
        }
    }
    if let Some(targets) = previous.targets() {
        let content = &targets.content;
        differs(
            content
                .periods
                .is_none_or(|found| found == policy.targets.into()),
            "the periods of targets",
        );
        let roles = content
            .delegations
            .as_ref()
            .map(|delegations| delegations.roles.as_slice())
            .unwrap_or_default();
        let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
        differs(
            policy.delegated_roles_are(&names),
            "the delegations, or their order",
        );
        let files = content.targets.keys().filter(|name| *name != REVOKED);
        let wanted: BTreeSet<_> = policy.authorised.iter().map(|file| &file.path).collect();
        // The list of files changes with a policy; their content changes on an occasion of its own.
        let stay = scenario.is_for_a_file() || !claim.authorised.bring();
        let same_files = files.collect::<BTreeSet<_>>() == wanted && stay;
        differs(same_files, "the files that the quorum signs itself");
        for role in roles {
            let name = excerpt(&role.name);
            let own = policy.are_paths(&role.name, &role.paths);
            differs(own, &format!("the paths of {name}"));
            differs(role.terminating, &format!("that {name} is terminating"));
            let Some(wanted) = policy.delegations.iter().find(|d| d.role == role.name) else {
                differs(
                    role.name != CRATES || role.keys.threshold == policy.quorum.threshold,
                    &format!("the threshold of {name}"),
                );
                continue;
            };
            differs(
                role.keys.threshold == wanted.threshold,
                &format!("the threshold of {name}"),
            );
            let found: BTreeSet<_> = content.role_keys(&role.name).into_keys().collect();
            let keys: BTreeSet<_> = wanted
                .signers()
                .unwrap_or_default()
                .iter()
                .map(|signer| signer.key().fingerprint())
                .collect();
            differs(
                found == keys || scenario.revokes(),
                &format!("the keys of {name}"),
            );
        }
    }
    if scenario.changes_policy() {
        return Verdict::unless(
            Rule::PolicyPrevious,
            faults.is_empty() && claim.roster.renamed.is_empty(),
            || match faults.is_empty() {
                true => "the policy stays, and an account is renamed".to_owned(),
                false => format!("the policy changes {}", faults.join(", ")),
            },
            || "the policy says what the previous documents say: nothing changes".to_owned(),
            "change the policy, rename an account, or take the script of another occasion",
        );
    }
    Verdict::unless(
        Rule::PolicyPrevious,
        !faults.is_empty(),
        || "the policy says what the previous documents say".to_owned(),
        || {
            format!(
                "the policy and the previous documents differ in {}",
                faults.join(", ")
            )
        },
        "correct the policy, or take the script that changes it (change-policy): on this occasion it stays",
    )
}
