//! The root of tuf-crates, which the quorum signs: the one that it signed
//! before, and those that follow it.

use std::collections::BTreeMap;

use super::previous::{INCOMING, Inputs, PREVIOUS, Previous};
use keymoot_core::{
    Rule, Verdict, Violation,
    text::{excerpt, several},
    time::Time,
};
use keymoot_tuf::{Dialect, Document, VerifiedRoot, nonconformities, verify_chain};

/// The roots of tuf-crates, verified. Only [`CratesRoots::read`] makes one that is not
/// empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CratesRoots {
    /// The last version that the quorum signed; 0 before the first.
    known: u64,
    /// The chain from that version on.
    chain: Vec<VerifiedRoot>,
    /// The files of the roots that were given, by version: path in the repository to
    /// content, the current ones first and then those of the history.
    incoming: BTreeMap<u64, Vec<(String, Vec<u8>)>>,
    newest: Option<Vec<u8>>,
}

impl CratesRoots {
    /// Reads and verifies them: every root is signed by a threshold of its own keys
    /// and of those of the root before it. Clients begin with the newest, so they must read a new
    /// one.
    ///
    /// # Errors
    /// A [`Violation`] of CRATES-ROOT.
    pub(super) fn read(
        inputs: &Inputs,
        previous: Option<&Previous>,
        dialect: Dialect,
    ) -> Result<Self, Violation> {
        let fault = |what: String| {
            Violation::new(
                Rule::CratesRoot,
                format!("the root of tuf-crates: {what}"),
                "ask the team of crates.io for its root, with every version since the last one",
            )
        };
        let trusted = previous
            .and_then(|previous| previous.crates_roots().last())
            .map(|root| root.document().clone());
        let known = trusted.as_ref().map_or(0, Document::version);
        let (mut documents, mut incoming) = (Vec::new(), BTreeMap::new());
        for (path, bytes) in inputs {
            if !path
                .strip_prefix(INCOMING)
                .is_some_and(|rest| rest.starts_with('/'))
            {
                continue;
            }
            let document = Document::parse(bytes, bytes.len())
                .map_err(|error| fault(format!("{}: {error}", excerpt(path))))?;
            let version = document.version();
            if version <= known {
                return Err(fault(format!(
                    "version {version} is not newer than version {known}, which the quorum signed"
                )));
            }
            incoming.insert(version, published(dialect, &document, bytes));
            documents.push(document);
        }
        if trusted.is_none() && documents.is_empty() {
            return Ok(Self::default());
        }
        // The newest that the quorum signed is the one to be trusted.
        let chain = verify_chain(trusted, documents).map_err(|error| fault(error.to_string()))?;
        if let Some(newest) = chain.last().filter(|_| !incoming.is_empty()) {
            useful(newest.document())?;
        }
        let newest = match incoming.last_key_value() {
            Some((_, files)) => files.first().map(|(_, bytes)| bytes.clone()),
            None => dialect
                .paths("root", known)
                .first()
                .and_then(|path| inputs.get(&format!("{PREVIOUS}/tuf-crates/{path}")))
                .cloned(),
        };
        Ok(Self {
            known,
            chain,
            incoming,
            newest,
        })
    }

    /// The rule's verdict on them, if there are any.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let newest = self.chain.last()?.root().version;
        let how = match (self.known, self.brings()) {
            (0, _) => String::new(),
            (_, false) => ", as the quorum signed it before".to_owned(),
            (known, true) => {
                format!(" and, from version {known} on, by the quorum of each root before it")
            }
        };
        Some(Verdict::held(
            Rule::CratesRoot,
            format!("the root of tuf-crates is version {newest}, signed by its own quorum{how}"),
        ))
    }

    /// Why the quorum must not sign a new root for a year at this time: it has expired.
    pub(super) fn expired(&self, at: Time) -> Option<Violation> {
        let newest = self.newest_root().filter(|_| self.brings())?;
        (newest.expires <= at).then(|| {
            useless(format!(
                "version {} expired {}; the time of crates.json is {at}",
                newest.version, newest.expires
            ))
        })
    }

    /// The verified roots, the oldest first.
    pub(super) fn chain(&self) -> &[VerifiedRoot] {
        &self.chain
    }

    /// The newest root as it is published, byte for byte.
    pub(super) fn newest(&self) -> Option<&[u8]> {
        self.newest.as_deref()
    }

    /// The newest root, parsed and verified.
    pub(super) fn newest_root(&self) -> Option<&keymoot_tuf::Root> {
        self.chain.last().map(VerifiedRoot::root)
    }

    /// Whether a root was given that the quorum did not sign yet.
    pub(super) fn brings(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// The files of the roots that were given: path in the repository to content.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let newest = self.incoming.keys().next_back();
        self.incoming
            .iter()
            .flat_map(|(version, files)| {
                // The current files are the newest root's alone; the history keeps each.
                let current = match Some(version) == newest {
                    true => 0,
                    false => files.len() / 2,
                };
                files.iter().skip(current).cloned()
            })
            .collect()
    }
}

/// Whether clients can use a root.
fn useful(root: &Document) -> Result<(), Violation> {
    let refused: Vec<_> = nonconformities(root)
        .iter()
        .map(ToString::to_string)
        .collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(useless(format!(
            "no client can use version {}: {}",
            root.version(),
            several(&refused, "; ")
        ))),
    }
}

/// A root that its own quorum signed, and that is of no use.
fn useless(what: String) -> Violation {
    Violation::new(
        Rule::CratesRoot,
        format!("the root of tuf-crates: {what}"),
        "ask the team of crates.io for a new root, with every version since the last one",
    )
}

/// A root as a repository has it: the given bytes, or the pair of
/// files that an envelope of tuf-ci holds.
fn published(dialect: Dialect, document: &Document, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    match dialect {
        Dialect::TufOnCi | Dialect::Tufops => dialect
            .paths("root", document.version())
            .into_iter()
            .map(|path| (path, bytes.to_vec()))
            .collect(),
        Dialect::TufCi => {
            let signatures = document.signatures().iter();
            let signatures = signatures
                .filter_map(|signature| Some((signature.keyid.clone(), signature.bytes()?)))
                .collect();
            dialect.files("root", document, &signatures)
        }
    }
}
