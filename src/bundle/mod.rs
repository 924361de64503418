//! The bundle: what leaves the room, and what anybody can check.
//!
//! Its files are a pure function of the sealed transcript and the objects that it
//! speaks of ([`contents`]); the manifest lists them all, and the holders' closing
//! signatures are over the manifest's exact bytes.

mod audits;
mod contents;
mod enrolled;
mod evidence;
pub mod export;
mod kinship;
mod manifest;
mod previous;
mod programs;
mod read;
mod sbom;
mod signatures;
mod surroundings;
mod transcript;
mod verify;
mod write;

use std::collections::BTreeMap;

pub use contents::{ContentsError, contents, enrolment_folder};
pub use kinship::{Fork, Kinship, kinship};
pub use manifest::{Listed, MANIFEST, Manifest, SIGNATURES, Signatures, closed, manifest};
pub use previous::{of_bundle, of_tree};
pub use read::{Bundle, read, read_tree};
pub use sbom::this_program;
pub use verify::{Expectations, verify};
pub use write::write;

/// Files of a bundle: path, with `/` between its parts, to content.
pub type Files = BTreeMap<String, Vec<u8>>;
