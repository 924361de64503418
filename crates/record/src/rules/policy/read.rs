//! A policy, from its file.

use super::{Policy, bounds};
use crate::rules::{
    Violation,
    toml_file::{self, Places},
};
use keymoot_core::Rule;

impl Policy {
    /// Reads a policy that errors call `policy.toml`.
    ///
    /// # Errors
    /// As [`Policy::read`].
    pub fn parse(text: &str) -> Result<Self, Vec<Violation>> {
        Self::read("policy.toml", text)
    }

    /// Reads a policy. `name` is the file's name in errors.
    ///
    /// # Errors
    /// [`Violation`]s of POLICY-READ (not TOML, a field unknown or missing) or
    /// of POLICY-BOUNDS (values with which no ceremony could end).
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Violation>> {
        let policy: Self = toml_file::read(name, text).map_err(|why| {
            vec![Violation::new(
                Rule::PolicyRead,
                why,
                "correct the policy; compare it with the one in ceremony-scripts/",
            )]
        })?;
        let faults = bounds::faults(&policy, &Places::new(name, text));
        if faults.is_empty() {
            Ok(policy)
        } else {
            Err(faults)
        }
    }
}
