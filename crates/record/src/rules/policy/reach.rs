//! POLICY-REACH: clients that search for a file reach every role that may sign for it.

use super::Policy;
use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::{pattern_covers, patterns_meet};

/// Roles are terminating: a client that finds no file with the first role whose patterns match its
/// name ends its search. So clients never ask a later role for a path that an earlier one covers.
pub(crate) fn check(policy: &Policy) -> Verdict {
    let roles = policy.roles_in_order().into_iter();
    let roles: Vec<_> = roles.map(|role| (role, policy.paths(role))).collect();
    let (mut hidden, mut shared) = (Vec::new(), Vec::new());
    for (place, (later, paths)) in roles.iter().enumerate() {
        let before = roles.iter().take(place);
        for (earlier, wide) in before {
            for path in paths {
                if let Some(cover) = wide.iter().find(|wide| pattern_covers(wide, path)) {
                    hidden.push(format!(
                        "clients ask {} for {} and search no further, so they never ask {} for {}",
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Policy, check};
    use crate::{ceremony::shipped, rules::policy::Delegation};

    /// Whether clients of a dialect never ask one of two roles: the first has the wider pattern.
    fn hides(dialect: &str) -> bool {
        let text = shipped::POLICY.replace("\"tuf-on-ci\"", &format!("\"{dialect}\""));
        let mut policy = Policy::parse(&text).unwrap();
        let roles = [("a", "dist/*"), ("b", "dist/x")];
        policy.delegations = roles
            .map(|(role, path)| Delegation {
                role: role.to_owned(),
                threshold: 1,
                paths: vec![path.to_owned()],
                periods: policy.targets,
                keys: Vec::new(),
            })
            .into();
        check(&policy).is_violated()
    }

    #[test]
    fn a_dialect_that_sorts_asks_the_role_with_the_narrower_pattern_first() {
        assert!(!hides("tufops"));
        assert!(hides("tuf-on-ci"));
    }
}
