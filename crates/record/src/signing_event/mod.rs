//! A signing event of another tool's repository, that a holder answers in a checkout.
//!
//! tuf-on-ci, tufops and tuf-ci collect signatures on a branch. [`open`] compares a checkout of
//! the branch with one of the branch that it is to be merged into, and checks every rule.
//! [`SigningEvent`] then says which signatures a key owes, and inserts one where the tool expects
//! it. [`receipt`] is the holder's statement over it.

mod clients;
mod document;
mod open;
pub mod receipt;
mod rules;
mod side;
mod state;

use std::collections::BTreeSet;

use crate::{bundle::Files, expectation::ExpectationSet, transcript::Mode};
use keymoot_core::{
    Rule, Verdict,
    digest::Digest,
    json::{self, Json},
    text::excerpt,
    time::Time,
};
use keymoot_tuf::{Dialect, Document, FileFacts, KeyId, TargetFile, VerifiedRoot};

pub use document::EventDocument;
pub use open::open;

/// The folder of a checkout with everything that is signed.
pub const METADATA: &str = "metadata/";

/// The help for a violated rule on an event.
const STOP: &str = "sign nothing; ask those who made the event over a channel that you trust";

/// What a signing event is compared with.
pub struct Given<'a> {
    /// The checkout that the event begins from: everything below `metadata/`, and `tufops.toml`
    pub base: &'a Files,
    /// The same of the event
    pub tree: &'a Files,
    /// The branch that the event's checkout is on, where it is known
    pub branch: Option<&'a str>,
    /// The roles that the holder lets the event change; any, where none is named
    pub roles: &'a [String],
    /// A root that the base must follow from
    pub trusted_root: Option<&'a [u8]>,
    /// Length and hashes of a target file in the event's checkout, by its name; `None` where there
    /// is none
    pub target: &'a dyn Fn(&str, &TargetFile) -> Option<FileFacts>,
    /// The minimum strength of the repository
    pub set: Option<&'a ExpectationSet>,
    /// Whether the holder's device is a real one
    pub mode: Mode,
    /// The holder's clock
    pub now: Time,
}

/// A signing event that is whole.
#[derive(Debug, Clone)]
pub struct SigningEvent {
    /// How the repository is written
    pub dialect: Dialect,
    /// The newest root of the base
    pub base: VerifiedRoot,
    /// The documents to sign, each after the one that delegates to it
    pub documents: Vec<EventDocument>,
    files: Files,
}

/// A signature that a key owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The document, by its place in [`SigningEvent::documents`]
    pub document: usize,
    /// The ids under which the one signature is put
    pub keyids: Vec<KeyId>,
}

impl SigningEvent {
    /// The handles of the holders whose signatures are awaited, in lower case; not safe to show.
    #[must_use]
    pub fn holders(&self) -> BTreeSet<String> {
        let awaited = self.documents.iter().flat_map(EventDocument::awaited);
        awaited.map(|(holder, _)| holder.to_lowercase()).collect()
    }

    /// A warning about names of holders that nobody signs.
    #[must_use]
    pub fn unsigned_names(&self) -> Option<&'static str> {
        let unsigned = "The names of keys are from tufops.toml, which nobody has signed.";
        (!self.dialect.names_signers()).then_some(unsigned)
    }

    /// The signatures that this key owes, in the order of the documents.
    #[must_use]
    pub fn owed_by(&self, key: &Digest) -> Vec<Owed> {
        let documents = self.documents.iter().enumerate();
        let owed = documents.map(|(document, one)| Owed {
            document,
            keyids: one.owed_by(key),
        });
        owed.filter(|owed| !owed.keyids.is_empty()).collect()
    }

    /// The keys of a holder whose signatures are awaited, each once.
    #[must_use]
    pub fn keys_of(&self, holder: &str) -> Vec<Digest> {
        document::keys_of(&self.documents, holder)
    }

    /// The documents that a holder's keys sign, by their places in [`SigningEvent::documents`].
    #[must_use]
    pub fn documents_of(&self, holder: &str) -> Vec<usize> {
        document::of_holder(&self.documents, holder)
    }

    /// The files of the checkout in which a holder's signatures are put.
    #[must_use]
    pub fn paths_of(&self, holder: &str) -> BTreeSet<String> {
        let documents = self.documents_of(holder).into_iter();
        let documents = documents.filter_map(|at| self.documents.get(at));
        let paths = documents.flat_map(|one| {
            let version = one.document.version();
            self.dialect.signature_paths(&one.role, version)
        });
        paths.collect()
    }

    /// EVENT-OWED: the event awaits a signature of this holder by this key. `key` is `None` where
    /// the device has none that could be read.
    #[must_use]
    pub fn awaits(&self, holder: &str, key: Option<&Digest>) -> Verdict {
        let keys = self.keys_of(holder);
        let found = key.is_some_and(|key| keys.contains(key));
        let list = || {
            let words: Vec<_> = keys
                .iter()
                .map(|key| format!("{} ({})", key.short_words(), short(key)))
                .collect();
            words.join(" or ")
        };
        Verdict::unless(
            Rule::EventOwed,
            !found,
            || {
                format!(
                    "the event awaits a signature of {} by the key in the device",
                    excerpt(holder)
                )
            },
            || match (key, keys.is_empty()) {
                (_, true) => format!("the event awaits no signature of {}", excerpt(holder)),
                (None, _) => format!(
                    "the device has no key in slot 9c that can be read; awaited is {}",
                    list()
                ),
                (Some(key), _) => format!(
                    "the key in the device is {} ({}); of {} the event awaits {}",
                    key.short_words(),
                    short(key),
                    excerpt(holder),
                    list()
                ),
            },
            "insert the device whose key the repository names; if there is none, sign nothing",
        )
    }

    /// EVENT-UNCHANGED: the files of the checkout are still those that were reviewed.
    #[must_use]
    pub fn unchanged(&self, files: &Files) -> Verdict {
        let paths: BTreeSet<_> = self.files.keys().chain(files.keys()).collect();
        let differs = |path: &&&String| self.files.get(**path) != files.get(**path);
        let changed: Vec<_> = paths
            .iter()
            .filter(differs)
            .map(|path| format!("\"{}\"", excerpt(path)))
            .collect();
        Verdict::unless(
            Rule::EventUnchanged,
            !changed.is_empty(),
            || "the files are those that were reviewed".to_owned(),
            || format!("changed since the review: {}", changed.join(", ")),
            "nothing was written; find out what changed the checkout, then run the same command again",
        )
    }

    /// The files of the checkout in which a signature is put, with it. Nothing else in them
    /// differs.
    ///
    /// # Errors
    /// In words, which file has no place for it.
    pub fn placed(&self, made: &[(Owed, Vec<u8>)]) -> Result<Files, String> {
        let mut files = Files::new();
        for (owed, signature) in made {
            let Some(one) = self.documents.get(owed.document) else {
                continue;
            };
            for path in self
                .dialect
                .signature_paths(&one.role, one.document.version())
            {
                let text = files.get(&path).or_else(|| self.files.get(&path));
                let mut text = text
                    .cloned()
                    .ok_or_else(|| format!("{} is missing", excerpt(&path)))?;
                for keyid in &owed.keyids {
                    let placed = self.dialect.put_signature(&text, keyid, signature);
                    text = placed.ok_or_else(|| {
                        format!("{} has no place for a signature", excerpt(&path))
                    })?;
                }
                files.insert(path, text);
            }
            let now = |path: &str| files.get(path).or_else(|| self.files.get(path)).cloned();
            let read = self.dialect.read(&one.role, None, &now);
            let same = |read: &Document| {
                let signed = |keyid: &KeyId| {
                    let mut signatures = read.signatures().iter();
                    signatures.any(|found| {
                        found.keyid == *keyid && found.bytes().as_deref() == Some(signature)
                    })
                };
                read.signed_bytes() == one.document.signed_bytes() && owed.keyids.iter().all(signed)
            };
            match read {
                Ok(Some(read)) if same(&read) => {}
                _ => {
                    return Err(format!(
                        "{} would not be read back with its signature",
                        one.name()
                    ));
                }
            }
        }
        Ok(files)
    }

    /// The digest of all files of the checkout that were read, each with its path.
    fn tree(&self) -> Digest {
        let files = self.files.iter();
        let files =
            files.map(|(path, bytes)| (path.clone(), Json::from(Digest::of(bytes).to_string())));
        Digest::of(&json::canonical(&Json::Object(files.collect())))
    }
}

/// The first digits of a key's identity: in tufops and tuf-ci, of its id.
fn short(key: &Digest) -> String {
    key.to_string().chars().take(8).collect()
}
