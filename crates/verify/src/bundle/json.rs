//! The output of `keymoot verify --json`.

use keymoot_core::{Verdict, text::escape_path};
use keymoot_record::{
    apart::witness::Statement,
    bundle::{Expectations, Kinship},
    ceremony::outside::NotBefore,
    expectation::ExpectationSet,
    transcript::Entry,
};
use keymoot_tuf::sshsig::Fingerprint;
use serde::Serialize;

use crate::apart::witness::Heard;

use super::{digests::Digests, fork::Pair, judged::Judged};

/// The object for one bundle.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    #[serde(flatten)]
    said: Said<'a>,
}

/// The result for one bundle.
#[derive(Serialize)]
struct Said<'a> {
    /// Whether no rule is violated
    holds: bool,
    /// Whether a rehearsal was asked for
    rehearsal: bool,
    /// Whether the root follows from one that was given
    trusted: bool,
    /// Whether the head is one that was published elsewhere
    published: bool,
    /// The public values of the day that people typed: they show nothing before they are compared
    /// with their sources
    not_before: Vec<NotBefore>,
    /// How many rules were not asked because the record is older than they are
    not_asked_of_older_record: usize,
    /// The set of expectations that the plan was compared with
    expected: Option<&'a str>,
    /// The statements of witnesses who were not in the room, in the order given
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<Stated<'a>>,
    /// SHA-256 of program, policy, roster and script
    #[serde(skip_serializing_if = "Option::is_none")]
    digests: Option<Digests>,
    verdicts: &'a [Verdict],
}

impl<'a> Said<'a> {
    fn of(judged: &'a Judged, expected: &'a Expectations) -> Self {
        Self {
            holds: judged.holds(),
            rehearsal: expected.rehearsal,
            trusted: judged.holds() && expected.trusted_root.is_some(),
            published: judged.holds() && expected.published.is_some(),
            not_before: judged.not_before(),
            not_asked_of_older_record: judged.too_old_for(),
            expected: expected.plan.as_ref().map(ExpectationSet::name),
            witnesses: judged.heard.iter().map(Stated::of).collect(),
            digests: judged.bundle.as_ref().and_then(Digests::of),
            verdicts: &judged.verdicts,
        }
    }
}

/// The statement of a witness.
#[derive(Serialize)]
struct Stated<'a> {
    /// Its file
    path: &'a str,
    /// Whether the roster or the verifier named the key that signed it
    counts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<&'a Statement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Fingerprint>,
    /// The rule that refuses it
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Verdict>,
}

impl<'a> Stated<'a> {
    fn of(heard: &'a Heard) -> Self {
        let said = heard.said.as_ref().ok();
        Self {
            path: &heard.path,
            counts: said.is_some_and(|said| said.named.is_some()),
            statement: said.map(|said| &said.statement),
            key: said.map(|said| &said.key),
            refused: heard.said.as_ref().err().cloned().map(Verdict::from),
        }
    }
}

/// The object for several bundles.
#[derive(Serialize)]
struct Several<'a> {
    format: &'static str,
    /// Whether no rule is violated, of any bundle and between any two
    holds: bool,
    bundles: Vec<Named<'a>>,
    pairs: Vec<Related>,
}

#[derive(Serialize)]
struct Named<'a> {
    path: String,
    #[serde(flatten)]
    said: Said<'a>,
}

/// How two bundles are related.
#[derive(Serialize)]
struct Related {
    /// Their places in `bundles`
    bundles: [usize; 2],
    kinship: &'static str,
    /// The first event in which they differ
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// The two entries at that event
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<[Entry; 2]>,
    verdict: Verdict,
}

impl From<Pair> for Related {
    fn from(pair: Pair) -> Self {
        let (kinship, seq, says) = match pair.kinship {
            Kinship::Apart => ("apart", None, None),
            Kinship::Same => ("same", None, None),
            Kinship::SameCourse(_) => ("same-course", None, None),
            Kinship::Beginning { seq, .. } => ("beginning", Some(seq), None),
            Kinship::Fork(fork) => ("fork", Some(fork.seq), Some(fork.says)),
        };
        Self {
            bundles: pair.places,
            kinship,
            seq,
            says,
            verdict: pair.verdict,
        }
    }
}

pub(super) fn of_one(judged: &Judged, expected: &Expectations) -> String {
    printed(&Report {
        format: "keymoot-verify/1",
        said: Said::of(judged, expected),
    })
}

pub(super) fn of_several(
    bundles: &[Judged],
    pairs: Vec<Pair>,
    holds: bool,
    expected: &Expectations,
) -> String {
    let named = bundles.iter().map(|judged| Named {
        path: escape_path(&judged.path),
        said: Said::of(judged, expected),
    });
    printed(&Several {
        format: "keymoot-verify-several/1",
        holds,
        bundles: named.collect(),
        pairs: pairs.into_iter().map(Related::from).collect(),
    })
}

fn printed(report: &impl Serialize) -> String {
    crate::json::printed(report) + "\n"
}
