//! The verdict of a rule: held, violated, or not asked of this ceremony.

use serde::{Deserialize, Serialize};

pub use crate::Violation;
use crate::{Rule, RuleId};

/// The verdict of one rule on one ceremony, with its stable id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule, as it was recorded.
    pub rule: RuleId,
    /// The outcome.
    pub outcome: Outcome,
    /// The finding, for people.
    pub detail: String,
    /// What to do next; empty unless violated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// The first transcript format that the rule is asked of, where the record is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u32>,
}

/// The three outcomes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The claim is true.
    Held,
    /// The claim is false.
    Violated,
    /// The claim is about live ceremonies and this is a rehearsal.
    NotAsked,
}

impl Verdict {
    /// The claim is true; `detail` is the finding.
    #[must_use]
    pub fn held(rule: Rule, detail: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            outcome: Outcome::Held,
            detail: detail.into(),
            next: String::new(),
            since: None,
        }
    }

    /// The rule needs a record that programs wrote only from a later format on: it is not asked of
    /// a record of this format.
    #[must_use]
    pub fn of_older_record(rule: Rule, format: u32) -> Self {
        let since = rule.since();
        Self {
            since: Some(since),
            ..Self::not_asked(
                rule,
                format!("format {format} does not record what it needs; format {since} does"),
            )
        }
    }

    /// The claim is not asked of this ceremony; `detail` says why.
    #[must_use]
    pub fn not_asked(rule: Rule, detail: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::NotAsked,
            ..Self::held(rule, detail)
        }
    }

    /// Held unless `violated`, with the words for either.
    #[must_use]
    pub fn unless(
        rule: Rule,
        violated: bool,
        held: impl FnOnce() -> String,
        what: impl FnOnce() -> String,
        next: &str,
    ) -> Self {
        if violated {
            Violation::new(rule, what(), next).into()
        } else {
            Self::held(rule, held())
        }
    }

    /// Whether the rule was violated.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.outcome == Outcome::Violated
    }

    /// Those of these verdicts whose rule was violated.
    #[must_use]
    pub fn violated(verdicts: &[Self]) -> Vec<Self> {
        let violated = verdicts.iter().filter(|verdict| verdict.is_violated());
        violated.cloned().collect()
    }
}

impl From<Violation> for Verdict {
    fn from(violation: Violation) -> Self {
        #[cfg(mutants)]
        if crate::mutant::is_off(violation.rule) {
            return Self::held(violation.rule, "switched off");
        }
        Self {
            rule: violation.rule.into(),
            outcome: Outcome::Violated,
            detail: violation.what,
            next: violation.next,
            since: None,
        }
    }
}
