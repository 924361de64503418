//! Tries a plan in advance: everything that a later step would do with it. Nothing stays.
//!
//! `keymoot plan check`, the opening of every ceremony and every amendment call [`try_plan`], so
//! that a plan that is accepted reaches its end.

use std::{path::Path, sync::Arc};

use crate::{host::clock, rehearsal::stand_in, store::escrow};
use keymoot_core::{HostError, Rule, Verdict, Violation};
use keymoot_record::{
    ceremony::{Plan, algorithms, draft::Draft, trial},
    transcript::{self, Mode},
};

use super::{Failure, arguments};

/// An accepted plan, and its expected result.
pub(super) struct Trial {
    pub(super) drafts: Vec<Draft>,
}

/// Tries a plan: PLAN-LIVE, ROSTER-RECIPIENT, ROOT-NEWEST, KEY-ALGORITHM, drafts of all documents
/// with stand-in keys, and a secret sealed to each recipient.
///
/// # Errors
/// Every violation; [`HostError`] when the machine has no entropy or no clock.
pub(super) fn try_plan(plan: &Arc<Plan>, mode: Mode) -> Result<Trial, Failure> {
    let made = clock::now()?;
    let mut violated = plan.in_mode(mode, transcript::FORMAT);
    violated.push(algorithms::check(plan));
    let previous = plan.previous();
    violated.extend(previous.map(|p| p.newest_root(mode, transcript::FORMAT)));
    violated.extend(sealed(plan));
    let keys = stand_in::keys(plan.places().len())?;
    let stand_in = |seat: usize| keys.get(seat).cloned().unwrap_or_default();
    let drafts = trial::drafts(plan, mode, made, &stand_in).unwrap_or_else(|found| {
        violated.extend(found);
        Vec::new()
    });
    Failure::of_violated(violated)?;
    Ok(Trial { drafts })
}

/// Seals a test text to each recipient.
fn sealed(plan: &Plan) -> impl Iterator<Item = Verdict> {
    plan.roster.holders.iter().filter_map(|holder| {
        let recipient = holder.age_recipient.as_ref()?;
        let error = escrow::seal_test(recipient.as_str(), "").err()?;
        let what = format!("{}: {}", holder.handle, error.what);
        Some(Violation::new(Rule::RosterRead, what, error.next).into())
    })
}

/// Tries a place for a bundle or a ceremony's folder: makes it and removes it.
///
/// # Errors
/// [`HostError`] when something is there already, or nothing can be written there.
pub(super) fn try_place(path: &Path) -> Result<(), HostError> {
    arguments::new_place(path).map(drop)
}
