//! The id of a rule in a record. The rule may be one of another version of the program.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rule::{Rule, UnknownRule};

/// The id in a recorded verdict. Another version of the program may have recorded it, so
/// an id that this one does not know is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RuleId {
    /// A rule of this program.
    Known(Rule),
    /// The id of a rule of another version: foreign text.
    Unknown(String),
}

impl RuleId {
    /// The id as it is recorded. It is foreign text where the rule is unknown: escape it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Known(rule) => rule.id(),
            Self::Unknown(id) => id,
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&crate::text::excerpt(self.id()))
    }
}

impl From<Rule> for RuleId {
    fn from(rule: Rule) -> Self {
        Self::Known(rule)
    }
}

impl From<String> for RuleId {
    fn from(id: String) -> Self {
        match id.parse() {
            Ok(rule) => Self::Known(rule),
            Err(UnknownRule) => Self::Unknown(id),
        }
    }
}

impl From<RuleId> for String {
    fn from(rule: RuleId) -> Self {
        match rule {
            RuleId::Known(rule) => rule.id().to_owned(),
            RuleId::Unknown(id) => id,
        }
    }
}

impl PartialEq<Rule> for RuleId {
    fn eq(&self, rule: &Rule) -> bool {
        matches!(self, Self::Known(known) if known == rule)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_id_that_is_unknown_here_is_kept_as_it_is() {
        for recorded in ["\"KEY-DISTINCT\"", "\"KEY-OF-TOMORROW\""] {
            let id: RuleId = serde_json::from_str(recorded).unwrap();
            assert_eq!(serde_json::to_string(&id).unwrap(), recorded);
            assert_eq!(id == Rule::KeyDistinct, recorded.contains("DISTINCT"));
        }
    }
}
