//! A person who may come and go: a holder or a witness.

use serde::{Deserialize, Serialize};

use crate::handle::Handle;

/// A person whom the roster names, and who may come and go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// A holder, by handle.
    Holder(Handle),
    /// A witness, by name.
    Witness(String),
}

impl Person {
    /// Who it is. Safe to show.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Holder(handle) => handle.to_string(),
            Self::Witness(name) => format!("witness {}", keymoot_core::text::escape(name)),
        }
    }
}
