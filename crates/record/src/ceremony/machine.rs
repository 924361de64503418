//! Whether the machine that records the ceremony is the one that was checked.

use keymoot_core::Verdict;

/// The state of the machine's check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MachineState {
    /// The step that checks it has not come yet.
    #[default]
    Unexamined,
    /// It was checked, and nothing has interrupted the program since.
    Examined,
    /// The program was started again. The machine may have changed in between, or it
    /// may be another one.
    Resumed,
    /// It was checked again, with these violations.
    Violated(Vec<Verdict>),
}

impl MachineState {
    /// The program was started again.
    pub(super) fn resumed(&mut self) {
        if *self != Self::Unexamined {
            *self = Self::Resumed;
        }
    }

    /// The machine was checked, with these violations.
    pub(super) fn examined(&mut self, violated: Vec<Verdict>) {
        *self = match violated.is_empty() {
            true => Self::Examined,
            false => Self::Violated(violated),
        };
    }
}
