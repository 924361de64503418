//! What a rule on the machine claims of a live ceremony.

use crate::transcript::Mode;
use keymoot_core::{Rule, Verdict, Violation};

/// A claim about live ceremonies.
pub(super) struct Claim {
    pub(super) rule: Rule,
    pub(super) broken: bool,
    pub(super) held: String,
    pub(super) what: String,
    pub(super) next: String,
}

impl Claim {
    pub(super) fn judge(self, mode: Mode) -> Verdict {
        match (self.broken, mode) {
            (false, _) => Verdict::held(self.rule, self.held),
            (true, Mode::Live) => Violation::new(self.rule, self.what, self.next).into(),
            (true, Mode::Rehearsal) => {
                Verdict::not_asked(self.rule, format!("in a rehearsal: {}", self.what))
            }
        }
    }
}
