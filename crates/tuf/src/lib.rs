//! TUF metadata: reading, verifying, comparing and writing it.
//!
//! Pure: no input or output, no clock, no knowledge of ceremonies. A file's text becomes a
//! [`Document`], which keeps the exact bytes that were signed. A root document's meaning is a
//! [`Root`]. [`verify_root`] counts its signatures by distinct key material and alone yields a
//! [`VerifiedRoot`]. [`changes()`] describes differences in sentences. A new document begins as a
//! [`RootDraft`] and is written by a [`dialect`].
//!
//! ```text
//! keymoot → verify → record → tuf, attestation → core
//! ```
//!
//! ```
//! use keymoot_tuf::{Document, verify_root};
//!
//! let text = include_bytes!(
//!     "../../../tests/data/bundles/0.2.0-live/bundle/repositories/tuf-root/metadata/root.json"
//! );
//! let document = Document::parse(text, text.len())?;
//! let root = verify_root(None, document)?;
//! assert_eq!(root.root().version, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod changes;
mod common;
mod conformance;
pub mod dialect;
mod document;
mod draft;
pub mod dsse;
mod expiry;
pub mod key;
mod key_id;
mod line_endings;
mod meta;
mod nonconformity;
pub mod parallel;
mod periods;
mod role;
mod root;
#[cfg(test)]
mod samples;
pub mod sshsig;
mod targets;
mod verify;
mod warning;

pub use changes::{Change, changes, document_changes, name_keys, target_changes};
pub use conformance::nonconformities;
pub use dialect::{Dialect, WriteError};
pub use document::{Document, DocumentError, Form, PAYLOAD_TYPE, Signature};
pub use draft::{
    DelegationDraft, DraftError, Holder, OnlineKey, RootDraft, Signer, TargetsDraft,
    check_role_name,
};
pub use expiry::{Expiry, Lifetime};
pub use key::{PublicKey, low_s};
pub use key_id::KeyId;
pub use meta::FileFacts;
pub use nonconformity::Nonconformity;
pub use periods::Periods;
pub use role::{KeyEntry, RoleKeys};
pub use root::Root;
pub use targets::{DelegatedRole, Delegations, TargetFile, Targets, pattern_covers, patterns_meet};
pub use verify::{
    Agreement, Candidate, ChainError, Checks, Contradiction, Delegator, Gap, History, Quorum,
    Rejection, RoleError, RootError, Unmet, ValidSignature, VerifiedRole, VerifiedRoot, Walk,
    agreement, count, verify_chain, verify_roles, verify_root,
};
pub use warning::Warning;
