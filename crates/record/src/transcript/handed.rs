//! How a sealed file reached its holder.

use serde::{Deserialize, Serialize};

/// How a sealed file reached its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handed {
    /// The program wrote it into a folder that was named as the holder's own medium, and read it back.
    Stick,
    /// The holder says that a copy was taken in another way.
    Taken,
}
