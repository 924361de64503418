//! The documents below the root, and the target files that they list.

use keymoot_core::{
    Rule, Verdict,
    text::{excerpt, several},
};
use keymoot_tuf::{Candidate, Dialect, FileFacts, TargetFile, Targets, agreement, verify_roles};

use super::claim::GET_AGAIN;
use crate::{
    bundle::Files,
    ceremony::{previous::Previous, script::Document},
};

/// The documents of a tree below its root: those that services and teams sign, and those
/// of the holders, each with its role as the first name. Leaves out what cannot be read.
#[must_use]
pub fn below_root(files: &Files, dialect: Dialect) -> Vec<Candidate> {
    let file = |path: &str| files.get(path).cloned();
    let read = |role: &str| dialect.read(role, None, &file).ok().flatten();
    let delegations = read(Document::Targets.role())
        .and_then(|targets| Targets::read(&targets).ok())
        .and_then(|targets| targets.delegations);
    let delegated = delegations.into_iter().flat_map(|all| all.roles);
    let roles = ["timestamp", "snapshot", Document::Targets.role()];
    roles
        .map(str::to_owned)
        .into_iter()
        .chain(delegated.map(|role| role.name))
        .filter_map(|role| {
            let document = read(&role)?;
            // Snapshots list whole files; tuf-ci keeps a document in two.
            let file = match &dialect.paths(&role, 0)[..] {
                [path] => file(path).map(|bytes| FileFacts::of(&bytes)),
                _ => None,
            };
            Some(Candidate {
                names: vec![role],
                exact: true,
                document,
                file,
            })
        })
        .collect()
}

/// TREE-DOCUMENTS: the keys that its delegator names signed each, and they agree.
pub(super) fn documents(previous: &Previous, tree: &[Candidate]) -> Verdict {
    let verified = verify_roles(previous.root(), tree);
    let agreement = agreement(tree, &verified);
    let name = |place: usize| {
        let names = tree.get(place).and_then(|one| one.names.first());
        excerpt(names.map_or("a document", String::as_str))
    };
    let refused = verified.iter().enumerate().filter_map(|(place, verdict)| {
        let error = verdict.as_ref().err()?;
        Some(format!("{}: {}: {error}", name(place), error.name()))
    });
    let contradicting = agreement.contradictions.iter();
    let contradicting =
        contradicting.map(|(place, why)| format!("{}: {}: {why}", name(*place), why.name()));
    let faults: Vec<_> = refused.chain(contradicting).collect();
    Verdict::unless(
        Rule::TreeDocuments,
        !faults.is_empty(),
        || {
            let missing = match agreement.missing.join(" and ") {
                none if none.is_empty() => String::new(),
                missing => format!("; clients need {missing} too, which the tree does not have"),
            };
            format!("{} documents below the root agree{missing}", tree.len())
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
