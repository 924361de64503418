//! What a published repository proves without a bundle: its documents, its evidence and its
//! target files, compared with each other and with what the verifier expects.

mod claim;
mod documents;
mod keys;
mod targets;

use keymoot_core::{Rule, Verdict, Violation};
use keymoot_tuf::VerifiedRoot;

use crate::{
    bundle,
    ceremony::{
        previous::{Previous, TRUSTED_ROOT},
        script::Document as Ours,
    },
    expectation,
    rules::mark::{REHEARSAL_MARK, is_marked},
};

pub use claim::Claim;
use claim::GET_AGAIN;
use documents::listings;
pub use documents::{BelowRoot, Cure, Refusal, Served};
pub(crate) use targets::files as listed_files;

/// The result of verifying a published repository.
pub struct Judged {
    /// The verdicts. A rule that depends on a violated one is not listed.
    pub verdicts: Vec<Verdict>,
    /// The newest root, where the chain of roots verifies
    pub newest: Option<VerifiedRoot>,
}

/// Every rule on a published repository.
#[must_use]
pub fn judge(claim: &Claim<'_>) -> Judged {
    let mut inputs = bundle::of_tree(claim.files);
    if let Some(root) = &claim.trusted_root {
        inputs.insert(TRUSTED_ROOT.to_owned(), root.clone());
    }
    let previous = match Previous::read(&inputs, claim.dialect) {
        Ok(Some(previous)) => previous,
        Ok(None) => {
            let nothing = Violation::new(
                Rule::RootPrevious,
                "there is no metadata/root.json",
                GET_AGAIN,
            );
            return Judged::violated(vec![nothing]);
        }
        Err(violations) => return Judged::violated(violations),
    };
    let mut verdicts = vec![chain(&previous, claim.trusted_root.is_some())];
    let marks = mark(claim, &previous);
    let of_other_mode = marks.is_violated();
    verdicts.push(marks);
    if !of_other_mode {
        // The mode decides whose certificates count.
        let tree = BelowRoot::read(claim.files, claim.dialect, previous.root(), claim.served);
        let listings: Vec<_> = listings(&tree).collect();
        let listings = || listings.iter().map(|(role, targets)| (*role, targets));
        verdicts.extend(keys::judge(claim, &previous, listings()));
        verdicts.push(targets::documents(&tree));
        verdicts.push(targets::files(listings(), claim.target, GET_AGAIN));
        let found = keys::strength(claim, &previous, listings());
        verdicts.push(expectation::compare_published(&found, claim.set));
    }
    Judged {
        verdicts,
        newest: previous.root().cloned(),
    }
}

impl Judged {
    fn violated(violations: Vec<Violation>) -> Self {
        Self {
            verdicts: violations.into_iter().map(Verdict::from).collect(),
            newest: None,
        }
    }
}

/// ROOT-PREVIOUS: the roots follow one another. [`Previous::read`] has checked it.
fn chain(previous: &Previous, trusted: bool) -> Verdict {
    let versions = previous.roots().iter().map(|root| root.root().version);
    let [first, last] = [versions.clone().min(), versions.max()].map(Option::unwrap_or_default);
    let from = match trusted {
        true => "the trusted root",
        false => "the first root of the tree",
    };
    Verdict::held(
        Rule::RootPrevious,
        format!(
            "roots {first} to {last} follow from {from}, each by its own threshold and the previous one's"
        ),
    )
}

/// ROOT-MARK: a rehearsal's documents are marked, and no others.
fn mark(claim: &Claim<'_>, previous: &Previous) -> Verdict {
    let documents = Ours::ALL.into_iter().filter_map(|kind| {
        let document = previous.document(kind)?;
        Some((kind.name(), is_marked(document)))
    });
    let other: Vec<_> = documents
        .filter(|(_, marked)| *marked != claim.rehearsal)
        .map(|(name, _)| name)
        .collect();
    Verdict::unless(
        Rule::RootMark,
        !other.is_empty(),
        || match claim.rehearsal {
            true => "every document is marked as one of a rehearsal".to_owned(),
            false => "no document is marked as one of a rehearsal".to_owned(),
        },
        || {
            let names = other.join(", ");
            match claim.rehearsal {
                true => format!("{names}: no mark of a rehearsal"),
                false => format!("{names}: marked {REHEARSAL_MARK}, so made in a rehearsal"),
            }
        },
        "name --rehearsal for a repository of a rehearsal, and only for one",
    )
}
