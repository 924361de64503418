//! The facts of a day that follow from its plan: names, devices, versions, times.

use super::lines::clock;
use crate::{
    ceremony::{Plan, script::Document, seating::Place},
    rules::roster::Handle,
};
use keymoot_core::{digest::Digest, text::escape};

/// The day that a runbook is filled in for.
#[derive(Debug, Clone, Copy)]
pub struct Day<'p> {
    /// The plan, accepted.
    pub plan: &'p Plan,
    /// When the ceremony begins, in minutes after midnight, UTC.
    pub begins: Option<u32>,
}

impl Day<'_> {
    /// A moment of the day, so many minutes after the beginning.
    pub(super) fn time(&self, minutes: u32) -> String {
        match self.begins {
            Some(begins) => {
                let minutes = begins + minutes;
                format!("{:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
            }
            None => clock(minutes),
        }
    }

    /// A document with the version that it gets.
    pub(super) fn document(&self, document: Document) -> String {
        let previous = self.plan.previous();
        let last = previous
            .and_then(|previous| previous.document(document))
            .map_or(0, keymoot_tuf::Document::version);
        format!("{} version {}", document.name(), last.saturating_add(1))
    }

    /// The digests of the plan's files.
    pub(super) fn digests(&self) -> [(&'static str, Digest); 2] {
        let [_, policy, roster] = self.plan.files.digests();
        [("policy", policy), ("roster", roster)]
    }

    /// Everybody: part, name and device.
    pub(super) fn people(&self) -> impl Iterator<Item = [String; 3]> {
        let officers = self.officers().into_iter();
        officers.chain(self.seated().map(|(_, person)| person))
    }

    /// The administrator and the witnesses: part, name and no device.
    pub(super) fn officers(&self) -> Vec<[String; 3]> {
        let roster = &self.plan.roster;
        let plain = |part: String, name: &str| [part, cell(name), String::new()];
        let mut people = vec![plain("administrator".to_owned(), &roster.administrator)];
        for (n, witness) in (1..).zip(&roster.witnesses) {
            people.push(plain(format!("witness {n}"), &witness.name));
        }
        people
    }

    /// The holders in the order of their seats: part, name and device.
    pub(super) fn seated(&self) -> impl Iterator<Item = (&Handle, [String; 3])> {
        (1..).zip(self.plan.places()).map(|(n, place)| {
            let name = self.plan.name(&place.handle).unwrap_or_default();
            let part = format!("{}, seat {n}", place.handle);
            (&place.handle, [part, cell(name), self.devices(place)])
        })
    }

    /// The devices of a person, where they are known.
    fn devices(&self, place: &Place) -> String {
        let renamed = place.renamed.as_ref().map(|renamed| &renamed.key);
        let enrolled = place.current.iter().chain(&place.outgoing);
        let enrolled = enrolled.chain(renamed);
        let mut devices: Vec<_> = enrolled
            .map(|enrolment| format!("{} {}", enrolment.family, enrolment.serial))
            .collect();
        let listed = self.plan.roster.holder(&place.handle);
        if let Some(holder) = listed.filter(|_| devices.is_empty()) {
            let serials = holder.devices.iter();
            devices.extend(serials.map(|serial| format!("{} {serial}", holder.family)));
        }
        devices.join(", ")
    }
}

/// A name in a cell of a table, which a bar would end.
fn cell(name: &str) -> String {
    escape(name).replace('|', "\u{a6}")
}
