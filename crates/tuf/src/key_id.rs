//! Names of keys.

use std::fmt;

use serde::{Deserialize, Serialize};

use keymoot_core::text::excerpt;

/// The name that metadata gives to a key. A name, never an identity: one key
/// may have several, and in metadata of others it need not be a hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// Any text is a key id.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as metadata has it, not safe to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, safe to show: what people compare.
    #[must_use]
    pub fn short(&self) -> String {
        excerpt(&self.0.chars().take(8).collect::<String>())
    }
}

/// Safe to show.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
