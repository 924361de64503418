//! The facts from which a report is made.

use std::collections::BTreeSet;

use crate::{
    ceremony::{
        State,
        enrolment::Enrolment,
        opening::Opening,
        propose,
        script::Document,
        seat::Seat,
        state::{Proposal, Seal},
        trust, verify,
    },
    clients,
    rules::roster,
    transcript::{Chain, Event, Time},
};
use keymoot_attestation as attestation;
use keymoot_attestation::{Evidence, VerifiedAttestation};
use keymoot_core::{Verdict, digest::Digest};
use keymoot_tuf::key::Algorithm;

/// A sealed ceremony, with the facts of its evidence.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) state: &'a State,
    pub(super) chain: &'a Chain,
    pub(super) opening: &'a Opening,
    pub(super) seal: &'a Seal,
    /// The holders in the order of their seats.
    pub(super) holders: Vec<Holder<'a>>,
    pub(super) documents: Vec<Paper<'a>>,
    /// The algorithms of all keys in the documents, none twice.
    pub(super) algorithms: Vec<Algorithm>,
    /// The derivation revision whose facts the report has.
    pub(super) revision: u32,
}

/// From this derivation revision on, a report names the witnesses who came, and its commands name
/// the expectations that fit. What did not go as planned includes refused devices, other bags,
/// refusals, and the lines and clocks of answers apart. A lost quorum is named first. Before, it
/// named the witnesses of the roster.
pub(super) const THIRD: u32 = 3;

/// A holder and the holder's devices.
#[derive(Debug)]
pub(super) struct Holder<'a> {
    pub(super) seat: &'a Seat,
    /// The name.
    pub(super) name: &'a str,
    /// The roster's entry; `None` for a holder who leaves.
    pub(super) entry: Option<&'a roster::Holder>,
    pub(super) device: Option<Device<'a>>,
}

/// An enrolled device and the facts of its certificates.
#[derive(Debug)]
pub(super) struct Device<'a> {
    pub(super) enrolment: &'a Enrolment,
    pub(super) proven: VerifiedAttestation,
    /// When it attested its key; `None` where that was in an earlier ceremony.
    pub(super) taken: Option<Time>,
    /// Whether its holder brought the key, made before the ceremony.
    pub(super) brought: bool,
    /// The verdicts at the table, none twice.
    pub(super) verdicts: Vec<&'a Verdict>,
}

/// A document of the ceremony.
#[derive(Debug)]
pub(super) struct Paper<'a> {
    pub(super) document: Document,
    pub(super) proposal: &'a Proposal,
    /// The changes, in sentences.
    pub(super) changes: Vec<String>,
}

type Objects<'o> = &'o dyn Fn(&Digest) -> Option<Vec<u8>>;

impl<'a> Facts<'a> {
    /// Collects them.
    ///
    /// # Errors
    /// In words, when the ceremony is not sealed, or an object is missing or does
    /// not prove what it must.
    pub(super) fn gather(
        state: &'a State,
        chain: &'a Chain,
        objects: Objects<'_>,
        vendor: &attestation::TrustStore,
        revision: u32,
    ) -> Result<Self, String> {
        let not_sealed = "the transcript is not sealed";
        let opening = state.opening.as_ref().ok_or(not_sealed)?;
        let seal = state.sealed.as_ref().ok_or(not_sealed)?;
        let store = trust::store(state, objects, vendor).map_err(|violations| list(&violations))?;
        let mut holders = Vec::new();
        for seat in &state.seats {
            let entry = state.plan.roster.holder(&seat.handle);
            let device = seat.enrolled().or(seat.outgoing.as_ref()).map(|enrolment| {
                device(seat, enrolment, chain, objects, &store)
                    .map_err(|why| format!("the device of {}: {why}", seat.handle))
            });
            holders.push(Holder {
                seat,
                name: state.plan.name(&seat.handle).unwrap_or_default(),
                entry,
                device: device.transpose()?,
            });
        }
        let mut algorithms = BTreeSet::new();
        let papers = state.documents.iter();
        let documents = papers.map(|(&document, proposal)| {
            let parsed = verify::proposal(state, document, objects)?;
            let changes = propose::changes(state, document, &parsed)?;
            algorithms.extend(clients::algorithms(&parsed));
            Ok(Paper {
                document,
                proposal,
                changes,
            })
        });
        let documents = documents.collect::<Result<_, String>>()?;
        Ok(Self {
            state,
            chain,
            opening,
            seal,
            holders,
            documents,
            algorithms: algorithms.into_iter().collect(),
            revision,
        })
    }

    /// When the transcript was sealed.
    pub(super) fn sealed_at(&self) -> Time {
        let last = self.chain.entries().last();
        last.map_or(self.opening.time, |entry| entry.time)
    }

    /// How many holders have signed a document.
    pub(super) fn signers(&self, document: Document) -> usize {
        let signed = |holder: &&Holder<'_>| holder.seat.has_signed(document);
        self.holders.iter().filter(signed).count()
    }
}

fn device<'a>(
    seat: &'a Seat,
    enrolment: &'a Enrolment,
    chain: &'a Chain,
    objects: Objects<'_>,
    store: &attestation::TrustStore,
) -> Result<Device<'a>, String> {
    let mut taken = None;
    let mut verdicts: Vec<&Verdict> = Vec::new();
    for entry in chain.with_branches() {
        let said = match &entry.event {
            Event::DeviceSeen {
                holder,
                serial,
                verdicts,
                ..
            }
            | Event::Provisioned {
                holder,
                serial,
                verdicts,
                ..
            }
            | Event::Attested {
                holder,
                serial,
                verdicts,
                ..
            } if *holder == seat.handle && *serial == enrolment.serial => verdicts,
            _ => continue,
        };
        if matches!(entry.event, Event::Attested { .. }) {
            taken = Some(entry.time);
        }
        for verdict in said {
            if !verdicts.contains(&verdict) {
                verdicts.push(verdict);
            }
        }
    }
    let object = |digest| objects(digest).ok_or("a certificate is missing");
    let evidence = Evidence {
        attestation: object(&enrolment.attestation)?,
        device: object(&enrolment.device)?,
    };
    let proven = attestation::verify(&evidence, store, taken.map(Time::unix))
        .map_err(|violations| list(&violations))?;
    proven
        .attests(&enrolment.spki)
        .map_err(|violation| list(&[violation]))?;
    Ok(Device {
        enrolment,
        proven,
        taken,
        brought: chain.has_brought_key(enrolment.serial),
        verdicts,
    })
}

fn list(violations: &[keymoot_core::Violation]) -> String {
    let said: Vec<_> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.rule, violation.what))
        .collect();
    said.join("; ")
}
