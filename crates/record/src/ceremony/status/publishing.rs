//! Whether clients accept the documents of a working tree, and what to publish next.

use std::collections::{BTreeMap, BTreeSet};

use keymoot_tuf::{Candidate, RoleError, VerifiedRoot, agreement, verify_roles};

/// How clients react to a working tree.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    /// Why they refuse the document of a role
    pub(super) refused: BTreeMap<String, String>,
    /// The files without which they refuse all
    pub(super) missing: Vec<String>,
    /// The files to publish next, the snapshot and the timestamp last
    pub(super) next: Vec<String>,
}

impl Publishing {
    /// Verifies the documents below the root, and compares them with each other. A
    /// bundle has no tree and publishes nothing itself.
    pub(super) fn of(root: Option<&VerifiedRoot>, tree: Option<&[Candidate]>) -> Self {
        let mut publishing = Self::default();
        let Some(tree) = tree else {
            return publishing;
        };
        let verdicts = verify_roles(root, tree);
        let agreement = agreement(tree, &verdicts);
        let role = |candidate: &Candidate| candidate.names.first().cloned().unwrap_or_default();
        let mut again = BTreeSet::new();
        for (candidate, verdict) in tree.iter().zip(&verdicts) {
            if let Err(error) = verdict {
                let role = role(candidate);
                let written_again = !matches!(error, RoleError::LineEndings);
                if written_again {
                    again.insert(role.clone());
                }
                publishing.refused.insert(role, error.to_string());
            }
        }
        for (place, contradiction) in &agreement.contradictions {
            if let Some(candidate) = tree.get(*place) {
                let refused = publishing.refused.entry(role(candidate));
                refused.or_insert_with(|| contradiction.to_string());
                again.insert("snapshot".to_owned());
            }
        }
        let file = |role: &str| format!("{role}.json");
        publishing.missing = agreement.missing.iter().map(|role| file(role)).collect();
        again.extend(agreement.missing.iter().map(|role| (*role).to_owned()));
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
        let refused = refused.map(|(role, why)| {
            let role = keymoot_core::text::escape(role);
            format!("{role}.json: {why}")
        });
        refused.or_else(|| {
            let missing = self.missing.join(" and no ");
            (!missing.is_empty()).then(|| format!("there is no {missing}"))
        })
    }
}
