//! The summary of a plan, in sentences, to which everybody agrees before the first step.

use super::{
    Plan,
    script::{Document, Kind, Scenario},
    seating::{Place, Standing},
};
use crate::rules::documents;
use keymoot_core::{Rule, text::escape};

/// The summary of a ceremony by this plan. Each sentence is safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Who joins, leaves, changes the device or loses a key, and why; last, who stays.
    pub people: Vec<String>,
    /// Each document with the version that it gets; without any, what holders sign instead.
    pub documents: Vec<String>,
}

impl Plan {
    /// The summary of a ceremony by this plan.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            people: self.people_in_sentences(),
            documents: self.documents_in_sentences(),
        }
    }

    fn people_in_sentences(&self) -> Vec<String> {
        let places = self.places();
        let called = |place: &Place| {
            let name = self.name(&place.handle).unwrap_or_default();
            match name == place.handle.as_str() {
                true => name.to_owned(),
                false => format!("{} ({})", escape(name), place.handle),
            }
        };
        let revoked = self.roster.revocations.iter().map(|revocation| {
            format!(
                "{}: the key in device {} is revoked: {}",
                revocation.handle,
                revocation.serial,
                escape(&revocation.reason)
            )
        });
        let leave = self.roster.leavers.iter().map(|leaver| {
            let name = escape(&leaver.name);
            format!(
                "{name} ({}) leaves: {}",
                leaver.handle,
                escape(&leaver.reason)
            )
        });
        let changes = places
            .iter()
            .filter(|place| place.standing == Standing::Stays && place.changes_device)
            .map(|place| format!("{} gets a key in another device", called(place)));
        let renamed = places.iter().filter_map(|place| {
            let from = &place.renamed.as_ref()?.from;
            Some(format!(
                "{} keeps the key that {from} enrolled: the account was renamed",
                called(place)
            ))
        });
        let joining = |place: &&Place| place.standing == Standing::Joins;
        let joins = places
            .iter()
            .filter(joining)
            .map(|place| format!("{} joins", called(place)));
        let mut sentences: Vec<_> = revoked
            .chain(leave)
            .chain(changes)
            .chain(renamed)
            .chain(joins)
            .collect();
        let staying = |place: &&Place| place.standing == Standing::Stays && !place.changes_device;
        let handles = places.iter().filter(staying);
        let handles: Vec<_> = handles.map(|place| place.handle.to_string()).collect();
        if !handles.is_empty() {
            sentences.push(format!("with the same key: {}", handles.join(", ")));
        }
        sentences
    }

    fn documents_in_sentences(&self) -> Vec<String> {
        if self.script.script().scenario == Scenario::QuorumLost {
            let lost = "no document: each holder who still has a key signs that the quorum is lost";
            return vec![lost.to_owned(), "one key is enough".to_owned()];
        }
        let steps = self.script.steps().map(|(_, step)| step);
        let signed = steps
            .filter(|step| step.kind == Kind::Sign)
            .flat_map(|step| step.documents.iter().copied());
        let mut sentences: Vec<_> = signed.map(|document| self.version_of(document)).collect();
        let quorum = self.policy.quorum;
        let (threshold, holders) = (quorum.threshold, quorum.holders);
        if sentences.is_empty() {
            sentences.push("no document: holders sign that their keys are there".to_owned());
        }
        sentences.push(format!("{threshold} of {holders} keys must sign"));
        if self.script.script().scenario.changes_policy() {
            // The rule names each difference.
            let said = self.verdicts().iter();
            let said = said.filter(|verdict| verdict.rule == Rule::PolicyPrevious);
            sentences.extend(said.map(|verdict| verdict.detail.clone()));
        }
        sentences
    }

    fn version_of(&self, document: Document) -> String {
        let name = document.name();
        let before = self.previous().and_then(|p| p.document(document));
        let before = before.map(keymoot_tuf::Document::version);
        let days = documents::periods(&self.policy, document).expiry_days;
        let version = match before {
            Some(before) => format!("version {before} to {}", before.saturating_add(1)),
            None => "version 1".to_owned(),
        };
        format!("{name}: {version}, for {days} days")
    }
}
