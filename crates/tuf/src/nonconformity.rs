//! The kinds of what clients refuse although keymoot can read it.

use super::KeyId;
use keymoot_core::text::quoted;

/// Why clients refuse a document, or a part of it, that keymoot can read. Shown as a part of a
/// sentence, in which foreign text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Nonconformity {
    /// `spec_version` is neither `1.N` nor `1.N.N` in digits.
    #[error("spec_version is {}, and clients read 1 alone, as 1.0.0", quoted(.0))]
    SpecVersion(String),
    /// The document's version is 0.
    #[error("its version is 0, and clients count from 1")]
    ZeroVersion,
    /// A snapshot or timestamp lists version 0 of a file.
    #[error("it lists version 0 of {}, and clients count from 1", quoted(.0))]
    ListedZeroVersion(String),
    /// A root has a role beside the four of the specification.
    #[error("the root has a role {}, and clients read the four of TUF alone", quoted(.0))]
    ExtraRole(String),
    /// A key is of no kind that clients know, or lacks a member, so they refuse the whole document.
    #[error("clients do not read key {}, and refuse every document that has it", .0.short())]
    Key(KeyId),
    /// A role has fewer usable keys than must sign, so nobody can sign for it.
    #[error(
        "the threshold of {} is {threshold}, and it has {usable} distinct keys that can be used",
        quoted(.role)
    )]
    Threshold {
        /// The role
        role: String,
        /// How many keys must sign
        threshold: u32,
        /// How many distinct keys keymoot can use
        usable: usize,
    },
    /// `expires` is in another form than clients read.
    #[error("expires is {}, and clients read YYYY-MM-DDTHH:MM:SSZ alone", quoted(.0))]
    Expires(String),
    /// A snapshot or timestamp lists a file with `hashes` in which there is none.
    #[error("the hashes of {} are empty, and clients demand one", quoted(.0))]
    EmptyHashes(String),
    /// A snapshot or timestamp lists a file with hashes of which keymoot computes none.
    #[error("{} is listed with no hash that keymoot computes", quoted(.0))]
    UnknownHashes(String),
    /// A delegated path has a character that some clients match as it is, and some do not.
    #[error("clients differ about the pattern {} of {}", quoted(.pattern), quoted(.role))]
    Pattern {
        /// The delegated role
        role: String,
        /// The pattern
        pattern: String,
    },
}

impl Nonconformity {
    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SpecVersion(_) => "SPEC-VERSION",
            Self::ZeroVersion | Self::ListedZeroVersion(_) => "ZERO-VERSION",
            Self::ExtraRole(_) => "EXTRA-ROLE",
            Self::Key(_) => "UNREADABLE-KEY",
            Self::Threshold { .. } => "UNREACHABLE-THRESHOLD",
            Self::Expires(_) => "UNUSUAL-TIME",
            Self::EmptyHashes(_) => "EMPTY-HASHES",
            Self::UnknownHashes(_) => "UNKNOWN-HASHES",
            Self::Pattern { .. } => "UNUSUAL-PATTERN",
        }
    }

    /// Whether it concerns the document. Clients notice the others only when they need the role or
    /// the file that it names.
    #[must_use]
    pub fn is_of_document(&self) -> bool {
        !matches!(self, Self::Threshold { .. } | Self::UnknownHashes(_))
    }
}
