//! Signing: the documents, and the manifest that closes the bundle.

use super::{Allows, Driver, Stop};
use keymoot_core::{HostError, digest::Digest};
use keymoot_record::{
    ceremony::{enrolment::Enrolment, script::Document, seat::Seat, statement, verify},
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_tuf::KeyId;

impl Driver<'_, '_> {
    /// Has the holder's device sign a document.
    pub(super) fn sign(
        &mut self,
        holder: &Handle,
        serial: u32,
        document: Document,
    ) -> Result<(), Stop> {
        let Some(proposal) = self.state.documents.get(&document).cloned() else {
            return Ok(());
        };
        let bytes = self.proposal(document)?.signed_bytes().to_vec();
        let name = document.name();
        let announce = Event::SignAnnounced {
            holder: holder.clone(),
            serial,
            document,
            signed: proposal.signed,
        };
        let allows = Allows {
            what: format!("the signature on {name}"),
            of: name.to_owned(),
            digest: proposal.signed,
        };
        let signature =
            self.device_signature(holder, serial, announce, &allows, |_| bytes.clone())?;
        let keyid = self.key_id(holder, serial, document)?;
        self.record(Event::Signed {
            holder: holder.clone(),
            serial,
            document,
            signed: proposal.signed,
            keyid,
            signature,
        })
    }

    /// Has the holder's device sign the manifest.
    pub(super) fn close(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let manifest = self.manifest()?;
        let message = statement::signed_bytes(statement::MANIFEST, &manifest);
        let announce = Event::CloseAnnounced {
            holder: holder.clone(),
            serial,
        };
        let allows = Allows {
            what: "the closing signature on everything that happened".to_owned(),
            of: "MANIFEST.json, which lists it all".to_owned(),
            digest: Digest::of(&manifest),
        };
        let signature =
            self.device_signature(holder, serial, announce, &allows, |_| message.clone())?;
        let keyid = self.key_id(holder, serial, Document::Root)?;
        self.record(Event::Closed {
            holder: holder.clone(),
            serial,
            keyid,
            signature,
        })
    }

    /// The id under which a document lists a signature by the key in a device.
    pub(super) fn key_id(
        &self,
        holder: &Handle,
        serial: u32,
        document: Document,
    ) -> Result<KeyId, HostError> {
        let seat = self.state.seat(holder);
        if let (Some(enrolled), true) = (seat.and_then(Seat::enrolled), self.state.ended.is_some())
        {
            return Ok(statement::key_without_root(enrolled));
        }
        let key = seat.and_then(|seat| seat.key_in(serial));
        let delegators = verify::Delegators::of(&self.state, &|digest| self.object(digest))
            .map_err(|why| HostError::new(why, "leave, and resume"))?;
        let keyid = key.and_then(|key| delegators.key_id(document, &key));
        keyid.ok_or_else(|| {
            HostError::new(
                format!("the key of {holder} has no part in {}", document.name()),
                "leave, and resume",
            )
        })
    }

    /// Has the holder's device sign the presence proof.
    pub(super) fn state_proof(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let Some(enrolled) = self.state.seat(holder).and_then(|seat| seat.enrolled()) else {
            return Ok(());
        };
        let enrolled = enrolled.clone();
        let announce = Event::StatementAnnounced {
            holder: holder.clone(),
            serial,
        };
        let payload_type = statement::proof_type(self.state.scenario());
        let allows = Allows {
            what: format!("the presence proof of {holder} with this device"),
            of: "your key".to_owned(),
            digest: enrolled.key(),
        };
        let mut payload = Vec::new();
        let signature = self.device_signature(holder, serial, announce, &allows, |driver| {
            payload = driver.proof(holder, &enrolled);
            statement::signed_bytes(payload_type, &payload)
        })?;
        let keyid = self.key_id(holder, serial, Document::Root)?;
        let signed = statement::envelope(payload_type, payload, keyid.as_str(), signature);
        let statement = self.world.folder.keep(&signed)?;
        self.record(Event::Proved {
            holder: holder.clone(),
            serial,
            statement,
        })
    }

    fn proof(&self, holder: &Handle, enrolled: &Enrolment) -> Vec<u8> {
        let head = self.world.journal.chain().head();
        let root = self.state.current_root();
        self.state
            .opening
            .as_ref()
            .zip(root)
            .map(|(opening, root)| statement::proof(opening, &head, holder, enrolled, &root))
            .unwrap_or_default()
    }
}
