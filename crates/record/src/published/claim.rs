//! What is verified about a published repository.

use keymoot_attestation::TrustStore;
use keymoot_tuf::{Dialect, FileFacts, TargetFile};

use super::documents::Served;
use crate::{bundle::Files, expectation::ExpectationSet};

/// The help for a repository that does not hold together.
pub(super) const GET_AGAIN: &str =
    "get the repository again from its publisher; if it is the same, report it";

/// A published repository, and the verifier's expectations.
pub struct Claim<'a> {
    /// Its files as a working tree has them: `metadata/`, `attestations/`, `revoked.json`
    pub files: &'a Files,
    /// What only its server has, where it is as one publishes it
    pub served: &'a Served,
    /// How its documents are written
    pub dialect: Dialect,
    /// A root from another channel; the chain begins with the first root without it
    pub trusted_root: Option<Vec<u8>>,
    /// Whether it is to be one of a rehearsal
    pub rehearsal: bool,
    /// Its minimum strength
    pub set: &'a ExpectationSet,
    /// The vendor whose certificates count
    pub vendor: &'a TrustStore,
    /// Length and hashes of the target file of that name; `None` where there is none
    pub target: &'a dyn Fn(&str, &TargetFile) -> Option<FileFacts>,
}
