//! Building the documents that a ceremony proposes.

use super::state::State;
use crate::{
    rules::{
        Verdict, Violation,
        policy::Online,
        root::{self, Expected},
    },
    transcript::Time,
    tuf::{Document, Holder, KeyId, OnlineKey, PublicKey, RootDraft, dialect::tuf_on_ci},
};

/// The member by which the documents of a rehearsal say what they are, so that
/// no copy of one can pass for a real one.
pub use crate::rules::root::REHEARSAL_MARK;

/// The first root: every enrolled key, the policy's thresholds and periods, its
/// dates counted from `made`.
///
/// # Errors
/// A [`Violation`] of ROOT-DRAFT when what the ceremony holds makes no root.
pub fn root(state: &State, made: Time) -> Result<Document, Violation> {
    let fault = |what: String| {
        Violation::new(
            "ROOT-DRAFT",
            what,
            "leave the ceremony and mend its policy or roster",
        )
    };
    let policy = &state.plan.policy;
    let online = policy
        .online
        .as_ref()
        .ok_or_else(|| fault("the policy names no online key".into()))?;
    let draft = RootDraft {
        version: 1,
        expires: root::expiry(policy, made)
            .ok_or_else(|| fault("the expiry cannot be written".into()))?,
        consistent_snapshot: true,
        holders: holders(state).map_err(&fault)?,
        root_threshold: policy.quorum.threshold,
        targets_signers: None,
        targets_threshold: policy.quorum.threshold,
        online: online_key(online).map_err(&fault)?,
        root_periods: policy.root.into(),
        targets_periods: policy.targets.into(),
        snapshot_periods: online.snapshot.into(),
        timestamp_periods: online.timestamp.into(),
        marks: state
            .opening
            .as_ref()
            .map(|opening| root::marks(opening.mode, &opening.ceremony))
            .unwrap_or_default(),
    };
    tuf_on_ci::root(&draft).map_err(|error| fault(error.to_string()))
}

/// What the rules say of a root that this state proposes.
#[must_use]
pub fn check_root(state: &State, document: &Document, made: Time) -> Vec<Verdict> {
    let keys = state.seats.iter().filter_map(|seat| {
        let enrolment = seat.enrolled()?;
        Some((seat.handle.clone(), enrolment.spki.clone()))
    });
    let opening = state.opening.as_ref();
    root::check(
        document,
        &Expected {
            policy: &state.plan.policy,
            keys: keys.collect(),
            made,
            marks: opening
                .map(|opening| root::marks(opening.mode, &opening.ceremony))
                .unwrap_or_default(),
        },
    )
}

/// The id under which a holder's signature stands in the root.
#[must_use]
pub fn key_id(handle: &str, spki: &[u8]) -> Option<KeyId> {
    let key = PublicKey::from_spki_der(spki).ok()?;
    Some(tuf_on_ci::holder_key_id(&Holder {
        handle: handle.to_owned(),
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

fn online_key(online: &Online) -> Result<OnlineKey, String> {
    let key = PublicKey::from_pem(&online.public_key)
        .map_err(|error| format!("the policy's online key: {error}"))?;
    Ok(OnlineKey {
        key,
        uri: online.uri.clone(),
    })
}
