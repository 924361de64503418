//! How metadata is written: key ids, extra members, signed bytes and
//! the place of files.

mod files;
mod place;
pub(crate) mod tuf_ci;
pub(crate) mod tuf_on_ci;
pub mod tufops;
mod write;

pub use write::WriteError;

use std::fmt;
use std::str::FromStr;

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

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::TufOnCi, Self::Tufops, Self::TufCi];

    /// The name that policies and the command line use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TufOnCi => "tuf-on-ci",
            Self::Tufops => "tufops",
            Self::TufCi => "tuf-ci",
        }
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
