//! Facts about people and devices that only a ceremony's transcript has: blocked PINs,
//! untested recoveries, attendance.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ceremony::State,
    transcript::{Chain, Event},
};

/// The facts of the last ceremony's transcript, by handle and serial number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The devices whose PIN was blocked, and not unblocked.
    pub(super) blocked: BTreeSet<u32>,
    /// The holders whose PUK has no tested recovery, and why. Safe to show.
    pub(super) untested: BTreeMap<String, String>,
    /// The holders who signed a presence proof.
    pub(super) shown: BTreeSet<String>,
    /// Whether the ceremony signed no document, but presence proofs.
    pub(super) only_shows: bool,
    /// Whether it says that the quorum is lost.
    pub(super) is_lost: bool,
}

impl History {
    /// The facts of a whole transcript, and its state.
    #[must_use]
    pub fn of(state: &State, chain: &Chain) -> Self {
        let only_shows = state.scenario().is_statement();
        let mut history = Self {
            only_shows,
            is_lost: state.says_that_the_quorum_is_lost(),
            ..Self::default()
        };
        let mut handed = BTreeMap::new();
        for entry in chain.with_branches() {
            match &entry.event {
                Event::Mishap {
                    blocked: Some(serial),
                    ..
                } => drop(history.blocked.insert(*serial)),
                Event::PinUnblocked { serial, .. } | Event::Provisioned { serial, .. } => {
                    history.blocked.remove(serial);
                }
                Event::DeviceSeen {
                    serial,
                    state: Some(state),
                    ..
                } if state.tries.is_some_and(|tries| tries.pin.left == 0) => {
                    history.blocked.insert(*serial);
                }
                Event::EscrowKept { holder, serial, .. } => {
                    handed.insert(*serial, (holder, false));
                }
                Event::EscrowHanded { holder, serial, .. } => {
                    handed.insert(*serial, (holder, true));
                }
                _ => {}
            }
        }
        for seat in &state.seats {
            let handle = seat.handle.to_string();
            if only_shows && state.has_shown(seat) {
                history.shown.insert(handle.clone());
            }
            let Some(holder) = state.plan.roster.holder(&seat.handle) else {
                continue;
            };
            let sealed = holder.age_recipient.is_some();
            let waits = sealed
                && handed
                    .values()
                    .any(|(who, taken)| **who == seat.handle && !taken);
            let why = if waits {
                "the sealed PUK was not handed over"
            } else if !sealed {
                "the PUK is on paper alone"
            } else if holder.recipient_answer.is_none() {
                "the age recipient was never tested (keymoot escrow prepare)"
            } else {
                continue;
            };
            history.untested.insert(handle, why.to_owned());
        }
        history
    }
}
