//! Signing: the documents, and the manifest that closes the bundle.

use super::{Driver, Stop};
use crate::{
    ceremony::{propose, script::Document, statement},
    host::HostError,
    rules::roster::Handle,
    transcript::Event,
};

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
        let name = document.name().to_owned();
        let announce = Event::SignAnnounced {
            holder: holder.to_string(),
            serial,
            document: name.clone(),
            signed: proposal.signed,
        };
        let allows = format!("the signature on {name}, {}", proposal.signed.short_words());
        let signature = self.device_signature(holder, serial, announce, &allows, |_| bytes)?;
        let keyid = self.key_id(holder)?;
        self.record(Event::Signed {
            holder: holder.to_string(),
            serial,
            document: name,
            signed: proposal.signed,
            keyid,
            signature: hex::encode(signature),
        })
    }

    /// Has the holder's device sign the manifest.
    pub(super) fn close(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let manifest = self.manifest()?;
        let message = statement::signed_bytes(statement::MANIFEST, &manifest);
        let announce = Event::CloseAnnounced {
            holder: holder.to_string(),
            serial,
        };
        let allows = "the closing signature on everything that happened".to_owned();
        let signature = self.device_signature(holder, serial, announce, &allows, |_| message)?;
        let keyid = self.key_id(holder)?;
        self.record(Event::Closed {
            holder: holder.to_string(),
            serial,
            keyid,
            signature: hex::encode(signature),
        })
    }

    /// The id of a holder's key in the root.
    fn key_id(&self, holder: &Handle) -> Result<String, HostError> {
        let enrolled = self.state.seat(holder).and_then(|seat| seat.enrolled());
        let keyid = enrolled.and_then(|enrolled| propose::key_id(holder.as_str(), &enrolled.spki));
        keyid.map(|keyid| keyid.as_str().to_owned()).ok_or_else(|| {
            HostError::new(
                format!("{holder} has no key in the root"),
                "leave, and resume",
            )
        })
    }
}
