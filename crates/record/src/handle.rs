//! The name of a holder in the roster, in events and in the names of documents' keys.

use serde::{Deserialize, Serialize};

use keymoot_core::text::excerpt;

/// A holder's handle: lower-case letters, digits and hyphens, 1 to 39 of them,
/// as the hosting service of the Project's repositories has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

impl Handle {
    /// The handle as text. It needs no escaping.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Handles in a sentence: `holder-1, holder-2`.
    #[must_use]
    pub fn list<'h>(handles: impl IntoIterator<Item = &'h Self>) -> String {
        let names: Vec<_> = handles.into_iter().map(Self::as_str).collect();
        names.join(", ")
    }
}

impl TryFrom<String> for Handle {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=39).contains(&text.len())
            && text.chars().all(plain)
            && !text.starts_with('-')
            && !text.ends_with('-')
        {
            Ok(Self(text))
        } else {
            Err(format!(
                "\"{}\" is not a handle: 1 to 39 of a-z, 0-9 and -, no - at either end",
                excerpt(&text)
            ))
        }
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
