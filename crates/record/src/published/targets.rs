//! The verdicts on the documents below the root, and on the target files that they list.

use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::{FileFacts, TargetFile, Targets};

use super::{claim::GET_AGAIN, documents::BelowRoot};

/// TREE-DOCUMENTS: the keys that its delegator names signed each, and they agree.
pub(super) fn documents(tree: &BelowRoot) -> Verdict {
    let faults: Vec<_> = tree
        .refusals()
        .iter()
        .map(|refusal| {
            format!(
                "{}: {}: {}",
                excerpt(&refusal.role),
                refusal.name,
                refusal.why
            )
        })
        .collect();
    Verdict::unless(
        Rule::TreeDocuments,
        !faults.is_empty(),
        || {
            let missing = match tree.not_made().join(" and ") {
                none if none.is_empty() => String::new(),
                missing => format!("; clients need {missing} too, which the tree does not have"),
            };
            let count = tree.documents().count();
            format!("{count} documents below the root agree{missing}")
        },
        || several(&faults, "; "),
        GET_AGAIN,
    )
}

/// TREE-TARGETS: every file that these documents list is there, with its length and its hashes.
/// `target` returns those of a file by its name; `next` is the help otherwise.
pub(crate) fn files<'t>(
    listings: impl IntoIterator<Item = (&'t str, &'t Targets)>,
    target: &dyn Fn(&str, &TargetFile) -> Option<FileFacts>,
    next: &str,
) -> Verdict {
    let (mut count, mut faults) = (0, Vec::new());
    for (role, targets) in listings {
        for (name, listed) in &targets.targets {
            count += 1;
            let fault = match target(name, listed) {
                Some(facts) => facts.unlike(listed),
                None => Some("is missing, or longer than it is listed".to_owned()),
            };
            faults.extend(fault.map(|fault| {
                let (role, name) = (excerpt(role), excerpt(name));
                format!("{role}: \"{name}\" {fault}")
            }));
        }
    }
    Verdict::unless(
        Rule::TreeTargets,
        !faults.is_empty(),
        || format!("{count} target files, each with its length and hashes"),
        || several(&faults, "; "),
        next,
    )
}
