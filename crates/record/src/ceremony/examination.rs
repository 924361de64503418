//! When the machine is checked again.

use super::{machine::MachineState, script::Kind, state::State};
use keymoot_core::{Rule, Verdict};

impl State {
    /// Whether the machine must be checked before anything else is done: it passed once, and the
    /// program was started again since. Format 1 has no such check, and after the bundle is
    /// written there is nothing left to protect.
    #[must_use]
    pub fn awaits_examination(&self) -> bool {
        let before = matches!(
            self.machine,
            MachineState::Unexamined | MachineState::Examined
        );
        !before && self.format() >= Rule::MachineResumed.since() && !self.exported
    }

    /// What the last check of the machine found, if it did not pass. Nobody fixed it since.
    #[must_use]
    pub fn machine_faults(&self) -> &[Verdict] {
        match &self.machine {
            MachineState::Violated(violated) => violated,
            _ => &[],
        }
    }

    /// Whether this is the step that checks the machine.
    pub(super) fn in_preflight(&self) -> bool {
        self.in_step(Kind::Preflight).is_ok()
    }
}
