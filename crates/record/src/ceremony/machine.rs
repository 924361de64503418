//! Whether the machine that records the ceremony is the one that was examined.

use super::{script::Kind, state::State};
use keymoot_core::{Rule, Verdict};

/// What is known about the machine at work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MachineState {
    /// The step that examines it has yet to come.
    #[default]
    Unexamined,
    /// It was examined, and nothing has interrupted the program since.
    Examined,
    /// The program was started again. Anything may have happened to the machine in between, or it
    /// may be another one.
    Resumed,
    /// It was examined again, and these verdicts are in the way.
    Violated(Vec<Verdict>),
}

impl MachineState {
    /// The program was started again.
    pub(super) fn resumed(&mut self) {
        if *self != Self::Unexamined {
            *self = Self::Resumed;
        }
    }

    /// The machine was examined, with these violations.
    pub(super) fn examined(&mut self, violated: Vec<Verdict>) {
        *self = match violated.is_empty() {
            true => Self::Examined,
            false => Self::Violated(violated),
        };
    }
}

impl State {
    /// Whether the machine must be examined before anything else is done: it passed once, and the
    /// program was started again since. Format 1 has no such examination, and after the bundle is
    /// written there is nothing left to protect.
    #[must_use]
    pub fn awaits_examination(&self) -> bool {
        let before = matches!(
            self.machine,
            MachineState::Unexamined | MachineState::Examined
        );
        !before && self.format() >= Rule::MachineResumed.since() && !self.exported
    }

    /// Whether this is the step that examines the machine.
    pub(super) fn in_preflight(&self) -> bool {
        self.in_step(Kind::Preflight).is_ok()
    }
}
