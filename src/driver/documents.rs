//! The steps that need no device: examining the machine, building and verifying
//! documents, sealing the transcript and writing the bundle.

use std::collections::BTreeMap;

use super::{Driver, Reading, Stop};
use crate::{
    bundle,
    ceremony::{propose, script::Document, verify},
    digest::Digest,
    host::{HostError, clock, machine},
    rules,
    transcript::{Event, Mode},
    tuf::{self, dialect::tuf_on_ci, json},
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
        let unsigned = tuf_on_ci::assemble(proposed.signed(), &BTreeMap::new());
        let file = self.world.folder.keep(&unsigned)?;
        self.record(Event::Proposed {
            document: document.name().to_owned(),
            made,
            file,
            signed: proposed.digest(),
            verdicts,
        })?;
        self.read_proposals().map_err(Stop::from)
    }

    /// Makes every proposed document ready to be read.
    pub(super) fn read_proposals(&mut self) -> Result<(), HostError> {
        let mut readings = Vec::new();
        for &document in self.state.documents.keys() {
            readings.push(reading(document, &self.proposal(document)?)?);
        }
        self.readings = readings;
        Ok(())
    }

    /// A proposed document as it was kept.
    pub(super) fn proposal(&self, document: Document) -> Result<tuf::Document, HostError> {
        let folder = &self.world.folder;
        verify::proposal(&self.state, document, &|digest| folder.kept(digest).ok())
            .map_err(|why| damaged(document, &why))
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
        let mut attachments = BTreeMap::new();
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
        let files = bundle::closed(self.contents()?, self.manifest()?, &self.state)
            .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))?;
        let rehearsal = self.state.opening.as_ref().map(|o| o.mode) == Some(Mode::Rehearsal);
        bundle::write(
            &files,
            &self.world.out,
            &bundle::Expectations {
                rehearsal,
                trusted_root: None,
            },
        )?;
        self.record(Event::Exported { manifest })
    }
}

/// A document as people read it.
fn reading(document: Document, proposed: &tuf::Document) -> Result<Reading, HostError> {
    let root = tuf::Root::read(proposed).map_err(|error| damaged(document, &error))?;
    Ok(Reading {
        document,
        signed: proposed.digest(),
        changes: tuf::changes(None, &root)
            .iter()
            .map(ToString::to_string)
            .collect(),
        lines: json::pretty(proposed.signed(), 2)
            .lines()
            .map(crate::text::escape)
            .collect(),
    })
}

fn damaged(document: Document, error: &dyn std::fmt::Display) -> HostError {
    HostError::new(
        format!("the proposed {}: {error}", document.name()),
        "leave, and resume",
    )
}
