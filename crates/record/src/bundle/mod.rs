//! The bundle: the published record of a ceremony, which anybody can check.
//!
//! Its files are a pure function of the sealed transcript and the objects that it
//! speaks of ([`contents`]); the manifest lists them all, and the holders' closing
//! signatures are over the manifest's exact bytes.

mod after;
mod amendments;
mod answered;
mod audits;
mod contents;
mod enrolled;
mod error;
mod evidence;
mod kinship;
mod layout;
mod manifest;
mod previous;
mod programs;
mod record;
mod sbom;
mod signatures;
mod surroundings;
mod transcript;
mod verify;

use std::collections::BTreeMap;

pub use after::{after_the_seal, same_but_after_the_seal};
pub(crate) use amendments::{replaced, unwound};
pub use contents::{contents, enrolment_folder};
pub use error::ContentsError;
pub use kinship::{Fork, Kinship, kinship};
pub use layout::{
    AFTER_THE_SEAL, ATTESTATIONS, MANIFEST, REPOSITORIES, SIGNATURES, TUF_CRATES, TUF_ROOT,
};
pub use manifest::{Listed, Manifest, Signatures, closed, manifest};
pub use previous::{of_bundle, of_tree, previous_state};
pub use record::so_far;
pub use sbom::this_program;
pub use signatures::unsigned;
pub(crate) use verify::other_files;
pub use verify::{Expectations, ExpectedFiles, account, declaration, history, verify};

/// The help for a bundle whose record contradicts itself.
const STOP: &str =
    "check that you have the right bundle; then do not trust it, and tell its publisher";

/// Files of a bundle: path, with `/` between its parts, to content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A bundle in memory, as it was read and before verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: Files,
}

impl Bundle {
    /// Its files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// A bundle of these files.
    #[must_use]
    pub fn of(files: Files) -> Self {
        Self { files }
    }
}

/// Whether a file or folder of a bundle may have this name.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}
