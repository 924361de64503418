//! Published enrolments: which key is in which device, and the proof of it.
//!
//! ```text
//! <handle>/<serial>/attestation.pem   the key's attestation, by the device
//! <handle>/<serial>/device.pem        the device's certificate, by the vendor
//! <handle>/<serial>/key.pem           the key
//! <handle>/<serial>/enrolment.json    the statement that the key signed
//! ```

use std::collections::BTreeMap;

use super::inputs::Inputs;
use crate::{
    ceremony::{
        enrolment::Enrolment,
        statement::{self, Stated},
    },
    rules::roster::Handle,
};
use keymoot_attestation::{Evidence, certificate_der};
use keymoot_core::{Rule, Violation, digest::Digest, text::excerpt};

/// An enrolment of an earlier ceremony, as it was published. The key signed its statement.
/// Whether the evidence leads to a vendor is for the rules of
/// devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Who holds the device
    pub handle: Handle,
    /// The name under which the same key was enrolled before, where the holder was renamed
    pub formerly: Option<Handle>,
    /// Device, key and the digests of the files
    pub enrolment: Enrolment,
    /// The certificates
    pub evidence: Evidence,
    /// `live` or `rehearsal`, as the statement says
    pub mode: String,
    statement: Vec<u8>,
}

impl Published {
    /// The file that the enrolment speaks of by this digest.
    pub(super) fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let Evidence {
            attestation,
            device,
        } = &self.evidence;
        let files = [
            (self.enrolment.attestation, attestation),
            (self.enrolment.device, device),
            (Digest::of(&self.statement), &self.statement),
        ];
        files
            .into_iter()
            .find(|(known, _)| known == digest)
            .map(|(_, bytes)| bytes.clone())
    }
}

/// Whether the key of an enrolment signed, in another enrolment, that its holder has another name.
pub(in crate::ceremony) fn is_renamed(one: &Published, all: &[Published]) -> bool {
    all.iter().any(|other| {
        other.enrolment.spki == one.enrolment.spki && other.formerly.as_ref() == Some(&one.handle)
    })
}

/// Reads every enrolment below a folder of them.
///
/// # Errors
/// A [`Violation`] of KEY-PUBLISHED for each that is not whole or not signed.
pub(super) fn read(files: &Inputs) -> Result<Vec<Published>, Vec<Violation>> {
    let mut folders = BTreeMap::<&str, BTreeMap<&str, &[u8]>>::new();
    for (path, bytes) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        folders.entry(folder).or_default().insert(name, bytes);
    }
    let (mut read, mut violations) = (Vec::new(), Vec::new());
    for (folder, files) in folders {
        match one(folder, &files) {
            Ok(published) => read.push(published),
            Err(why) => violations.push(Violation::new(
                Rule::KeyPublished,
                format!("the enrolment in attestations/{}: {why}", excerpt(folder)),
                "get the published enrolments again; an incomplete one proves nothing",
            )),
        }
    }
    match violations.is_empty() {
        true => Ok(read),
        false => Err(violations),
    }
}

fn one(folder: &str, files: &BTreeMap<&str, &[u8]>) -> Result<Published, String> {
    let file = |name: &str| {
        files
            .get(name)
            .copied()
            .ok_or_else(|| format!("{name} is missing"))
    };
    let certificate = |name: &str| {
        certificate_der(file(name)?).map_err(|why| format!("{name} is no certificate: {why}"))
    };
    let signed = file("enrolment.json")?;
    let Stated {
        handle,
        formerly,
        enrolment,
        mode,
    } = statement::read_enrolment(signed)?;
    let evidence = Evidence {
        attestation: certificate("attestation.pem")?,
        device: certificate("device.pem")?,
    };
    if Digest::of(&evidence.attestation) != enrolment.attestation
        || Digest::of(&evidence.device) != enrolment.device
    {
        return Err("its certificates are not those that its statement names".to_owned());
    }
    if folder != format!("{handle}/{}", enrolment.serial) {
        return Err(format!(
            "its statement is of {handle} and device {}",
            enrolment.serial
        ));
    }
    Ok(Published {
        handle,
        formerly,
        enrolment,
        evidence,
        mode,
        statement: signed.to_vec(),
    })
}
