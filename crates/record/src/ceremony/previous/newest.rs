//! ROOT-NEWEST: the previous state was not rolled back.

use keymoot_core::{Rule, Verdict, Violation};
use keymoot_tuf::{Document, VerifiedRoot};

use super::Previous;
use crate::transcript::Mode;

/// The help for a state that is older than a root that people know.
pub(crate) const READ_ANOTHER: &str =
    "get the newest state; an older one may bring a revoked key back";

/// The root known from another channel, as it was given. tuf-ci publishes content and signatures
/// in two files; the content alone says which root it is.
///
/// # Errors
/// A [`Violation`] of ROOT-NEWEST when it is no document.
pub(crate) fn trusted(bytes: &[u8]) -> Result<Document, Violation> {
    let parsed = Document::parse(bytes, bytes.len());
    let parsed = parsed.or_else(|error| {
        let payload = Document::payload(bytes.to_vec(), bytes.len());
        payload.map_err(|_| error)
    });
    parsed.map_err(|error| {
        Violation::new(
            Rule::RootNewest,
            format!("the trusted root cannot be read: {error}"),
            "name the file N.root.json with the highest N that was published",
        )
    })
}

/// Why these roots are not the newest that people know, if they are not: the trusted root is
/// newer than all of them, or another root of its version is among them.
pub(crate) fn rolled_back(trusted: &Document, roots: &[Document]) -> Option<String> {
    let version = trusted.version();
    let newest = roots.iter().map(Document::version).max()?;
    if version > newest {
        return Some(format!(
            "the newest root is version {newest}, and the trusted root is version {version}"
        ));
    }
    let differs = |root: &&Document| {
        root.version() == version && root.signed_bytes() != trusted.signed_bytes()
    };
    roots
        .iter()
        .find(differs)
        .map(|_| format!("the root of version {version} is another one than the trusted root"))
}

/// What a holder at home knows of the root from which the ceremony or event starts, and whether a
/// root was given that it was compared with.
#[must_use]
pub fn whose_root(what: &str, version: u64, given: bool) -> String {
    match given {
        true => format!(
            "{what} starts from root version {version}. It is the root that you trust, or follows from it."
        ),
        false => format!(
            "{what} starts from root version {version}. You gave no root from another source: nothing shows whose root it is."
        ),
    }
}

impl Previous {
    /// ROOT-NEWEST of a ceremony of this mode, whose transcript has a format of this number. Roots
    /// that contradict the trusted one were refused when they were read.
    #[must_use]
    pub fn newest_root(&self, mode: Mode, format: u32) -> Verdict {
        let newest = self.root().map(VerifiedRoot::root);
        let newest = newest.map_or_else(String::new, |root| {
            format!("version {}, which expires {}", root.version, root.expires)
        });
        match (self.trusted, mode) {
            (Some(trusted), _) => Verdict::held(
                Rule::RootNewest,
                format!("the newest root is {newest}; the trusted root is version {trusted}"),
            ),
            (None, Mode::Live) if format >= 2 => Violation::new(
                Rule::RootNewest,
                format!("the newest root is {newest}; no root from another channel was given"),
                "give the newest root that was published, from another source, with --trusted-root N.root.json",
            )
            .into(),
            (None, _) => Verdict::not_asked(
                Rule::RootNewest,
                format!("the newest root is {newest}; no root from another channel was given"),
            ),
        }
    }
}
