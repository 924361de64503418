//! The entries of snapshot and timestamp for other files (TUF 1.0.34, sections 4.4 and 4.6).

use std::collections::BTreeMap;

use crate::TargetFile;
use crate::line_endings::with_line_feeds;
use keymoot_core::digest::Digest;
use keymoot_core::json::{At, Misfit};
use sha2::{Digest as _, Sha512};

/// The files that a snapshot or timestamp lists, by name. The names are foreign
/// text, not safe to show.
pub(crate) type Listing = BTreeMap<String, Listed>;

/// A file as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) version: u64,
    /// In bytes, where it is stated
    pub(crate) length: Option<u64>,
    /// In hexadecimal by the algorithm's name, where any is stated
    pub(crate) hashes: BTreeMap<String, String>,
}

/// Length and hashes of the file that a document was read from, signatures included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    length: u64,
    sha256: String,
    sha512: String,
    /// The same with LF instead of CR LF, where there is any
    line_feeds: Option<Box<FileFacts>>,
}

impl FileFacts {
    /// Of a file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len() as u64,
            sha256: Digest::of(bytes).to_string(),
            sha512: hex::encode(Sha512::digest(bytes)),
            line_feeds: with_line_feeds(bytes).map(|bytes| Box::new(Self::of(&bytes))),
        }
    }

    /// Why this is not the file that a targets document lists, in words; `None` where it is.
    #[must_use]
    pub fn unlike(&self, listed: &TargetFile) -> Option<String> {
        if self.length != listed.length {
            return Some(format!(
                "has {} bytes, and {} are listed",
                self.length, listed.length
            ));
        }
        let mut known = 0;
        for (algorithm, hash) in &listed.hashes {
            match self.hash(algorithm) {
                Some(given) if given.eq_ignore_ascii_case(hash) => known += 1,
                Some(_) => return Some(format!("has another {algorithm} than is listed")),
                None => {}
            }
        }
        (known == 0).then(|| "is listed with no hash that keymoot computes".to_owned())
    }

    /// In bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Those of the file before its line endings became CR LF, if they may have.
    pub(crate) fn line_feeds(&self) -> Option<&Self> {
        self.line_feeds.as_deref()
    }

    /// The hash by the name that metadata gives the algorithm; `None` where keymoot does
    /// not compute it.
    pub(crate) fn hash(&self, algorithm: &str) -> Option<&str> {
        match algorithm {
            "sha256" => Some(&self.sha256),
            "sha512" => Some(&self.sha512),
            _ => None,
        }
    }
}

/// Whether keymoot computes hashes of that algorithm, by the name that metadata gives it.
pub(crate) fn is_computed(algorithm: &str) -> bool {
    matches!(algorithm, "sha256" | "sha512")
}

/// Reads the `meta` of a snapshot or timestamp.
pub(crate) fn read(signed: &At<'_>) -> Result<Listing, Misfit> {
    let mut listing = Listing::new();
    for (name, place) in signed.member("meta")?.members()? {
        let length = place.find("length")?;
        let mut hashes = BTreeMap::new();
        if let Some(place) = place.find("hashes")? {
            for (algorithm, hash) in place.members()? {
                hashes.insert(algorithm.to_owned(), hash.string()?.to_owned());
            }
        }
        let listed = Listed {
            version: place.member("version")?.unsigned()?,
            length: length.map(|length| length.unsigned()).transpose()?,
            hashes,
        };
        listing.insert(name.to_owned(), listed);
    }
    Ok(listing)
}
