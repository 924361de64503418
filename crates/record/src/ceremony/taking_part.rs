//! Whether those who take part are enough, or too many for a lost quorum.

use super::{
    script::{Document, Scenario},
    seat::Seat,
    seating::Standing,
    state::State,
};
use crate::rules::roster::Handle;

impl State {
    /// What the roll call still lacks with these present: in words, or
    /// nothing.
    #[must_use]
    pub fn lacking(&self, present: &[Handle]) -> Option<String> {
        let here = |seat: &&Seat| present.contains(&seat.handle);
        let makes_key =
            |seat: &&Seat| seat.standing != Standing::Leaves && seat.enrolled().is_none();
        let absent: Vec<_> = self
            .seats
            .iter()
            .filter(makes_key)
            .filter(|seat| !here(seat))
            .map(|seat| seat.handle.as_str())
            .collect();
        if !absent.is_empty() {
            return Some(format!(
                "Each holder who makes a key must be present or apart. Not marked: {}",
                absent.join(", ")
            ));
        }
        let least = match self.scenario() {
            Scenario::QuorumLost => 1,
            _ => self.plan.policy.quorum.threshold as usize,
        };
        let new = self
            .seats
            .iter()
            .filter(here)
            .filter(|seat| seat.standing != Standing::Leaves)
            .count();
        if new < least {
            return Some(format!(
                "{} as present or apart, and {least} must sign",
                marked(new, "")
            ));
        }
        let signs_root = self.scenario().documents().contains(&Document::Root);
        let previous = self.of_previous_root(present).filter(|_| signs_root)?;
        (previous.have < previous.need).then(|| {
            format!(
                "{} as present or apart, and {} of them must sign",
                marked(
                    previous.have,
                    &format!(" of keys of version {}", previous.version)
                ),
                previous.need
            )
        })
    }

    /// Whether holders sign here that the quorum is lost.
    pub(crate) fn says_that_the_quorum_is_lost(&self) -> bool {
        self.scenario() == Scenario::QuorumLost && self.ended.is_none()
    }

    /// Why a ceremony for a lost quorum is the wrong one with these who take part: they can sign a
    /// root.
    #[must_use]
    pub fn why_not_lost(&self, taking_part: &[Handle]) -> Option<String> {
        if !self.says_that_the_quorum_is_lost() {
            return None;
        }
        let root = self.of_previous_root(taking_part)?;
        (root.have >= root.need).then(|| {
            let keys = match root.have {
                1 => "1 key of the root is".to_owned(),
                keys => format!("{keys} keys of the root are"),
            };
            format!(
                "{keys} here, and {} can sign a root: the quorum is not lost. Leave, and hold annual-resign or emergency-revocation.",
                root.need
            )
        })
    }

    /// How many of these holders have a key of the previous root, if there is one.
    fn of_previous_root(&self, holders: &[Handle]) -> Option<OfPreviousRoot> {
        let root = self.plan.previous()?.root()?.root();
        let keys = root.role_keys("root");
        let seats = self.seats.iter();
        let have = seats
            .filter(|seat| holders.contains(&seat.handle))
            .filter(|seat| {
                // A renamed holder's key is enrolled again before it signs.
                let renamed = seat.renamed.iter().map(|renamed| &renamed.key);
                let devices = seat.enrolled().into_iter().chain(&seat.outgoing);
                devices.chain(renamed).any(|e| keys.contains_key(&e.key()))
            })
            .count();
        let role = root.roles.get("root");
        let threshold = self.plan.policy.quorum.threshold;
        Some(OfPreviousRoot {
            version: root.version,
            have,
            need: role.map_or(threshold, |role| role.threshold) as usize,
        })
    }
}

/// How many of some holders have a key of the previous root, and how many keys must sign it.
struct OfPreviousRoot {
    version: u64,
    have: usize,
    need: usize,
}

fn marked(holders: usize, which: &str) -> String {
    match holders {
        1 => format!("1 holder{which} is marked"),
        holders => format!("{holders} holders{which} are marked"),
    }
}
