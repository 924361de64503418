//! The steps that need no device: checking the machine, building and verifying
//! documents, sealing the transcript and writing the bundle.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Driver, Reading, Stop};
use crate::host::{bundle as bundle_files, clock, machine};
use keymoot_core::{HostError, digest::Digest, text::quoted_path};
use keymoot_record::{
    bundle,
    ceremony::{
        carried,
        previous::Previous,
        propose,
        script::{Document, Kind, Step},
        verify,
    },
    rules::{self, machine::Past},
    transcript::{Event, Mode},
};
use keymoot_tuf as tuf;

impl Driver<'_, '_> {
    pub(super) fn examine_machine(&mut self) -> Result<(), Stop> {
        self.busy("checking the machine");
        let Some(opening) = &self.state.opening else {
            return Ok(());
        };
        let copies = self.world.copies.iter().map(PathBuf::as_path);
        let places: Vec<_> = [self.world.folder.path(), self.world.out.as_path()]
            .into_iter()
            .chain(copies)
            .collect();
        let mut holders = self.state.plan.roster.holders.iter();
        let yubikeys = holders.any(|holder| holder.family.is_yubikey());
        let machine = machine::examine(&places, yubikeys)?;
        let verdicts = rules::machine::check(&machine, &self.past(), opening.mode, opening.format);
        self.record(Event::MachineChecked { verdicts })
    }

    /// The latest known times: of the previous state, and of this transcript.
    fn past(&self) -> Vec<Past> {
        let last = self.world.journal.chain().entries().last();
        let written = last.map(|entry| Past {
            at: entry.time,
            what: "the last line of this transcript was written",
        });
        let previous = self.state.plan.previous().map(Previous::past);
        previous
            .unwrap_or_default()
            .into_iter()
            .chain(written)
            .collect()
    }

    /// Checks the previous state.
    pub(super) fn load(&mut self) -> Result<(), Stop> {
        self.busy("verifying the previous state");
        let verdicts = carried::judge(&self.state, &self.world.trust);
        self.record(Event::Loaded { verdicts })
    }

    /// A file that events speak of: kept in the folder, or given before the beginning.
    pub(super) fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.world.folder.kept(digest).ok();
        kept.or_else(|| self.state.plan.object(digest))
    }

    /// Builds a document, checks it against every rule, and keeps it to be read.
    pub(super) fn propose(&mut self, document: Document) -> Result<(), Stop> {
        let made = clock::now()?;
        let proposed = propose::document(&self.state, document, made)
            .map_err(|violation| HostError::new(violation.what, violation.next))?;
        let verdicts = propose::check(&self.state, document, &proposed, made);
        let dialect = self.state.plan.policy.dialect;
        let unsigned = dialect.assemble(&proposed, &BTreeMap::new());
        let file = self.world.folder.keep(&unsigned)?;
        self.record(Event::Proposed {
            document,
            made,
            file,
            signed: proposed.digest(),
            verdicts,
        })?;
        self.read_proposals()?;
        self.show();
        Ok(())
    }

    /// Makes every proposed document ready to be read.
    pub(super) fn read_proposals(&mut self) -> Result<(), HostError> {
        let mut readings = Vec::new();
        for &document in self.state.documents.keys() {
            let proposed = self.proposal(document)?;
            let changes = propose::changes(&self.state, document, &proposed)
                .map_err(|why| damaged(document, &why))?;
            readings.push(Reading {
                name: document.name().to_owned(),
                version: proposed.version(),
                signed: proposed.digest(),
                reasons: self.state.reasons(document),
                changes,
                lines: Reading::lines(&proposed),
            });
        }
        self.readings = readings.into();
        Ok(())
    }

    /// A proposed document as it was kept.
    pub(super) fn proposal(&self, document: Document) -> Result<tuf::Document, HostError> {
        verify::proposal(&self.state, document, &|digest| self.object(digest))
            .map_err(|why| damaged(document, &why))
    }

    /// Verifies the signed documents as a client would.
    pub(super) fn verify(&mut self) -> Result<(), Stop> {
        self.busy("verifying the signed documents");
        let mut verdicts = verify::signed_documents(&self.state, &|digest| self.object(digest));
        verdicts.extend(self.state.presence().map(|presence| presence.verdict()));
        self.record(Event::Verified { verdicts })
    }

    /// Seals the transcript, and keeps the other files of the bundle.
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

    /// Makes the manifest again where another program made it with other texts. The holders
    /// close again, because they sign another manifest.
    pub(super) fn make_manifest_again(&mut self) -> Result<(), HostError> {
        if !self.state.may_make_manifest_again() || self.state.is_finished() {
            return Ok(());
        }
        let manifest = Digest::of(&self.manifest_of_this_program()?);
        if self.state.manifest == Some(manifest) {
            return Ok(());
        }
        match self.record(Event::ManifestMade { manifest }) {
            Err(Stop::Host(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn manifest_of_this_program(&self) -> Result<Vec<u8>, HostError> {
        bundle::manifest(&self.state, &self.contents()?)
            .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))
    }

    /// MANIFEST.json, made again from the sealed transcript.
    pub(super) fn manifest(&self) -> Result<Vec<u8>, HostError> {
        let manifest = self.manifest_of_this_program()?;
        match self.state.manifest {
            Some(made) if made != Digest::of(&manifest) => Err(HostError::new(
                "the recomputed manifest differs from the recorded one",
                "resume with the program that made it",
            )),
            _ => Ok(manifest),
        }
    }

    fn contents(&self) -> Result<bundle::Files, HostError> {
        bundle::contents(
            &self.state,
            self.world.journal.chain(),
            &|digest| self.object(digest),
            &self.world.trust,
        )
        .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))
    }

    /// Tries the places for the bundle before anybody signs, while another can still be named.
    pub(super) fn try_places(&self) -> Result<(), HostError> {
        let signs = |step: &Step| matches!(step.kind, Kind::Sign | Kind::Prove | Kind::Close);
        if !self.state.current().is_some_and(signs) {
            return Ok(());
        }
        for place in std::iter::once(&self.world.out).chain(&self.world.copies) {
            bundle_files::try_place(place).map_err(|error| {
                let dir = quoted_path(self.world.folder.path());
                let help = format!(
                    "nothing is lost: keymoot resume {dir} --out BUNDLE, with a writable place"
                );
                HostError::new(error.what, help)
            })?;
        }
        Ok(())
    }

    /// Writes the bundle to its place.
    pub(super) fn export(&mut self, manifest: Digest) -> Result<(), Stop> {
        self.busy("writing the bundle, and reading it back");
        let mut files = bundle::closed(self.contents()?, self.manifest()?, &self.state)
            .map_err(|error| HostError::new(error.to_string(), "leave, and resume"))?;
        if let Some(after) = bundle::after_the_seal(&self.state, self.world.journal.chain()) {
            files.insert(bundle::AFTER_THE_SEAL.to_owned(), after);
        }
        let rehearsal = self.state.opening.as_ref().map(|o| o.mode) == Some(Mode::Rehearsal);
        let expected = bundle::Expectations {
            rehearsal,
            ended: self.state.ended.is_some(),
            ..bundle::Expectations::default()
        };
        // The first place last: while it is missing, there is no bundle yet.
        for place in self.world.copies.iter().chain([&self.world.out]) {
            bundle_files::write(&files, place, &expected, &self.world.trust)?;
        }
        self.record(Event::Exported { manifest })
    }
}

fn damaged(document: Document, error: &dyn std::fmt::Display) -> HostError {
    HostError::new(
        format!("the proposed {}: {error}", document.name()),
        "leave, and resume",
    )
}
