//! The mode of a ceremony: live, or rehearsal.

use serde::{Deserialize, Serialize};

/// Live or rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Live: real devices, and outputs for the world.
    Live,
    /// Rehearsal: simulated devices, and marked outputs.
    Rehearsal,
}

impl Mode {
    /// The mode that a command asks for, by its flag `--rehearsal`.
    #[must_use]
    pub fn of(rehearsal: bool) -> Self {
        match rehearsal {
            true => Self::Rehearsal,
            false => Self::Live,
        }
    }

    /// The mode as files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Rehearsal => "rehearsal",
        }
    }
}
