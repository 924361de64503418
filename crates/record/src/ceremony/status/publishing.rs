//! Whether clients accept the documents of a working tree, and what to publish next.

use std::collections::{BTreeMap, BTreeSet};

use keymoot_core::text::escape;

use crate::published::{BelowRoot, Cure};

/// How clients react to a working tree.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    /// Why they refuse the document of a role, in words that are safe to show
    pub(super) refused: BTreeMap<String, String>,
    /// The files that they need and that are not there, not safe to show
    pub(super) missing: Vec<String>,
    /// The files to publish next, the snapshot and the timestamp last
    pub(super) next: Vec<String>,
}

impl Publishing {
    /// Of the documents below the root. A bundle has no tree and publishes nothing itself.
    pub(super) fn of(tree: Option<&BelowRoot>) -> Self {
        let mut publishing = Self::default();
        let Some(tree) = tree else {
            return publishing;
        };
        let missing: BTreeSet<_> = tree.absent().iter().map(|one| one.role.as_str()).collect();
        let mut again = BTreeSet::new();
        for refusal in tree.refusals() {
            match refusal.cure {
                Cure::Document => again.insert(refusal.role.clone()),
                Cure::Snapshot => again.insert("snapshot".to_owned()),
                Cure::Files => false,
            };
            if !missing.contains(refusal.role.as_str()) {
                let refused = publishing.refused.entry(refusal.role);
                refused.or_insert(refusal.why);
            }
        }
        let file = |role: &str| format!("{role}.json");
        let not_made = tree.not_made();
        again.extend(not_made.iter().map(|role| (*role).to_owned()));
        let missing = not_made.into_iter().chain(missing);
        publishing.missing = missing.map(file).collect();
        // A timestamp lists the snapshot, and that everything else.
        let only_timestamp = again.iter().all(|role| role == "timestamp");
        let last = match (again.is_empty(), only_timestamp) {
            (true, _) => &[][..],
            (false, true) => &["timestamp"],
            (false, false) => &["snapshot", "timestamp"],
        };
        again.retain(|role| !["snapshot", "timestamp"].contains(&role.as_str()));
        let before = again.iter().map(String::as_str);
        publishing.next = before.chain(last.iter().copied()).map(file).collect();
        publishing
    }

    /// Why clients refuse the repository, in words that are safe to show.
    pub(super) fn reason(&self) -> Option<String> {
        let refused = self.refused.iter().next();
        let refused = refused.map(|(role, why)| format!("{}.json: {why}", escape(role)));
        refused.or_else(|| {
            let missing: Vec<_> = self.missing.iter().map(|name| escape(name)).collect();
            let missing = missing.join(" and no ");
            (!missing.is_empty()).then(|| format!("there is no {missing}"))
        })
    }
}
