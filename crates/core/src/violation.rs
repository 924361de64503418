//! What is wrong with evidence, said to the person who holds it.

use std::fmt;

use crate::Rule;

/// One rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What happened, and to what. Foreign text in it is already escaped.
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
