//! What the holders have done in a step, and what is still needed.

use std::collections::BTreeSet;

use super::{
    ended::Ended,
    enrolment::Enrolment,
    previous::{Previous, Published, Revoked, RevokedKey, is_renamed},
    script::{Document, Kind, Scenario},
    seat::Seat,
    seating::Standing,
    state::State,
    turn::Purpose,
};
use crate::rules::roster::Handle;
use keymoot_core::digest::Digest;

/// How far a demand for signatures on a document is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The document.
    pub document: Document,
    /// The version of the root whose keys are counted, where it is not the document's
    /// own demand.
    pub of_previous: Option<u64>,
    /// Distinct keys that have signed.
    pub have: usize,
    /// Distinct keys that must sign.
    pub need: usize,
}

impl State {
    /// What the ceremony is for.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        self.plan.script.script().scenario
    }

    /// The purpose of a turn in the current step, if it has turns.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        match self.current()?.kind {
            Kind::Enroll => Some(Purpose::Enroll),
            Kind::EnrollSpares => Some(Purpose::Spare),
            Kind::Sign => Some(Purpose::Sign),
            Kind::Prove => Some(Purpose::Prove),
            Kind::Close => Some(Purpose::Close),
            _ => None,
        }
    }

    /// The proven devices with which a holder signs a document. A key that leaves the
    /// root signs the next root once more, so that the old threshold can be met.
    pub fn signers<'s>(
        &self,
        seat: &'s Seat,
        document: Document,
    ) -> impl Iterator<Item = &'s Enrolment> + use<'s> {
        let outgoing = seat
            .outgoing
            .as_ref()
            .filter(|_| document == Document::Root);
        seat.enrolled().into_iter().chain(outgoing)
    }

    /// The first document of the current step that this holder has not signed, and
    /// the device to sign it with; of all the holder's devices, or of one.
    #[must_use]
    pub fn next_signature(&self, seat: &Seat, with: Option<u32>) -> Option<(Document, u32)> {
        let documents = &self.current()?.documents;
        documents.iter().find_map(|&document| {
            self.signers(seat, document)
                .map(|enrolment| enrolment.serial)
                .filter(|serial| with.is_none_or(|with| with == *serial))
                .find(|serial| !seat.signatures.contains_key(&(document, *serial)))
                .map(|serial| (document, serial))
        })
    }

    /// The documents of the current step that this holder is still to sign with this
    /// device, in their order.
    #[must_use]
    pub fn unsigned_with(&self, seat: &Seat, serial: u32) -> Vec<Document> {
        let documents = self.current().map(|step| step.documents.as_slice());
        let is_left = |document: &&Document| {
            let mut signers = self.signers(seat, **document);
            signers.any(|enrolment| enrolment.serial == serial)
                && !seat.signatures.contains_key(&(**document, serial))
        };
        let left = documents.unwrap_or_default().iter().filter(is_left);
        left.copied().collect()
    }

    /// The serial numbers of the devices with which this holder can do what the
    /// current step asks, and has not.
    #[must_use]
    pub fn awaited_devices(&self, seat: &Seat, purpose: Purpose) -> Vec<u32> {
        match purpose {
            // A renamed holder comes with the device of the key, and proves it under the new name.
            Purpose::Enroll => seat.renamed.iter().map(|r| r.key.serial).collect(),
            Purpose::Spare => Vec::new(),
            Purpose::Sign => {
                let devices = seat.enrolled().into_iter().chain(&seat.outgoing);
                devices
                    .map(|enrolment| enrolment.serial)
                    .filter(|serial| self.next_signature(seat, Some(*serial)).is_some())
                    .collect()
            }
            Purpose::Prove | Purpose::Close => {
                seat.enrolled().map(|e| e.serial).into_iter().collect()
            }
        }
    }

    /// Those of the holder who is at the table.
    #[must_use]
    pub fn awaited_at_table(&self) -> Vec<u32> {
        let turn = self.turn.as_ref();
        let seated = turn.and_then(|turn| Some((self.seat(&turn.holder)?, turn.purpose)));
        seated.map_or_else(Vec::new, |(seat, purpose)| {
            self.awaited_devices(seat, purpose)
        })
    }

    /// Whether this holder has done what the current step asks.
    #[must_use]
    pub fn has_done(&self, seat: &Seat, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Enroll => seat.enrolled().is_some(),
            // A holder can always enrol one more.
            Purpose::Spare => false,
            Purpose::Sign => self.next_signature(seat, None).is_none(),
            Purpose::Prove => seat.proof.is_some(),
            Purpose::Close => seat.closing.is_some(),
        }
    }

    /// Whether a holder has any part in what the current step asks.
    pub(super) fn takes_part(&self, seat: &Seat, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Enroll => seat.standing != Standing::Leaves,
            Purpose::Sign => seat.enrolled().is_some() || seat.outgoing.is_some(),
            Purpose::Spare | Purpose::Prove | Purpose::Close => seat.enrolled().is_some(),
        }
    }

    /// The holders who can still do what the current step asks.
    #[must_use]
    pub fn waiting(&self, purpose: Purpose) -> Vec<Handle> {
        // On the machine of a holder apart that holder alone is at the table.
        let here = |seat: &Seat| match &self.apart {
            Some(apart) => apart.holder == seat.handle,
            None => seat.present || (self.ended.is_some() && !self.is_roll_called),
        };
        let left = self.seats.iter().filter(|seat| {
            here(seat) && self.takes_part(seat, purpose) && !self.has_done(seat, purpose)
        });
        left.map(|seat| seat.handle.clone()).collect()
    }

    /// How many have done what the current step asks: holders, or in a signing step
    /// the keys that count for the demand that is farthest from being met.
    #[must_use]
    pub fn done(&self, purpose: Purpose) -> usize {
        if purpose == Purpose::Sign {
            return self.hardest().map_or(0, |tally| tally.have);
        }
        self.seats
            .iter()
            .filter(|seat| self.takes_part(seat, purpose) && self.has_done(seat, purpose))
            .count()
    }

    /// How many must have done it before the step can end.
    #[must_use]
    pub fn needed(&self, purpose: Purpose) -> usize {
        let quorum = self.plan.policy.quorum;
        let threshold = quorum.threshold as usize;
        match purpose {
            Purpose::Enroll => quorum.holders as usize,
            Purpose::Spare => 0,
            Purpose::Sign => self.hardest().map_or(threshold, |tally| tally.need),
            Purpose::Close if self.ended.is_some() => self.ended.as_ref().map_or(0, Ended::closers),
            // If the quorum is lost, no threshold is needed.
            Purpose::Prove | Purpose::Close if self.scenario() == Scenario::QuorumLost => 1,
            Purpose::Prove | Purpose::Close => threshold,
        }
    }

    /// Whether the step's quorum is met.
    #[must_use]
    pub fn is_met(&self, purpose: Purpose) -> bool {
        self.done(purpose) >= self.needed(purpose)
    }

    /// Whether the step may end although some who could come have not done it. Its quorum must be
    /// met. Where everybody is asked to show that they still can, each of those present must have
    /// had a turn.
    #[must_use]
    pub fn can_stop(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Enroll
            && self.turn.is_none()
            && self.unanswered().next().is_none()
            && self.is_met(purpose)
            && self.to_be_called(purpose).is_empty()
    }

    /// The holders who must have a turn, or be asked apart, before the step may end early.
    fn to_be_called(&self, purpose: Purpose) -> Vec<Handle> {
        let kind = self.current().map(|step| step.kind);
        if !kind.is_some_and(|kind| kind.calls_everybody(self.scenario())) {
            return Vec::new();
        }
        let awaited = self.waiting(purpose).into_iter();
        let mut left: Vec<_> = awaited.chain(self.awaited_apart(purpose)).collect();
        left.retain(|holder| !self.progress.called.contains(holder));
        left
    }

    /// Why the step may not end early, in words, where [`State::can_stop`] forbids it.
    #[must_use]
    pub fn why_not_enough(&self, purpose: Purpose) -> Option<String> {
        if self.turn.is_some() || self.can_stop(purpose) {
            return None;
        }
        let (done, needed) = (self.done(purpose), self.needed(purpose));
        let unanswered: Vec<_> = self.unanswered().collect();
        Some(if purpose == Purpose::Enroll {
            format!("Not enough yet: {done} of {needed} holders have a key, and all of them must.")
        } else if done < needed {
            format!("Not enough yet: {done} of {needed} have signed.")
        } else if !unanswered.is_empty() {
            format!(
                "Not yet: asked apart, and not answered: {}. Take the answers in, or withdraw the request.",
                Handle::list(unanswered)
            )
        } else {
            let apart = |holder: &Handle| self.seat(holder).is_some_and(|seat| seat.apart);
            let (away, here): (Vec<_>, Vec<_>) =
                self.to_be_called(purpose).into_iter().partition(apart);
            match here.is_empty() {
                true => format!(
                    "Not yet: ask each holder apart first. Still to be asked: {}.",
                    Handle::list(&away)
                ),
                false => format!(
                    "Not yet: call each holder who is present first. If one cannot sign, end that turn. Still to be called: {}.",
                    Handle::list(&here)
                ),
            }
        })
    }

    /// The demands for signatures on the documents of the current step.
    #[must_use]
    pub fn tallies(&self) -> Vec<Tally> {
        let documents = self
            .current()
            .map(|step| step.documents.as_slice())
            .unwrap_or_default();
        documents
            .iter()
            .flat_map(|&document| self.tallies_of(document))
            .collect()
    }

    /// The demands for signatures on a document: its own and, for a root that follows
    /// another, that of the keys of the one before.
    #[must_use]
    pub fn tallies_of(&self, document: Document) -> Vec<Tally> {
        let threshold = self.plan.policy.quorum.threshold as usize;
        let mut tallies = vec![Tally {
            document,
            of_previous: None,
            have: self.signed_by(document, |seat, serial| {
                seat.enrolled().is_some_and(|e| e.serial == serial)
            }),
            need: threshold,
        }];
        let previous = self.plan.previous().and_then(|previous| previous.root());
        if let Some(previous) = previous.filter(|_| document == Document::Root) {
            let keys: BTreeSet<Digest> = previous.root().role_keys("root").into_keys().collect();
            let role = previous.root().roles.get("root");
            tallies.push(Tally {
                document,
                of_previous: Some(previous.root().version),
                have: self.signed_by(document, |seat, serial| {
                    seat.key_in(serial).is_some_and(|key| keys.contains(&key))
                }),
                need: role.map_or(threshold, |role| role.threshold as usize),
            });
        }
        tallies
    }

    fn signed_by(&self, document: Document, counts: impl Fn(&Seat, u32) -> bool) -> usize {
        let keys: BTreeSet<_> = self
            .seats
            .iter()
            .flat_map(|seat| {
                let signed = seat.signatures.keys();
                let serials = signed.filter(|(d, _)| *d == document).map(|(_, s)| *s);
                serials
                    .filter(|serial| counts(seat, *serial))
                    .filter_map(|serial| seat.key_in(serial))
                    .collect::<Vec<_>>()
            })
            .collect();
        keys.len()
    }

    /// The demand that is farthest from being met.
    fn hardest(&self) -> Option<Tally> {
        self.tallies()
            .into_iter()
            .max_by_key(|tally| (tally.need.saturating_sub(tally.have), tally.need))
    }

    /// Every key that is revoked once this ceremony is over: those of earlier ones, and
    /// those that this one revokes.
    #[must_use]
    pub fn revoked(&self) -> Revoked {
        let previous = self.plan.previous();
        let ceremony = self
            .opening
            .as_ref()
            .map(|opening| opening.ceremony.clone());
        let new = self
            .plan
            .roster
            .revocations
            .iter()
            .filter_map(|revocation| {
                let published = previous?.enrolments().iter().find(|published| {
                    published.handle == revocation.handle
                        && published.enrolment.serial == revocation.serial
                })?;
                Some(RevokedKey {
                    ceremony: ceremony.clone()?,
                    handle: revocation.handle.clone(),
                    key: published.enrolment.key(),
                    reason: revocation.reason.clone(),
                    serial: revocation.serial,
                })
            });
        previous
            .map(|previous| previous.revoked().clone())
            .unwrap_or_default()
            .with(new)
    }

    /// The digest of the root that names the keys: the one that this ceremony proposes,
    /// or else the previous one.
    #[must_use]
    pub fn current_root(&self) -> Option<Digest> {
        let proposed = self.documents.get(&Document::Root).map(|p| p.signed);
        let previous = || {
            self.plan
                .previous()?
                .root()
                .map(|root| root.document().digest())
        };
        proposed.or_else(previous)
    }

    /// The holder who enrolled the device with this serial number.
    #[must_use]
    pub fn owner(&self, serial: u32) -> Option<&Handle> {
        let owns = |seat: &&Seat| seat.proven().any(|e| e.serial == serial);
        self.seats.iter().find(owns).map(|seat| &seat.handle)
    }

    /// Whether a device may be brought for a new key: nobody has enrolled it, and no key
    /// of it is revoked.
    #[must_use]
    pub fn is_free(&self, serial: u32) -> bool {
        self.owner(serial).is_none() && self.revoked().find(None, serial).is_none()
    }

    /// The published enrolments of a key by others than this holder.
    #[must_use]
    pub fn published_elsewhere(&self, holder: &Handle, spki: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let published = self.plan.previous().map(Previous::enrolments);
        let published = published.unwrap_or_default();
        let of_key = published.iter().filter(|p| p.enrolment.spki == spki);
        // An older name of a renamed holder is not another holder's.
        let others = of_key.filter(|one| one.handle != *holder && !is_renamed(one, published));
        let of = |published: &Published| {
            let serial = published.enrolment.serial;
            (published.handle.to_string(), serial, spki.to_vec())
        };
        others.map(of).collect()
    }

    /// Every proven key: holder, device and SubjectPublicKeyInfo.
    #[must_use]
    pub fn enrolled_keys(&self) -> Vec<(String, u32, Vec<u8>)> {
        let keys = |seat: &Seat| {
            let handle = seat.handle.to_string();
            seat.proven()
                .map(|e| (handle.clone(), e.serial, e.spki.clone()))
                .collect::<Vec<_>>()
        };
        self.seats.iter().flat_map(keys).collect()
    }
}
