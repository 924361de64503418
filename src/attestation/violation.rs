//! What is wrong with evidence, said to the person who holds it.

use std::fmt;

/// The evidence is not a well-formed pair of attestation certificates.
pub const EVIDENCE: &str = "DEVICE-EVIDENCE";
/// The evidence does not lead to a pinned vendor key through the right roles.
pub const CHAIN: &str = "DEVICE-CHAIN";
/// The attested key is not the key in question.
pub const KEY: &str = "DEVICE-KEY";
/// The evidence states facts that no genuine device has together.
pub const CONSISTENT: &str = "DEVICE-CONSISTENT";
/// The key was not made in the device alone.
pub const ORIGIN: &str = "DEVICE-ORIGIN";
/// The key may leave the device.
pub const EXPORTABLE: &str = "DEVICE-EXPORTABLE";
/// The device's audit log does not account for what was done with it.
pub const AUDIT: &str = "DEVICE-AUDIT";
/// A certificate is not valid at the moment the evidence is judged for.
pub const VALIDITY: &str = "DEVICE-VALIDITY";
/// The vendor trust material itself is unsound.
pub const TRUST: &str = "DEVICE-TRUST";

/// One rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The stable id of the rule.
    pub rule: &'static str,
    /// What happened, and to what. Foreign text in it is already escaped.
    pub what: String,
    /// What to do next.
    pub next: String,
}

impl Violation {
    /// A violation of a rule: which, what happened to what, what to do next.
    #[must_use]
    pub fn new(rule: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            rule,
            what: what.into(),
            next: next.into(),
        }
    }

    /// Evidence that cannot have come out of a device as it is: read it again.
    pub(super) fn evidence(what: impl Into<String>) -> Self {
        Self::new(
            EVIDENCE,
            what,
            "export the attestation of the key and the device certificate from the device again; \
             if they are the same, the device is not one this program can judge",
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.rule, self.what, self.next)
    }
}

impl std::error::Error for Violation {}
