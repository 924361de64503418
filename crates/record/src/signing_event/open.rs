//! Reads a signing event from two checkouts, and checks it.

use super::{
    Given, SigningEvent,
    document::{Demand, EventDocument},
    rules,
    side::Side,
};
use crate::{bundle::Files, ceremony::previous};
use keymoot_core::{Rule, Verdict, Violation, text::excerpt};
use keymoot_tuf::{Change, Dialect, document_changes};

/// Reads a signing event and checks it. The event is there where both checkouts could be read;
/// sign only if no verdict is violated.
#[must_use]
pub fn open(given: Given<'_>) -> (Option<SigningEvent>, Vec<Verdict>) {
    match read(given) {
        Ok((event, verdicts)) => (Some(event), verdicts),
        Err(violation) => (None, vec![violation.into()]),
    }
}

fn read(given: Given<'_>) -> Result<(SigningEvent, Vec<Verdict>), Violation> {
    let layout = |why: String| {
        Violation::new(
            Rule::EventLayout,
            why,
            "name a checkout of the event with --tree, and one of its main branch with --base",
        )
    };
    let detect = |name: &str, files: &Files| {
        let dialect = Dialect::detect(&|path| files.get(path).cloned());
        dialect.ok_or_else(|| {
            layout(format!(
                "{name} holds no metadata/root.json that can be read"
            ))
        })
    };
    let dialect = detect("the base", given.base)?;
    let of_tree = detect("the tree", given.tree)?;
    if of_tree != dialect {
        return Err(layout(format!(
            "the base is written as {dialect} writes it, and the tree as {of_tree} does"
        )));
    }
    let trusted = given.trusted_root.map(previous::trusted_root).transpose()?;
    let chain = previous::chain_of_roots(dialect, given.base, trusted)?;
    let newest = chain
        .last()
        .cloned()
        .ok_or_else(|| layout("the base holds no root".to_owned()))?;
    let base =
        Side::read(dialect, given.base).map_err(|why| layout(format!("in the base, {why}")))?;
    let tree =
        Side::read(dialect, given.tree).map_err(|why| layout(format!("in the tree, {why}")))?;
    let documents = documents(dialect, &given, &base, &tree).map_err(layout)?;
    let event = SigningEvent {
        dialect,
        base: newest,
        documents,
        files: given.tree.clone(),
    };
    let verdicts = rules::judge(&given, &event, &base, &tree);
    Ok((event, verdicts))
}

/// The documents that the event has people sign: those that differ from the base's, and those
/// that fewer have signed than must now.
fn documents(
    dialect: Dialect,
    given: &Given<'_>,
    base: &Side,
    tree: &Side,
) -> Result<Vec<EventDocument>, String> {
    let mut found = Vec::new();
    for role in tree.roles() {
        let (Some(document), Some(delegation)) =
            (tree.documents.get(&role), tree.delegation(&role))
        else {
            continue;
        };
        let before = base.documents.get(&role);
        let differs = base.differs(&role, document);
        let mut demands = vec![Demand::of(&delegation)];
        if role == "root" && differs {
            demands.extend(base.delegation("root").as_ref().map(Demand::of));
        }
        let paths = dialect.paths(&role, document.version());
        let touched = paths
            .iter()
            .any(|path| given.base.get(path) != given.tree.get(path));
        let unmet = demands.iter().any(|demand| !demand.quorum(document).met());
        if differs || touched || unmet {
            let mut changes = document_changes(&role, before, document)
                .map_err(|error| format!("{}: {error}", excerpt(&role)))?;
            if let Some(config) = &tree.config {
                config.name_changes(&mut changes);
            }
            found.push(EventDocument {
                document: document.clone(),
                changes: in_words(&changes, differs, unmet),
                demands,
                role,
            });
        }
    }
    Ok(found)
}

/// The changes of a document in sentences, or one that says why there is none.
fn in_words(changes: &[Change], differs: bool, unmet: bool) -> Vec<String> {
    if !changes.is_empty() {
        return changes.iter().map(ToString::to_string).collect();
    }
    let why = match (differs, unmet) {
        (true, _) => "It differs from the base's, and in nothing that keymoot can name.",
        (false, true) => "Nothing in it changes. It needs more signatures than it has.",
        (false, false) => "Nothing in it changes but its signatures.",
    };
    vec![why.to_owned()]
}
