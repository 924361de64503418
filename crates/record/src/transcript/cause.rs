//! Why a ceremony ends without its purpose.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a ceremony ends without its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The people in the room do not agree.
    Disagreement,
    /// Not enough holders can sign.
    QuorumOutOfReach,
    /// Something else, which the reason says.
    Other,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disagreement => "the people in the room do not agree",
            Self::QuorumOutOfReach => "the quorum is out of reach",
            Self::Other => "for another reason",
        })
    }
}
