//! MANIFEST.json and MANIFEST.sigs.json.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{
    Files,
    error::ContentsError,
    layout::{AFTER_THE_SEAL, MANIFEST, SIGNATURES},
};
use crate::{
    apart::{canonical, strict},
    ceremony::{State, statement},
    report::DERIVATION,
    transcript::Mode,
};
use keymoot_core::digest::Digest;
use keymoot_tuf::KeyId;

/// The format that a manifest names.
const FORMAT: &str = "keymoot-bundle-1";

/// The content of MANIFEST.json.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Names the ceremony.
    pub ceremony: String,
    /// The derivation revision of the report, [`crate::report::DERIVATION`]; 1 is left out.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub derivation: u32,
    /// Every file except the manifest and the signatures, by path.
    pub files: Vec<Listed>,
    /// Always `keymoot-bundle-1`.
    pub format: String,
    /// The head of the bundle's transcript.
    pub head: Digest,
    /// Live or rehearsal.
    pub mode: Mode,
}

/// A file in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its path in the bundle.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// The content of MANIFEST.sigs.json: closing signatures over the DSSE pre-authentication
/// encoding of MANIFEST.json's exact bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// Always [`statement::MANIFEST`].
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// By key id, each once.
    pub signatures: Vec<Closing>,
}

/// A closing signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The key's id in root.json.
    pub keyid: KeyId,
    /// The signature, standard base64 with padding.
    pub sig: String,
}

impl Manifest {
    /// Reads a manifest. Only the exact bytes that [`manifest`] writes are accepted.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = strict(bytes)?;
        match (manifest.format == FORMAT, manifest.derivation) {
            (true, 0) => Err("it names the derivation revision 0".to_owned()),
            (true, _) => Ok(manifest),
            (false, _) => Err(format!("its format is not {FORMAT}")),
        }
    }
}

fn first() -> u32 {
    1
}

// serde calls it with a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_first(derivation: &u32) -> bool {
    *derivation == first()
}

impl Signatures {
    /// Reads the closing signatures. Only the exact bytes that [`closed`] writes
    /// are accepted.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let signatures: Self = strict(bytes)?;
        if signatures.payload_type != statement::MANIFEST {
            return Err("its payload type is not that of a manifest".to_owned());
        }
        let ordered = signatures.signatures.windows(2).all(|pair| match pair {
            [one, next] => one.keyid < next.keyid,
            _ => true,
        });
        if ordered {
            Ok(signatures)
        } else {
            Err("its key ids are not in order, each once".to_owned())
        }
    }
}

/// MANIFEST.json for the files of a sealed ceremony, in canonical form. It lists
/// neither itself nor its signatures.
///
/// # Errors
/// [`ContentsError`] when the ceremony is not sealed.
pub fn manifest(state: &State, files: &Files) -> Result<Vec<u8>, ContentsError> {
    of_revision(state, files, DERIVATION)
}

/// MANIFEST.json of a program with another derivation revision.
pub(super) fn of_revision(
    state: &State,
    files: &Files,
    derivation: u32,
) -> Result<Vec<u8>, ContentsError> {
    let (Some(opening), Some(seal)) = (&state.opening, &state.sealed) else {
        return Err(ContentsError::of("its transcript is not sealed"));
    };
    let beside = |path: &str| [MANIFEST, SIGNATURES, AFTER_THE_SEAL].contains(&path);
    let others = files.iter().filter(|(path, _)| !beside(path));
    let listed = others.map(|(path, bytes)| Listed {
        path: path.clone(),
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
    });
    let manifest = Manifest {
        ceremony: opening.ceremony.clone(),
        derivation,
        files: listed.collect(),
        format: FORMAT.to_owned(),
        head: seal.head,
        mode: opening.mode,
    };
    canonical(&manifest).map_err(|why| ContentsError::of(&why))
}

/// The whole bundle: the files, the manifest and the closing signatures.
///
/// # Errors
/// [`ContentsError`] when the signatures cannot be written down.
pub fn closed(mut files: Files, manifest: Vec<u8>, state: &State) -> Result<Files, ContentsError> {
    let closings: BTreeMap<_, _> = state
        .seats
        .iter()
        .filter_map(|seat| seat.closing.as_ref())
        .map(|closing| (closing.keyid.clone(), STANDARD.encode(&closing.bytes)))
        .collect();
    let signatures = Signatures {
        payload_type: statement::MANIFEST.to_owned(),
        signatures: closings
            .into_iter()
            .map(|(keyid, sig)| Closing { keyid, sig })
            .collect(),
    };
    let signatures = canonical(&signatures).map_err(|why| ContentsError::of(&why))?;
    files.insert(MANIFEST.to_owned(), manifest);
    files.insert(SIGNATURES.to_owned(), signatures);
    Ok(files)
}
