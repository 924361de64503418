//! How metadata is written: key ids, extra members, signed bytes and
//! the place of files.

mod files;
mod place;
pub(crate) mod tuf_ci;
pub(crate) mod tuf_on_ci;
pub mod tufops;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Document, DocumentError, DraftError, Holder, KeyId, RootDraft, Signer, TargetsDraft};
use keymoot_core::text::excerpt;

/// A way of writing metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// That of tuf-on-ci, which sigstore uses and Rust's RFC 3724 names
    TufOnCi,
    /// That of tufops, the Rust Foundation's experiment: see [`tufops`]
    Tufops,
    /// That of tuf-ci, the Rust Foundation's port of tuf-on-ci: DSSE
    TufCi,
}

/// A name that no dialect has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is no dialect; the dialects are {}", excerpt(.0), names())]
pub struct UnknownDialect(String);

fn names() -> String {
    Dialect::ALL.map(Dialect::name).join(", ")
}

/// Why a draft was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The draft is not one that could be signed.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The written file is no TUF document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::TufOnCi, Self::Tufops, Self::TufCi];

    /// The dialect of a repository's folder, by its current root; `file` returns
    /// the bytes at a path. `None` where no root is there that can be read. A root in
    /// POUF-1 that names nobody and whose key ids say nothing is read as tuf-on-ci.
    #[must_use]
    pub fn detect(file: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        files::detect(&file("metadata/root.json")?)
    }

    /// The name that policies and the command line use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TufOnCi => "tuf-on-ci",
            Self::Tufops => "tufops",
            Self::TufCi => "tuf-ci",
        }
    }

    /// Writes a root. The document carries the bytes to sign.
    ///
    /// # Errors
    /// The draft is not one that could be signed.
    pub fn root(self, draft: &RootDraft) -> Result<Document, WriteError> {
        write::root(self, draft)
    }

    /// Writes a targets document. The document carries the bytes to sign.
    ///
    /// # Errors
    /// The draft is not one that could be signed.
    pub fn targets(self, draft: &TargetsDraft) -> Result<Document, WriteError> {
        write::targets(self, draft)
    }

    /// The id of a holder's key, under which its signatures are listed.
    #[must_use]
    pub fn holder_key_id(self, holder: &Holder) -> KeyId {
        self.key_id(&Signer::Holder(holder.clone()))
    }

    /// The id of a signer's key.
    #[must_use]
    pub fn key_id(self, signer: &Signer) -> KeyId {
        write::key(self, signer).0
    }

    /// The document with these signatures as one file: what tools keep while
    /// signatures are gathered, and what [`Document::parse`] reads back. The
    /// same signatures in any order give the same bytes.
    #[must_use]
    pub fn assemble(self, document: &Document, signatures: &BTreeMap<KeyId, Vec<u8>>) -> Vec<u8> {
        files::assemble(self, document, signatures)
    }

    /// All files of a role's document in the repository's folder:
    /// paths with `/` and their bytes.
    #[must_use]
    pub fn files(
        self,
        role: &str,
        document: &Document,
        signatures: &BTreeMap<KeyId, Vec<u8>>,
    ) -> Vec<(String, Vec<u8>)> {
        files::files(self, role, document, signatures)
    }

    /// The paths that [`files`](Self::files) gives a role's document of that
    /// version.
    #[must_use]
    pub fn paths(self, role: &str, version: u64) -> Vec<String> {
        files::paths(self, role, version)
    }

    /// The paths among [`paths`](Self::paths) whose files hold the signatures.
    #[must_use]
    pub fn signature_paths(self, role: &str, version: u64) -> Vec<String> {
        let mut paths = self.paths(role, version);
        if self == Self::TufCi {
            paths.retain(|path| path.ends_with(files::SIGNATURES));
        }
        paths
    }

    /// The text of such a file with one more signature, put where this dialect's tools put it;
    /// every other byte stays as it is. `None` where the file has no place for it.
    #[must_use]
    pub fn put_signature(self, text: &[u8], keyid: &KeyId, signature: &[u8]) -> Option<Vec<u8>> {
        place::put(self, text, keyid, signature)
    }

    /// Reads a role's document back from a repository's folder, of which
    /// `file` gives the bytes at a path: the current one, or of root that of a
    /// `version` out of the history. `None` where there is none. The caller
    /// has limited the size of the bytes.
    ///
    /// # Errors
    /// The file is no TUF document.
    pub fn read(
        self,
        role: &str,
        version: Option<u64>,
        file: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Option<Document>, DocumentError> {
        files::read(self, role, version, file)
    }

    /// The file by which this dialect's tools mark an open signing event, if they do: its path
    /// in a repository's folder.
    #[must_use]
    pub fn event_state(self) -> Option<&'static str> {
        match self {
            Self::TufOnCi => Some("metadata/.signing-event-state"),
            Self::TufCi => Some("metadata/.signing-event.json"),
            Self::Tufops => None,
        }
    }

    /// Whether documents of this dialect name the holder or the address of a key. In
    /// tufops an unsigned file beside them does.
    #[must_use]
    pub fn names_signers(self) -> bool {
        match self {
            Self::TufOnCi | Self::TufCi => true,
            Self::Tufops => false,
        }
    }

    /// The patterns of names by which a role may sign for everything in its own folder.
    #[must_use]
    pub fn own_paths(self, role: &str) -> Vec<String> {
        // Clients read * as anything but a slash. tufops refuses patterns that end in one.
        let globs = (1..=4).map(|depth| format!("{role}{}", "/*".repeat(depth)));
        globs.collect()
    }

    /// The same as keymoot wrote them for the tufops of before September 2026, where
    /// `ROLE/` meant everything below.
    #[must_use]
    pub fn own_paths_before(self, role: &str) -> Vec<String> {
        let mut paths = self.own_paths(role);
        if self == Self::Tufops {
            paths.insert(0, format!("{role}/"));
        }
        paths
    }

    /// Whether these patterns are the role's own, of today or of before.
    #[must_use]
    pub fn are_own_paths(self, role: &str, paths: &[String]) -> bool {
        [self.own_paths(role), self.own_paths_before(role)]
            .iter()
            .any(|own| own == paths)
    }

    /// Whether the dialect's tools choose the order of delegated roles: see
    /// [`tufops::place`].
    #[must_use]
    pub fn sorts_delegations(self) -> bool {
        match self {
            Self::Tufops => true,
            Self::TufOnCi | Self::TufCi => false,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        let found = Self::ALL.into_iter().find(|dialect| dialect.name() == text);
        found.ok_or_else(|| UnknownDialect(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
