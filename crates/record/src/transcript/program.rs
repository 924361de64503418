//! The program that records a transcript.

use keymoot_core::digest::Digest;
use serde::{Deserialize, Serialize};

/// The program that records a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name and version.
    pub name: String,
    /// The digest of the running file.
    pub sha256: Digest,
    /// Its bill of materials, which the bundle carries.
    pub sbom: Digest,
}
