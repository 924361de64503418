//! Oddities in metadata that do not make it wrong.

use super::KeyId;
use super::nonconformity::Nonconformity;
use keymoot_core::digest::Digest;
use keymoot_core::text::excerpt;

/// An oddity, with a stable name and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Warning {
    /// A key's id is not the SHA-256 of its canonical object.
    #[error("key {} has an id that is not the hash of its content", .0.short())]
    KeyIdNotHash(KeyId),
    /// Key objects use the scheme's name as their type, as before 2024.
    #[error("the old key type ecdsa-sha2-nistp256 is used (keys {})", list(.0))]
    LegacyKeyType(Vec<KeyId>),
    /// A key this program cannot use; the reason is safe to show.
    #[error("key {} is not used: {reason}", .keyid.short())]
    UnusableKey {
        /// Its name
        keyid: KeyId,
        /// Why
        reason: String,
    },
    /// A role lists a key that the document does not have.
    #[error("role {} lists key {}, which the document does not contain", excerpt(.role), .keyid.short())]
    MissingKey {
        /// The role
        role: String,
        /// The key's name
        keyid: KeyId,
    },
    /// One key under more than one name, in keys or in signatures.
    #[error("one key is under several ids ({}); it counts once", list(.keyids))]
    KeyUnderSeveralIds {
        /// Its identity
        fingerprint: Digest,
        /// Its names, in order
        keyids: Vec<KeyId>,
    },
    /// `expires` is in another form than clients read.
    #[error("expires is written {}, which not every client reads", excerpt(.0))]
    UnusualTime(String),
    /// A signature that was never filled in.
    #[error("the signature of key {} is an empty placeholder", .0.short())]
    Placeholder(KeyId),
    /// A signature that does not verify, beside enough that do.
    #[error("a signature under key {} does not count: {reason}", .keyid.short())]
    RejectedSignature {
        /// The name it is under
        keyid: KeyId,
        /// Why
        reason: String,
    },
    /// A signature by a key that neither this root nor the one before names.
    #[error("there is a signature under key {}, which has no part in this root", .0.short())]
    UnknownSigner(KeyId),
    /// A P-384 key: tough, the client of the Amazon projects, refuses a root
    /// that has one, for any role.
    #[error(
        "key {} is an ECDSA P-384 key; tough refuses every document that contains one",
        .0.short()
    )]
    KeyRefusedElsewhere(KeyId),
    /// What clients refuse. The form of `expires` is [`UnusualTime`](Self::UnusualTime).
    #[error("{0}")]
    Nonconforming(Nonconformity),
    /// Something beside `signed` and `signatures`, which nobody signed.
    #[error("the unsigned member \"{}\" beside \"signed\" is ignored", excerpt(.0))]
    UnsignedMember(String),
}

impl Warning {
    /// What clients refuse. The reader of `expires` has its own warning.
    pub fn nonconforming(found: Vec<Nonconformity>) -> impl Iterator<Item = Self> {
        let others = found.into_iter();
        others
            .filter(|one| !matches!(one, Nonconformity::Expires(_)))
            .map(Self::Nonconforming)
    }

    /// The name that scripts may rely on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::KeyIdNotHash(_) => "KEY-ID-NOT-HASH",
            Self::LegacyKeyType(_) => "LEGACY-KEY-TYPE",
            Self::UnusableKey { .. } => "UNUSABLE-KEY",
            Self::MissingKey { .. } => "MISSING-KEY",
            Self::KeyUnderSeveralIds { .. } => "KEY-UNDER-SEVERAL-IDS",
            Self::UnusualTime(_) => "UNUSUAL-TIME",
            Self::Placeholder(_) => "PLACEHOLDER-SIGNATURE",
            Self::RejectedSignature { .. } => "REJECTED-SIGNATURE",
            Self::UnknownSigner(_) => "UNKNOWN-SIGNER",
            Self::KeyRefusedElsewhere(_) => "KEY-REFUSED-ELSEWHERE",
            Self::Nonconforming(what) => what.name(),
            Self::UnsignedMember(_) => "UNSIGNED-MEMBER",
        }
    }
}

fn list(keyids: &[KeyId]) -> String {
    let short: Vec<_> = keyids.iter().map(KeyId::short).collect();
    short.join(", ")
}
