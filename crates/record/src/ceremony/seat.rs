//! One holder's seat: the keys that it has, and what the holder signed with them.

use std::collections::BTreeMap;

use super::{
    enrolment::{Enrolment, Signature},
    script::Document,
    seating::{Place, Renaming, Standing},
};
use crate::rules::roster::Handle;
use keymoot_core::digest::Digest;

/// One holder's seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The holder.
    pub handle: Handle,
    /// The holder's relation to the previous root.
    pub standing: Standing,
    /// Whether the roll call found the holder present.
    pub present: bool,
    /// Whether the holder takes part apart from the table.
    pub apart: bool,
    /// The key for the next root and the device it is in, and how far it is proven.
    pub enrolment: Option<Enrolment>,
    /// A key of the previous root that has no place in the next.
    pub outgoing: Option<Enrolment>,
    /// Spare keys, in devices for the day when the first is lost.
    pub spares: Vec<Enrolment>,
    /// The name and the key of the previous root, where the holder was renamed.
    pub renamed: Option<Renaming>,
    /// Signatures made, by document and device.
    pub signatures: BTreeMap<(Document, u32), Signature>,
    /// The statement that this holder's key signed in this ceremony, in a ceremony without
    /// documents.
    pub proof: Option<Digest>,
    /// The closing signature.
    pub closing: Option<Signature>,
}

impl Seat {
    pub(super) fn new(place: &Place) -> Self {
        Self {
            handle: place.handle.clone(),
            standing: place.standing,
            present: false,
            apart: false,
            enrolment: place.current.clone(),
            outgoing: place.outgoing.clone(),
            spares: place.spares.clone(),
            renamed: place.renamed.clone(),
            signatures: BTreeMap::new(),
            proof: None,
            closing: None,
        }
    }

    /// The enrolment for the next root, once possession of its key is proven.
    #[must_use]
    pub fn enrolled(&self) -> Option<&Enrolment> {
        self.enrolment
            .as_ref()
            .filter(|enrolment| enrolment.statement.is_some())
    }

    /// The handle in the previous root, where the holder was renamed.
    #[must_use]
    pub fn formerly(&self) -> Option<&Handle> {
        self.renamed.as_ref().map(|renamed| &renamed.from)
    }

    /// Every enrolment whose possession is proven: for the next root, leaving it,
    /// and spare.
    pub fn proven(&self) -> impl Iterator<Item = &Enrolment> {
        let all = self
            .enrolment
            .iter()
            .chain(&self.outgoing)
            .chain(&self.spares);
        all.filter(|enrolment| enrolment.statement.is_some())
    }

    /// The proven enrolments that are published: for the next root, and spare. Those
    /// that leave the root were published when they came.
    pub fn published(&self) -> impl Iterator<Item = &Enrolment> {
        let all = self.enrolment.iter().chain(&self.spares);
        all.filter(|enrolment| enrolment.statement.is_some())
    }

    /// Whether a document is signed with the key that is in the next root.
    #[must_use]
    pub fn has_signed(&self, document: Document) -> bool {
        self.enrolled()
            .is_some_and(|e| self.signatures.contains_key(&(document, e.serial)))
    }

    /// The identity of the proven key in the device with this serial number.
    #[must_use]
    pub fn key_in(&self, serial: u32) -> Option<Digest> {
        let mut proven = self.proven();
        proven.find(|e| e.serial == serial).map(Enrolment::key)
    }
}
