//! The steps that need no device: examining the machine, building and verifying
//! documents, sealing the transcript and writing the bundle.

use super::{Driver, Reading, Stop};
use crate::{
    bundle,
    ceremony::{propose, script::Document, verify},
    digest::Digest,
    host::{HostError, clock, machine},
    rules,
    transcript::Event,
    tuf::{self, json},
};

impl Driver<'_, '_> {
    pub(super) fn examine_machine(&mut self) -> Result<(), Stop> {
        self.busy("examining the machine");
        let Some(opening) = &self.state.opening else {
            return Ok(());
        };
        let verdicts = rules::machine::check(&machine::examine()?, opening.mode);
        self.record(Event::MachineChecked { verdicts })
    }

    /// Builds a document, checks it against every rule, and keeps it to be read.
    pub(super) fn propose(&mut self, document: Document) -> Result<(), Stop> {
        let made = clock::now()?;
        let Document::Root = document;
        let proposed = propose::root(&self.state, made)
            .map_err(|violation| HostError::new(violation.what, violation.next))?;
        let verdicts = propose::check_root(&self.state, &proposed, made);
        let signed = self.world.folder.keep(proposed.signed_bytes())?;
        self.record(Event::Proposed {
            document: document.name().to_owned(),
            made,
            signed,
            verdicts,
        })?;
        self.read_proposals().map_err(Stop::from)
    }

    /// Makes every proposed document ready to be read.
    pub(super) fn read_proposals(&mut self) -> Result<(), HostError> {
        let mut readings = Vec::new();
        for (&document, proposal) in &self.state.documents {
            let bytes = self.world.folder.kept(&proposal.signed)?;
            readings.push(reading(document, proposal.signed, &bytes)?);
        }
        self.readings = readings;
        Ok(())
    }

    /// Verifies the signed documents as a stranger would.
    pub(super) fn verify(&mut self) -> Result<(), Stop> {
        self.busy("verifying the signed documents");
        let folder = &self.world.folder;
        let verdicts = verify::signed_documents(&self.state, &|digest| folder.kept(digest).ok());
        self.record(Event::Verified { verdicts })
    }

    /// Seals the transcript, keeping what the bundle carries besides.
    pub(super) fn seal(&mut self) -> Result<(), Stop> {
        let mut attachments = std::collections::BTreeMap::new();
        for (path, content) in (self.world.attachments)()? {
            attachments.insert(path, self.world.folder.keep(&content)?);
        }
        self.record(Event::Sealed { attachments })
    }

    pub(super) fn make_manifest(&mut self) -> Result<(), Stop> {
        self.busy("making the manifest");
        let manifest = Digest::of(&self.manifest()?);
        self.record(Event::ManifestMade { manifest })
    }

    /// MANIFEST.json, made anew from what is sealed.
    pub(super) fn manifest(&self) -> Result<Vec<u8>, HostError> {
        let manifest = bundle::manifest(&self.state, &self.contents()?)
            .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))?;
        match self.state.manifest {
            Some(made) if made != Digest::of(&manifest) => Err(HostError::new(
                "the manifest is not the one that was made from the same transcript",
                "resume with the program that made it",
            )),
            _ => Ok(manifest),
        }
    }

    fn contents(&self) -> Result<bundle::Files, HostError> {
        let folder = &self.world.folder;
        bundle::contents(&self.state, self.world.journal.chain(), &|digest| {
            folder.kept(digest).ok()
        })
        .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))
    }

    /// Writes the bundle where it was asked for.
    pub(super) fn export(&mut self, manifest: Digest) -> Result<(), Stop> {
        self.busy("writing the bundle, and reading it back");
        let files = bundle::closed(self.contents()?, self.manifest()?, &self.state);
        bundle::write(&files, &self.world.out, &self.world.trust)?;
        self.record(Event::Exported { manifest })
    }
}

/// A document as people read it.
fn reading(document: Document, signed: Digest, bytes: &[u8]) -> Result<Reading, HostError> {
    let damaged = |error: &dyn std::fmt::Display| {
        HostError::new(
            format!("the proposed {} cannot be read: {error}", document.name()),
            "leave, and resume",
        )
    };
    let value = json::parse(bytes, bytes.len()).map_err(|error| damaged(&error))?;
    let lines = json::pretty(&value, 2);
    let parsed = tuf::Document::unsigned(value).map_err(|error| damaged(&error))?;
    let root = tuf::Root::read(&parsed).map_err(|error| damaged(&error))?;
    Ok(Reading {
        document,
        signed,
        changes: tuf::changes(None, &root)
            .iter()
            .map(ToString::to_string)
            .collect(),
        lines: lines.lines().map(crate::text::escape).collect(),
    })
}
