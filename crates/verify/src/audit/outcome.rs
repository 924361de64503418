//! The outcome of an audit.

use keymoot_core::{Verdict, digest::Digest};
use serde::Serialize;

use super::search::Step;

/// The documents down to the file, and the verdicts.
#[derive(Debug, Serialize)]
pub(super) struct Audit {
    pub(super) format: &'static str,
    /// Whether no rule is violated
    pub(super) holds: bool,
    pub(super) target: String,
    pub(super) at: String,
    /// Whether there was an earlier audit to compare with
    pub(super) remembered: bool,
    /// Until when the answer is fresh: the earliest expiry on the way
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fresh_until: Option<String>,
    pub(super) repositories: Vec<Followed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<AuditedFile>,
    pub(super) verdicts: Vec<Verdict>,
}

/// The documents from one repository.
#[derive(Debug, Serialize)]
pub(super) struct Followed {
    pub(super) name: &'static str,
    /// Keys of the root role, and how many must sign
    pub(super) keys: usize,
    pub(super) threshold: u32,
    pub(super) documents: Vec<Step>,
}

#[derive(Debug, Serialize)]
pub(super) struct AuditedFile {
    pub(super) length: usize,
    pub(super) sha256: Digest,
}
