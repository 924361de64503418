//! What a set of roots shows, given in any order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::chain::{ChainError, Gap};
use super::root::{RootError, Tally, VerifiedRoot};
use crate::{Document, Root, parallel};

/// The result for a set of roots: chains that verify, and faults.
///
/// Every document is checked, also where others have faults. After a version that is missing or
/// does not verify, the next begins a chain of its own. That chain agrees with itself and with
/// nothing before it.
#[derive(Debug)]
pub struct History {
    trusted: Option<u64>,
    chains: Vec<Vec<VerifiedRoot>>,
    gaps: Vec<Gap>,
    errors: Vec<ChainError>,
}

impl History {
    /// Checks every root and every link between two.
    ///
    /// Documents that are the same except their signatures count as one, the
    /// one with most signatures. A trusted root is the first of the history;
    /// any other root of its version is a conflict, and those before it are
    /// errors. All cores are used.
    #[must_use]
    pub fn of(trusted: Option<Document>, documents: impl IntoIterator<Item = Document>) -> Self {
        let mut walk = Walk::from(trusted.as_ref().map(Document::version));
        let mut chains = Vec::<Vec<VerifiedRoot>>::new();
        walk.judge(
            trusted.into_iter().chain(documents),
            |chain, root| match chains.get_mut(chain) {
                Some(chain) => chain.push(root),
                None => chains.push(vec![root]),
            },
        );
        Self {
            trusted: walk.trusted,
            chains,
            gaps: walk.gaps,
            errors: walk.errors,
        }
    }

    /// The chains that verify, each without a gap, in the order of their
    /// versions; only the first of them can be [trusted](Self::is_trusted).
    #[must_use]
    pub fn chains(&self) -> &[Vec<VerifiedRoot>] {
        &self.chains
    }

    /// The chains, to keep.
    #[must_use]
    pub fn into_chains(self) -> Vec<Vec<VerifiedRoot>> {
        self.chains
    }

    /// Where versions are missing.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The faults.
    #[must_use]
    pub fn errors(&self) -> &[ChainError] {
        &self.errors
    }

    /// Whether a chain begins with the trusted root.
    #[must_use]
    pub fn is_trusted(&self, chain: &[VerifiedRoot]) -> bool {
        let first = chain.first().map(|root| root.root().version);
        first.is_some() && first == self.trusted
    }

    /// The root for checking other documents: that of the highest version, and
    /// where a root is trusted, of those that follow from it.
    #[must_use]
    pub fn newest(&self) -> Option<&VerifiedRoot> {
        let mut chains = self.chains.iter().rev();
        let chain = match self.trusted {
            Some(_) => chains.find(|chain| self.is_trusted(chain)),
            None => chains.next(),
        };
        chain.and_then(|chain| chain.last())
    }
}

/// Verifies every link from the lowest version to the highest, and demands that
/// there is one between each and the next: a [`History`] with no flaw.
///
/// Without a trusted root the chain only agrees with itself; the caller must know whether
/// to trust its first root.
///
/// # Errors
/// The first fault.
pub fn verify_chain(
    trusted: Option<Document>,
    documents: impl IntoIterator<Item = Document>,
) -> Result<Vec<VerifiedRoot>, ChainError> {
    let history = History::of(trusted, documents);
    if let Some(error) = history.errors().first() {
        return Err(error.clone());
    }
    if let Some(gap) = history.gaps().first() {
        return Err(ChainError::Missing(*gap));
    }
    let chain = history.into_chains().into_iter().next();
    chain.ok_or(ChainError::Empty)
}

/// The check of roots that come in the order of their versions, in any number of
/// parts. It keeps the last root of a part and nothing else, so that a history of any
/// length takes the memory of one part.
#[derive(Debug, Default)]
pub struct Walk {
    trusted: Option<u64>,
    /// How many chains began
    chains: usize,
    /// The last version of the last chain, unless something after it did not hold
    tied: Option<u64>,
    /// The last root that was read, verified or not
    before: Option<Root>,
    /// The version of the last document
    last: Option<u64>,
    gaps: Vec<Gap>,
    errors: Vec<ChainError>,
}

impl Walk {
    /// Begins, with the version of the trusted root where there is one. That
    /// root belongs to the part with its version.
    #[must_use]
    pub fn from(trusted: Option<u64>) -> Self {
        Self {
            trusted,
            ..Self::default()
        }
    }

    /// Checks the next part, in which the documents may have any order; their versions
    /// are above all that were checked before. `each` gets every root that holds, in
    /// order, and the number of its chain from 0.
    pub fn judge(
        &mut self,
        documents: impl IntoIterator<Item = Document>,
        mut each: impl FnMut(usize, VerifiedRoot),
    ) {
        let (mut documents, conflicts) = by_version(documents.into_iter());
        self.errors.extend(conflicts);
        if let Some(trusted) = self.trusted {
            let rest = documents.split_off(&trusted);
            let older = std::mem::replace(&mut documents, rest).into_keys();
            let older = older.map(|version| ChainError::Older { version, trusted });
            self.errors.extend(older);
        }
        let documents: Vec<_> = documents.into_values().collect();
        let judged = judge_all(&mut self.before, &documents);
        for (document, judged) in documents.into_iter().zip(judged) {
            let version = document.version();
            if let Some(last) = self.last
                && version.saturating_sub(last) > 1
            {
                self.gaps.push(Gap {
                    last,
                    next: version,
                });
            }
            let follows = self.tied.and_then(|tied| tied.checked_add(1)) == Some(version);
            match judged.and_then(|judged| judged.after(follows, document)) {
                Ok(verified) => {
                    if !follows {
                        self.chains += 1;
                    }
                    self.tied = Some(version);
                    each(self.chains.saturating_sub(1), verified);
                }
                Err(error) => {
                    self.tied = None;
                    self.errors.push(ChainError::Root { version, error });
                }
            }
            self.last = Some(version);
        }
    }

    /// The faults of the parts since the last call.
    pub fn take_errors(&mut self) -> Vec<ChainError> {
        std::mem::take(&mut self.errors)
    }

    /// Where versions are missing, so far.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

/// One document for each version, and the versions for which there are two that
/// differ, which are left out.
fn by_version(
    documents: impl Iterator<Item = Document>,
) -> (BTreeMap<u64, Document>, Vec<ChainError>) {
    let mut found = BTreeMap::<u64, Document>::new();
    let mut conflicts = BTreeMap::new();
    for document in documents {
        let version = document.version();
        match found.entry(version) {
            Entry::Vacant(place) => {
                place.insert(document);
            }
            Entry::Occupied(place) if place.get().signed_bytes() != document.signed_bytes() => {
                conflicts.insert(version, ChainError::Conflict(version));
            }
            Entry::Occupied(mut place) => {
                if filled(&document) > filled(place.get()) {
                    place.insert(document);
                }
            }
        }
    }
    found.retain(|version, _| !conflicts.contains_key(version));
    (found, conflicts.into_values().collect())
}

fn filled(document: &Document) -> usize {
    let signatures = document.signatures().iter();
    signatures
        .filter(|signature| !signature.is_placeholder())
        .count()
}

/// A root with its signatures verified, not yet tied to the one before.
struct Judged {
    root: Root,
    /// As the successor of the root before it in the list, if it is the next
    /// version
    after: Option<Tally>,
    /// As the first of a chain, where there is no such root
    alone: Option<Tally>,
}

impl Judged {
    fn after(self, follows: bool, document: Document) -> Result<VerifiedRoot, RootError> {
        let tally = match (self.after, self.alone) {
            (Some(tally), _) if follows => tally,
            (_, Some(tally)) => tally,
            // The version before is there and does not verify.
            _ => Tally::of(None, &self.root, &document)?,
        };
        tally.judge(document, self.root)
    }
}

/// Reads every root and verifies every signature, each document on any core.
/// The documents are in the order of their versions; `before` is the root before the
/// first of them, and becomes the last of them.
fn judge_all(before: &mut Option<Root>, documents: &[Document]) -> Vec<Result<Judged, RootError>> {
    let roots = parallel::map(documents, |document| {
        Root::read_after(document, before.as_ref())
    });
    let places: Vec<usize> = (0..documents.len()).collect();
    let tallies = parallel::map(&places, |&place| {
        let (root, document) = (roots.get(place)?.as_ref().ok()?, documents.get(place)?);
        let previous = match place.checked_sub(1) {
            Some(before) => roots.get(before)?.as_ref().ok(),
            None => before.as_ref(),
        };
        let previous =
            previous.filter(|previous| previous.version.checked_add(1) == Some(root.version));
        Some((previous.is_some(), Tally::of(previous, root, document)))
    });
    if let Some(last) = roots.last() {
        *before = last.as_ref().ok().cloned();
    }
    let mut judged = Vec::with_capacity(documents.len());
    for (root, tally) in roots.into_iter().zip(tallies) {
        judged.push(root.map_err(RootError::from).and_then(|root| {
            let (mut after, mut alone) = (None, None);
            match tally {
                Some((true, tally)) => after = Some(tally?),
                Some((false, tally)) => alone = Some(tally?),
                None => {}
            }
            Ok(Judged { root, after, alone })
        }));
    }
    judged
}
