//! Building the documents that a ceremony proposes.

use std::collections::{BTreeMap, BTreeSet};

use super::{latency, script::Document, state::State};
use crate::{
    rules::{
        documents::{self, Expected},
        policy::CRATES,
        roster::Handle,
        targets::{self, ExpectedTargets},
    },
    transcript::Time,
};
use keymoot_core::{Rule, Verdict, Violation, digest::Digest};
use keymoot_tuf as tuf;
use keymoot_tuf::{
    DelegationDraft, Holder, KeyId, PublicKey, RootDraft, Signer, TargetFile, TargetsDraft,
};

/// The target name of the root of tuf-crates in `crates.json`.
pub const CRATES_ROOT: &str = "crates/root.json";
/// Its signatures beside it in a working tree, where a dialect keeps them apart.
pub const CRATES_ROOT_SIGNATURES: &str = "crates/root.sig.json";

fn fault(what: String) -> Violation {
    Violation::new(
        Rule::RootDraft,
        what,
        "leave the ceremony, and correct the policy or the roster",
    )
}

/// A document as this ceremony makes it: its dates counted from `made`, its keys
/// those of the seats, everything else the policy's.
///
/// # Errors
/// A [`Violation`] of ROOT-DRAFT when what the ceremony holds makes no such document.
pub fn document(state: &State, document: Document, made: Time) -> Result<tuf::Document, Violation> {
    let dialect = state.plan.policy.dialect;
    let written = match document {
        Document::Root => dialect.root(&root(state, made)?),
        Document::Targets => dialect.targets(&top_targets(state, made)?),
        Document::Crates => dialect.targets(&crates(state, made)?),
    };
    written.map_err(|error| fault(format!("{}: {error}", document.name())))
}

/// The next version of a document.
fn version(state: &State, document: Document) -> Result<u64, Violation> {
    let previous = state.plan.previous();
    let last = previous
        .and_then(|previous| previous.document(document))
        .map_or(0, tuf::Document::version);
    last.checked_add(1).ok_or_else(|| {
        fault(format!(
            "{} has the highest possible version",
            document.name()
        ))
    })
}

fn marks(state: &State) -> keymoot_core::json::Object {
    state
        .opening
        .as_ref()
        .map(|opening| documents::marks(opening.mode, &opening.ceremony))
        .unwrap_or_default()
}

fn expires(
    state: &State,
    document: Document,
    made: Time,
) -> Result<keymoot_core::time::Time, Violation> {
    documents::expiry(&state.plan.policy, document, made)
        .ok_or_else(|| fault("the expiry cannot be written".to_owned()))
}

fn root(state: &State, made: Time) -> Result<RootDraft, Violation> {
    let policy = &state.plan.policy;
    let online = policy
        .online
        .as_ref()
        .ok_or_else(|| fault("the policy names no online key".to_owned()))?;
    Ok(RootDraft {
        version: version(state, Document::Root)?,
        expires: expires(state, Document::Root, made)?,
        consistent_snapshot: true,
        holders: holders(state).map_err(fault)?,
        root_threshold: policy.quorum.threshold,
        targets_signers: None,
        targets_threshold: policy.quorum.threshold,
        online: online.key().map_err(fault)?,
        root_periods: policy.root.into(),
        targets_periods: policy.targets.into(),
        snapshot_periods: online.snapshot.into(),
        timestamp_periods: online.timestamp.into(),
        marks: marks(state),
    })
}

fn top_targets(state: &State, made: Time) -> Result<TargetsDraft, Violation> {
    let policy = &state.plan.policy;
    // A ceremony of format 1 proposed the form that the tufops of its time read.
    let opening = state.opening.as_ref();
    let released = opening.is_some_and(|opening| opening.format == 1);
    let paths = |role: &str| match policy.given_paths(role) {
        None if released => policy.dialect.own_paths_before(role),
        _ => policy.paths(role),
    };
    let mut delegations = Vec::new();
    let crates = || -> Result<_, Violation> {
        Ok(DelegationDraft {
            name: CRATES.to_owned(),
            signers: holders(state)
                .map_err(fault)?
                .into_iter()
                .map(Signer::Holder)
                .collect(),
            threshold: policy.quorum.threshold,
            paths: paths(CRATES),
            terminating: true,
            periods: policy.targets.into(),
        })
    };
    if policy.tuf_crates {
        delegations.push(crates()?);
    }
    for delegation in &policy.delegations {
        delegations.push(DelegationDraft {
            name: delegation.role.clone(),
            signers: delegation.signers().map_err(fault)?,
            threshold: delegation.threshold,
            paths: paths(&delegation.role),
            terminating: true,
            periods: delegation.periods.into(),
        });
    }
    if !released {
        let order = policy.roles_in_order();
        delegations.sort_by_key(|role| order.iter().position(|name| *name == role.name));
    }
    Ok(TargetsDraft {
        role: Document::Targets.role().to_owned(),
        version: version(state, Document::Targets)?,
        expires: expires(state, Document::Targets, made)?,
        files: signed_files(state),
        delegations,
        periods: policy.targets.into(),
        marks: marks(state),
    })
}

fn signed_files(state: &State) -> BTreeMap<String, TargetFile> {
    let files = state.authorised().into_iter();
    files
        .map(|(path, bytes)| (path, TargetFile::of(&bytes)))
        .collect()
}

fn crates(state: &State, made: Time) -> Result<TargetsDraft, Violation> {
    let root = state.plan.crates_root().ok_or_else(|| {
        fault("crates.json signs the root of tuf-crates, and none was given".to_owned())
    })?;
    Ok(TargetsDraft {
        role: Document::Crates.role().to_owned(),
        version: version(state, Document::Crates)?,
        expires: expires(state, Document::Crates, made)?,
        files: [(CRATES_ROOT.to_owned(), TargetFile::of(root))].into(),
        delegations: Vec::new(),
        periods: state.plan.policy.targets.into(),
        marks: marks(state),
    })
}

/// The verdicts on a document that this state proposes.
#[must_use]
pub fn check(
    state: &State,
    document: Document,
    proposed: &tuf::Document,
    made: Time,
) -> Vec<Verdict> {
    let previous = state.plan.previous();
    let keys = state.seats.iter().filter_map(|seat| {
        let enrolment = seat.enrolled()?;
        Some((seat.handle.clone(), enrolment.spki.clone()))
    });
    let expected = Expected {
        scenario: state.scenario(),
        policy: &state.plan.policy,
        keys: keys.collect(),
        made,
        marks: marks(state),
        files: signed_files(state),
        previous: previous.and_then(|previous| previous.document(document)),
    };
    match document {
        Document::Root => crate::rules::root::check(proposed, &expected),
        Document::Targets => targets::check_top(proposed, &expected),
        Document::Crates => {
            let signed = ExpectedTargets {
                name: CRATES_ROOT,
                root: state.plan.crates_root(),
            };
            let mut verdicts = targets::check_crates(proposed, &expected, &signed);
            // The plan has the verdict on a root that is still valid.
            let expired = state.plan.expired_crates_root(made);
            verdicts.extend(expired.map(Verdict::from));
            verdicts
        }
    }
}

/// The changes of a document, in sentences for people, safe to show. Keys are named by
/// the devices that they are in.
///
/// # Errors
/// In words, when a document cannot be read.
pub fn changes(
    state: &State,
    document: Document,
    proposed: &tuf::Document,
) -> Result<Vec<String>, String> {
    let previous = state
        .plan
        .previous()
        .and_then(|previous| previous.document(document));
    let mut changes = tuf::document_changes(document.role(), previous, proposed)
        .map_err(|error| error.to_string())?;
    let devices: BTreeMap<Digest, String> = state
        .plan
        .previous()
        .map(|previous| previous.enrolments())
        .unwrap_or_default()
        .iter()
        .map(|published| &published.enrolment)
        .chain(state.seats.iter().flat_map(|seat| seat.proven()))
        .map(|e| (e.key(), format!("{} {}", e.family, e.serial)))
        .collect();
    tuf::name_keys(&mut changes, |key| devices.get(key).cloned());
    let mut sentences: Vec<_> = changes.iter().map(ToString::to_string).collect();
    if let Some(previous) = previous.filter(|_| document == Document::Root)
        && online_keys(previous)? != online_keys(proposed)?
    {
        sentences.insert(0, CLIENTS.to_owned());
        // Reports of format 1 lack this sentence, and every fact of a report is compared.
        let held_back = state.plan.previous().filter(|_| state.format() >= 2);
        // A draft that nobody proposed has stand-in keys, and another digest than the root will have.
        let digest = state.documents.get(&document).map(|root| root.signed);
        let held_back =
            held_back.and_then(|previous| latency::in_words(previous, proposed, digest));
        sentences.splice(1..1, held_back);
    }
    if document == Document::Targets {
        sentences.extend(state.authorised_in_words());
    }
    Ok(sentences)
}

/// What a client does with a root that replaces the keys of snapshot or timestamp (TUF
/// specification 1.0.34, 5.3.11).
const CLIENTS: &str = "Clients that take this root drop their snapshot and timestamp, and fetch new ones with any version, signed by the new online key. So they recover from a thief who signed very high versions (a fast-forward attack). Until the service signs, they accept nothing.";

/// The keys of snapshot and timestamp.
fn online_keys(root: &tuf::Document) -> Result<[BTreeSet<Digest>; 2], String> {
    let root = tuf::Root::read(root).map_err(|error| error.to_string())?;
    Ok(["snapshot", "timestamp"].map(|role| root.role_keys(role).into_keys().collect()))
}

/// The id that the dialect gives a holder's key.
#[must_use]
pub fn holder_key_id(state: &State, handle: &Handle, spki: &[u8]) -> Option<KeyId> {
    let key = PublicKey::from_spki_der(spki).ok()?;
    Some(state.plan.policy.dialect.holder_key_id(&Holder {
        handle: handle.to_string(),
        key,
    }))
}

fn holders(state: &State) -> Result<Vec<Holder>, String> {
    let enrolled = state
        .seats
        .iter()
        .filter_map(|seat| Some((seat, seat.enrolled()?)));
    enrolled
        .map(|(seat, enrolment)| {
            let key = PublicKey::from_spki_der(&enrolment.spki)
                .map_err(|error| format!("the key of {}: {error}", seat.handle))?;
            Ok(Holder {
                handle: seat.handle.to_string(),
                key,
            })
        })
        .collect()
}
