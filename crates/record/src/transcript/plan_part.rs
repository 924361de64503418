//! The parts of a plan whose digests people read before the first step.

use serde::{Deserialize, Serialize};

/// A digest that people read before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanPart {
    /// The running program.
    Program,
    /// The policy.
    Policy,
    /// The roster.
    Roster,
    /// The script.
    Script,
}

impl PlanPart {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 4] = [Self::Program, Self::Policy, Self::Roster, Self::Script];

    /// Its name, as people and the transcript call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Policy => "policy",
            Self::Roster => "roster",
            Self::Script => "script",
        }
    }
}
