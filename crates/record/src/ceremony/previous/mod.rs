//! The previous state: the documents, the enrolments and the revoked keys
//! that a ceremony starts from.
//!
//! All of it comes from files given before the ceremony begins ([`Inputs`]). The
//! chain of roots is verified from its first version, or from the root that the
//! people in the room trust, before anything is proposed.

mod enrolments;
mod inputs;
mod judged;
mod newest;
mod read;
mod revoked;
mod roots;

use std::collections::BTreeMap;

pub use crate::rules::scenario::REVOKED;
pub use enrolments::Published;
pub(in crate::ceremony) use enrolments::is_renamed;
pub use inputs::{AUTHORISED, ENDED, INCOMING, Inputs, PREVIOUS, TRUSTED_ROOT};
pub use judged::{judged, unjudged};
pub use newest::whose_root;
pub(crate) use newest::{READ_ANOTHER, rolled_back, trusted as trusted_root};
pub use revoked::{Revoked, RevokedKey};
pub(crate) use roots::chain as chain_of_roots;

use crate::{
    rules::{machine::Past, roster::Handle, scenario::Document},
    transcript::Time,
};
use keymoot_core::digest::Digest;
use keymoot_tuf as tuf;
use keymoot_tuf::dialect::tufops::Config;
use keymoot_tuf::{Targets, VerifiedRoot};

/// The previous state, verified from its own files. Only
/// [`Previous::read`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    roots: Vec<VerifiedRoot>,
    trusted: Option<u64>,
    targets: Option<Vouched>,
    crates: Option<Vouched>,
    crates_roots: Vec<VerifiedRoot>,
    enrolments: Vec<Published>,
    holders: BTreeMap<Handle, Digest>,
    revoked: Revoked,
    ended: Option<Time>,
    /// The holders and periods in `tufops.toml`. Nobody signs it.
    unsigned: Option<Config>,
}

/// A targets document that its delegator's keys have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// As it was signed
    pub document: tuf::Document,
    /// Its parsed content
    pub content: Targets,
}

impl Previous {
    /// Known times by the end of the previous ceremony.
    #[must_use]
    pub fn past(&self) -> Vec<Past> {
        let ended = self.ended.map(|at| Past {
            at,
            what: "the previous ceremony ended",
        });
        // A root is valid at most for its stated period after it was made.
        let made = self.root().map(VerifiedRoot::root).and_then(|root| {
            let days = i64::from(root.periods?.expiry_days);
            Some(Past {
                at: Time::from_unix(root.expires.unix())?.plus(-days, 0)?,
                what: "the previous root was made",
            })
        });
        ended.into_iter().chain(made).collect()
    }

    /// The chain of roots, the first version that is known first. Never empty.
    #[must_use]
    pub fn roots(&self) -> &[VerifiedRoot] {
        &self.roots
    }

    /// The root that the next one follows.
    #[must_use]
    pub fn root(&self) -> Option<&VerifiedRoot> {
        self.roots.last()
    }

    /// The version of the root that was known from another channel, where one was given.
    #[must_use]
    pub fn trusted(&self) -> Option<u64> {
        self.trusted
    }

    /// `targets.json`
    #[must_use]
    pub fn targets(&self) -> Option<&Vouched> {
        self.targets.as_ref()
    }

    /// `crates.json`
    #[must_use]
    pub fn crates(&self) -> Option<&Vouched> {
        self.crates.as_ref()
    }

    /// The chain of the roots of tuf-crates that the quorum signed as targets.
    #[must_use]
    pub fn crates_roots(&self) -> &[VerifiedRoot] {
        &self.crates_roots
    }

    /// The published enrolments, spares among them.
    #[must_use]
    pub fn enrolments(&self) -> &[Published] {
        &self.enrolments
    }

    /// The keys that were revoked by earlier ceremonies.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// The holders and periods in `tufops.toml`, where a tree of tufops has one. Nobody
    /// signs it: it helps people to recognise keys, and proves nothing.
    #[must_use]
    pub fn unsigned(&self) -> Option<&Config> {
        self.unsigned.as_ref()
    }

    /// The document as it was published last, if it was.
    #[must_use]
    pub fn document(&self, document: Document) -> Option<&tuf::Document> {
        match document {
            Document::Root => self.root().map(VerifiedRoot::document),
            Document::Targets => self.targets().map(|vouched| &vouched.document),
            Document::Crates => self.crates().map(|vouched| &vouched.document),
        }
    }

    /// The holders of the root's keys, and the keys' identities. Where the dialect does
    /// not say who holds a key, its published enrolment does, or else `tufops.toml`.
    #[must_use]
    pub fn holders(&self) -> &BTreeMap<Handle, Digest> {
        &self.holders
    }

    /// The last version of the root that this key signed.
    #[must_use]
    pub fn last_signed(&self, key: &Digest) -> Option<u64> {
        let signed = |root: &&VerifiedRoot| {
            root.by_previous()
                .into_iter()
                .chain([root.by_itself()])
                .flat_map(|quorum| &quorum.valid)
                .any(|valid| valid.fingerprint == *key)
        };
        self.roots
            .iter()
            .rev()
            .find(signed)
            .map(|root| root.root().version)
    }

    /// A file that events of earlier ceremonies name.
    #[must_use]
    pub fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.enrolments
            .iter()
            .find_map(|published| published.object(digest))
    }
}
