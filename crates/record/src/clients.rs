//! Which clients of TUF follow documents of a dialect, with keys of an algorithm: the table of
//! the tests of this version.
//!
//! The tests hold ceremonies, publish what they export, and start each client with
//! `1.root.json`. They fail where a cell or a version of this table is not what they find.

use std::{collections::BTreeSet, fmt};

use keymoot_tuf::{Dialect, Document, Root, Targets, key::Algorithm};

use crate::rules::algorithm::algorithm_name;

/// A client that the tests run. Reports print this table: raise
/// [`DERIVATION`](crate::report::DERIVATION) with every change of it.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// Its name, one word. A report of another version may have other versions of these names.
    pub name: &'static str,
    /// The version that the tests install.
    pub version: &'static str,
    /// What it does not follow; it follows everything else that the tests publish.
    pub limits: &'static [Limit],
}

/// What a client does not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Documents of this kind.
    pub of: Of,
    /// Why, as the end of a sentence that begins with the client's name.
    pub why: &'static str,
    /// Where its maintainers discuss it, `owner/repository#number`; `None` where nobody does yet.
    pub issue: Option<&'static str>,
}

/// Documents of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of a dialect
    Dialect(Dialect),
    /// Those that have a key of an algorithm
    Algorithm(Algorithm),
}

/// Every client of the tests.
pub const CLIENTS: [Client; 4] = [
    Client {
        name: "python-tuf",
        version: "7.0.1",
        limits: &[],
    },
    Client {
        name: "sigstore-tuf",
        version: "0.15.1",
        limits: &[NO_DSSE],
    },
    Client {
        name: "tuf-js",
        version: "3.1.0",
        limits: &[
            NO_DSSE,
            Limit {
                of: Of::Algorithm(Algorithm::EcdsaP384),
                why: "verifies such a signature with SHA-256, and so refuses it",
                issue: None,
            },
        ],
    },
    Client {
        name: "tough",
        version: "0.24.0",
        limits: &[
            NO_DSSE,
            Limit {
                of: Of::Dialect(Dialect::Tufops),
                why: "refuses key ids that are not the hash of the key object",
                issue: Some("awslabs/tough#944"),
            },
            Limit {
                of: Of::Algorithm(Algorithm::EcdsaP384),
                why: "refuses every document that has such a key",
                issue: None,
            },
        ],
    },
];

const NO_DSSE: Limit = Limit {
    of: Of::Dialect(Dialect::TufCi),
    why: "reads no DSSE envelopes",
    issue: Some("theupdateframework/taps#144"),
};

impl Client {
    /// Why it does not follow documents of this dialect that have keys of these algorithms;
    /// nothing where it follows them.
    pub fn limits_of(
        &self,
        dialect: Dialect,
        algorithms: &[Algorithm],
    ) -> impl Iterator<Item = &'static Limit> {
        self.limits.iter().filter(move |limit| match limit.of {
            Of::Dialect(limited) => limited == dialect,
            Of::Algorithm(limited) => algorithms.contains(&limited),
        })
    }
}

/// The clients that follow no documents of this dialect, each with its limit.
#[must_use]
pub fn failing(dialect: Dialect) -> Vec<String> {
    limited(Of::Dialect(dialect))
        .map(|(client, limit)| format!("{client} follows no documents in {dialect}: it {limit}"))
        .collect()
}

/// The clients that do not follow documents of this kind, each with its limit.
pub(crate) fn limited(of: Of) -> impl Iterator<Item = (&'static Client, &'static Limit)> {
    CLIENTS.iter().flat_map(move |client| {
        let limits = client.limits.iter().filter(move |limit| limit.of == of);
        limits.map(move |limit| (client, limit))
    })
}

/// The algorithms of the keys that a root or a targets document names. A key that this program
/// cannot use is left out.
#[must_use]
pub fn algorithms(document: &Document) -> BTreeSet<Algorithm> {
    let keys = match document.kind() {
        "root" => Root::read(document).ok().map(|root| root.keys),
        _ => Targets::read(document)
            .ok()
            .and_then(|targets| Some(targets.delegations?.keys)),
    };
    let keys = keys
        .into_iter()
        .flat_map(std::collections::BTreeMap::into_values);
    keys.filter_map(|entry| Some(entry.public.ok()?.algorithm()))
        .collect()
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What the client does, after its name.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Of::Algorithm(algorithm) = self.of {
            write!(f, "{}: ", algorithm_name(algorithm))?;
        }
        f.write_str(self.why)?;
        match self.issue {
            Some(issue) => write!(f, " ({issue})"),
            None => Ok(()),
        }
    }
}
