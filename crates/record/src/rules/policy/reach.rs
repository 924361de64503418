//! POLICY-REACH: clients that search for a file come to every role that may sign for it.

use super::{CRATES, Policy};
use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::{pattern_covers, patterns_meet};

/// Roles are terminating: a client that finds no file with the first role whose patterns match its
/// name looks no further. A later role with a path that an earlier one covers is never asked.
pub(crate) fn check(policy: &Policy) -> Verdict {
    let roles = in_order(policy);
    let (mut hidden, mut shared) = (Vec::new(), Vec::new());
    for (place, (later, paths)) in roles.iter().enumerate() {
        let before = roles.iter().take(place);
        for (earlier, wide) in before {
            for path in paths {
                if let Some(cover) = wide.iter().find(|wide| pattern_covers(wide, path)) {
                    hidden.push(format!(
                        "clients ask {} for {} and look no further, so that {} is never asked for {}",
                        excerpt(earlier),
                        excerpt(cover),
                        excerpt(later),
                        excerpt(path)
                    ));
                } else if let Some(met) = wide.iter().find(|wide| patterns_meet(wide, path)) {
                    shared.push(format!(
                        "{} before {} for names that are both {} and {}",
                        excerpt(earlier),
                        excerpt(later),
                        excerpt(met),
                        excerpt(path)
                    ));
                }
            }
        }
    }
    Verdict::unless(
        Rule::PolicyReach,
        !hidden.is_empty(),
        || match shared.is_empty() {
            true => "every file name has one role at most".to_owned(),
            false => format!("clients ask {}", several(&shared, "; ")),
        },
        || several(&hidden, "; "),
        "put the role with the narrower paths first, or narrow the paths of the other",
    )
}

/// The roles with their patterns, in the order in which clients ask them.
fn in_order(policy: &Policy) -> Vec<(&str, Vec<String>)> {
    let own = policy.delegations.iter().map(|d| d.role.as_str());
    let crates = policy.tuf_crates.then_some(CRATES);
    let mut names: Vec<_> = crates.into_iter().chain(own).collect();
    if policy.dialect.sorts_delegations() {
        names.sort_unstable();
    }
    let roles = names.into_iter();
    roles
        .map(|role| {
            let given = policy.given_paths(role).map(<[_]>::to_vec);
            let paths = given.unwrap_or_else(|| policy.dialect.own_paths(role));
            (role, paths)
        })
        .collect()
}
