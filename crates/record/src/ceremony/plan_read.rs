//! The digests that everybody reads before the first step: of the program, and of the files that
//! decide what the ceremony does.

use super::state::State;
use crate::transcript::PlanPart;
use keymoot_core::{Rule, digest::Digest};

impl State {
    /// The digest of a part; of the program, nothing before the transcript is opened.
    #[must_use]
    pub fn digest_of(&self, part: PlanPart) -> Option<Digest> {
        let [script, policy, roster] = self.plan.files.digests();
        match part {
            PlanPart::Program => self.program().map(|program| program.sha256),
            PlanPart::Policy => Some(policy),
            PlanPart::Roster => Some(roster),
            PlanPart::Script => Some(script),
        }
    }

    /// The part that people read next: before the first step, and again after an amendment. Format
    /// 1 does not record it.
    #[must_use]
    pub fn part_to_read(&self) -> Option<PlanPart> {
        self.parts_to_read().next()
    }

    /// All parts that people have still to read, in their order.
    pub fn parts_to_read(&self) -> impl Iterator<Item = PlanPart> {
        let before =
            (!self.has_begun() || self.is_amended()) && self.format() >= Rule::PlanRead.since();
        let parts = PlanPart::ALL.into_iter().filter(move |_| before);
        parts.filter(|part| !self.read_parts.contains(part))
    }

    /// Records that people have read the digest of a part.
    pub(super) fn read_part(&mut self, part: PlanPart, digest: &Digest) -> Result<(), String> {
        if self.part_to_read() != Some(part) {
            return Err("it is not this digest's time to be read".to_owned());
        }
        if self.digest_of(part) != Some(*digest) {
            return Err(format!("it is not the digest of the {}", part.name()));
        }
        self.read_parts.insert(part);
        Ok(())
    }
}
