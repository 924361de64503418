//! The files that amendments replaced, `amendments/N/` in a bundle. `policy.toml` and `roster.toml`
//! are the last ones.

use super::Files;
use crate::ceremony::{PlanFiles, State, amend::Amendment};

/// The folder of the files that amendment `number`, from 1, replaced.
fn path(number: usize, name: &str) -> String {
    format!("amendments/{number}/{name}")
}

/// Every file that an amendment replaced, by its path in the bundle.
pub(crate) fn replaced(state: &State) -> Files {
    let plans = state.plans();
    let mut files = Files::new();
    for (index, plans) in plans.windows(2).enumerate() {
        let [before, after] = plans else { continue };
        let (before, after) = (&before.files, &after.files);
        for (name, before, after) in [
            ("policy.toml", &before.policy, &after.policy),
            ("roster.toml", &before.roster, &after.roster),
        ] {
            if before != after {
                files.insert(path(index + 1, name), before.clone().into_bytes());
            }
        }
    }
    files
}

/// The plan as it was opened, and its amendments, from the last plan and the files of a
/// bundle.
pub(crate) fn unwound(files: &Files, mut plan: PlanFiles) -> (PlanFiles, Vec<Amendment>) {
    let text = |number: usize, name: &str| {
        let bytes = files.get(&path(number, name))?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let replaced: Vec<_> = (1..)
        .map(|number| [text(number, "policy.toml"), text(number, "roster.toml")])
        .take_while(|[policy, roster]| policy.is_some() || roster.is_some())
        .collect();
    let mut amendments = Vec::new();
    for [policy, roster] in replaced.into_iter().rev() {
        let exchanged =
            |old: Option<String>, now: &mut String| old.map(|old| std::mem::replace(now, old));
        amendments.push(Amendment {
            policy: exchanged(policy, &mut plan.policy),
            roster: exchanged(roster, &mut plan.roster),
        });
    }
    amendments.reverse();
    (plan, amendments)
}
