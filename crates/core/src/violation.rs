//! Violations, in words for the person with the evidence.

use std::fmt;

use crate::Rule;

/// One violated rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The fault, and where it is. Foreign text in it is already escaped.
    pub what: String,
    /// What to do next.
    pub next: String,
}

impl Violation {
    /// A violation of a rule: which, what happened to what, what to do next.
    #[must_use]
    pub fn new(rule: Rule, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            rule,
            what: what.into(),
            next: next.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.rule, self.what, self.next)
    }
}

impl std::error::Error for Violation {}
