//! The holders' keys: the enrolments that a ceremony made and the statements that
//! its keys signed, verified again from the evidence in its bundle.

use std::collections::BTreeMap;

use super::{STOP, audits, record::Record};
use crate::{
    ceremony::{enrolment::Enrolment, statement},
    rules::{device, evidence},
    transcript::{Event, Time},
};
use keymoot_attestation as attestation;
use keymoot_attestation::Family;
use keymoot_core::{Rule, Verdict, Violation, text::excerpt};

impl Record<'_> {
    /// The enrolments that this ceremony made.
    pub(super) fn enrolments(&self) -> Vec<Verdict> {
        let plan = &self.state.plan;
        let carried: Vec<_> = plan
            .places()
            .iter()
            .flat_map(|place| {
                place
                    .current
                    .iter()
                    .chain(&place.outgoing)
                    .chain(&place.spares)
            })
            .collect();
        let (mut taken, mut verdicts) = (Vec::new(), Vec::new());
        for seat in &self.state.seats {
            let renamed = |enrolment| seat.renamed.as_ref().is_some_and(|r| r.is_of(enrolment));
            for enrolment in seat.proven() {
                let handle = seat.handle.as_str();
                if !carried.contains(&enrolment) && !renamed(enrolment) {
                    let elsewhere = self
                        .state
                        .published_elsewhere(&seat.handle, &enrolment.spki);
                    let others = [&taken[..], &elsewhere].concat();
                    verdicts.extend(self.enrolment(handle, enrolment, &others));
                    // The log is read at the end of a turn.
                    let at_table = self.state.turn.as_ref().map(|turn| &turn.holder);
                    if enrolment.family == Family::YubiHsm && at_table != Some(&seat.handle) {
                        let entries = self.chain.entries();
                        verdicts.push(audits::judge(handle, enrolment, entries, &|digest| {
                            self.object(digest)
                        }));
                    }
                }
                taken.push((handle.to_owned(), enrolment.serial, enrolment.spki.clone()));
            }
        }
        verdicts
    }

    fn enrolment(
        &self,
        handle: &str,
        enrolled: &Enrolment,
        others: &[(String, u32, Vec<u8>)],
    ) -> Vec<Verdict> {
        let certificates = self
            .object(&enrolled.attestation)
            .zip(self.object(&enrolled.device));
        let Some((attestation, device)) = certificates else {
            let what = format!("the certificates of {handle} are not in the bundle");
            return vec![Violation::new(Rule::DeviceEvidence, what, STOP).into()];
        };
        let Some(taken) = self.attested_at(enrolled.serial) else {
            let what = format!("the transcript does not say when {handle}'s key was attested");
            return vec![Violation::new(Rule::DeviceEvidence, what, STOP).into()];
        };
        let claim = evidence::Claim {
            evidence: &attestation::Evidence {
                attestation,
                device,
            },
            spki: &enrolled.spki,
            serial: enrolled.serial,
            family: enrolled.family,
            taken: Some(taken),
            others,
        };
        let plan = &self.state.plan;
        let (verdicts, facts) = evidence::enrolment(&claim, self.trust, &plan.policy);
        let attested = facts.map(|facts| facts.firmware().to_string());
        let other = attested.and_then(|attested| self.other_firmware(enrolled.serial, attested));
        let listed = plan
            .roster
            .holders
            .iter()
            .find(|h| h.handle.as_str() == handle);
        let expected = listed.map(|holder| device::expected(enrolled.serial, holder, &plan.roster));
        verdicts
            .into_iter()
            .chain(expected)
            .chain(other)
            .map(|verdict| Verdict {
                detail: format!("{handle}: {}", verdict.detail),
                ..verdict
            })
            .collect()
    }

    /// DEVICE-TRIES of every YubiKey that made a key or a signature in this ceremony, by its last
    /// report before that.
    pub(super) fn tries(&self) -> Vec<Verdict> {
        if self.state.format() < Rule::DeviceTries.since() {
            return Vec::new();
        }
        let mut said = BTreeMap::new();
        let mut judged: BTreeMap<u32, Verdict> = BTreeMap::new();
        for entry in self.chain.entries() {
            match &entry.event {
                Event::DeviceSeen {
                    serial,
                    family: Family::YubiKey,
                    state,
                    ..
                } => {
                    said.insert(*serial, state.as_ref().and_then(|state| state.tries));
                }
                Event::Provisioned { serial, tries, .. } if said.contains_key(serial) => {
                    said.insert(*serial, *tries);
                }
                Event::Enrolled { serial, .. }
                | Event::Signed { serial, .. }
                | Event::Proved { serial, .. }
                | Event::Closed { serial, .. } => {
                    if let Some(tries) = said.get(serial) {
                        let verdict = device::tries(*serial, *tries);
                        let before = judged.get(serial);
                        if before.is_none_or(|before| !before.is_violated()) {
                            judged.insert(*serial, verdict);
                        }
                    }
                }
                _ => {}
            }
        }
        judged.into_values().collect()
    }

    /// Where the transcript names another firmware of a device than its certificates attest.
    fn other_firmware(&self, serial: u32, attested: String) -> Option<Verdict> {
        let mut said = self
            .chain
            .with_branches()
            .filter_map(|entry| match &entry.event {
                Event::DeviceSeen {
                    serial: seen,
                    firmware,
                    ..
                } if *seen == serial => Some(firmware),
                _ => None,
            });
        let other = said.find(|said| **said != attested)?;
        let what = format!(
            "the transcript says firmware {}, and the device's certificates say {attested}",
            excerpt(other)
        );
        Some(Violation::new(Rule::DeviceConsistent, what, STOP).into())
    }

    fn attested_at(&self, serial: u32) -> Option<Time> {
        self.chain
            .with_branches()
            .rev()
            .find_map(|entry| match &entry.event {
                Event::Attested { serial: s, .. } if *s == serial => Some(entry.time),
                _ => None,
            })
    }

    /// KEY-POSSESSION: every statement of enrolment is signed by its key, and
    /// names its point in this ceremony and no other.
    pub(super) fn possession(&self) -> Vec<Verdict> {
        let Some(opening) = &self.state.opening else {
            return Vec::new();
        };
        let enrolled = self
            .chain
            .with_branches()
            .filter_map(|entry| match &entry.event {
                Event::Enrolled {
                    holder,
                    serial,
                    formerly,
                    ..
                } => Some((entry, holder, serial, formerly)),
                _ => None,
            });
        enrolled
            .filter_map(|(entry, holder, serial, formerly)| {
                let seat = self.state.seat(holder)?;
                let enrolment = seat.proven().find(|e| e.serial == *serial)?;
                let statement = enrolment
                    .statement
                    .and_then(|d| self.object(&d))
                    .unwrap_or_default();
                Some(
                    match statement::check_enrolment(
                        &statement,
                        opening,
                        &entry.prev,
                        &seat.handle,
                        // The statement of a spare has no older handle.
                        seat.formerly().filter(|_| formerly.is_some()),
                        enrolment,
                    ) {
                        Ok(()) => Verdict::held(
                            Rule::KeyPossession,
                            format!("{holder}: the key signed that its holder has it"),
                        ),
                        Err(violation) => violation.into(),
                    },
                )
            })
            .collect()
    }

    /// KEY-POSSESSION of a ceremony without documents: every statement is signed by its
    /// key, and names its point.
    pub(super) fn proofs(&self) -> Vec<Verdict> {
        let (Some(opening), Some(root)) = (&self.state.opening, self.state.current_root()) else {
            return Vec::new();
        };
        let payload_type = statement::proof_type(self.state.scenario());
        let proved = self
            .chain
            .with_branches()
            .filter_map(|entry| match &entry.event {
                Event::Proved {
                    holder, statement, ..
                } => Some((entry, holder, statement)),
                _ => None,
            });
        proved
            .filter_map(|(entry, holder, digest)| {
                let seat = self.state.seat(holder)?;
                let enrolled = seat.enrolled()?;
                let payload = statement::proof(opening, &entry.prev, &seat.handle, enrolled, &root);
                let signed = self.object(digest).unwrap_or_default();
                Some(
                    match statement::check_proof(
                        &signed,
                        opening.format,
                        payload_type,
                        &payload,
                        &seat.handle,
                        enrolled,
                    ) {
                        Ok(()) => Verdict::held(
                            Rule::KeyPossession,
                            format!("{holder}: the key signed that its holder has it"),
                        ),
                        Err(violation) => violation.into(),
                    },
                )
            })
            .collect()
    }
}
