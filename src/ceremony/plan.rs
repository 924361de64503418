//! The plan of a ceremony: script, policy and roster, checked together.

use super::script::CheckedScript;
use crate::{
    digest::Digest,
    rules::{
        Verdict, Violation,
        policy::Policy,
        roster::{self, Roster},
    },
};

/// Script, policy and roster in which no rule is violated. Only
/// [`Plan::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub script: CheckedScript,
    /// What is allowed.
    pub policy: Policy,
    /// Who takes part.
    pub roster: Roster,
    /// The files' exact text.
    pub files: PlanFiles,
    verdicts: Vec<Verdict>,
}

/// The text of the three files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFiles {
    /// The script.
    pub script: String,
    /// The policy.
    pub policy: String,
    /// The roster.
    pub roster: String,
}

impl PlanFiles {
    /// The three digests, in the order script, policy, roster.
    #[must_use]
    pub fn digests(&self) -> [Digest; 3] {
        [&self.script, &self.policy, &self.roster].map(|text| Digest::of(text.as_bytes()))
    }
}

impl Plan {
    /// Reads the three files and checks them, each alone and all together.
    ///
    /// # Errors
    /// Every violation of all three at once, so that they are mended in one go.
    pub fn check(files: PlanFiles) -> Result<Self, Vec<Verdict>> {
        let script = CheckedScript::parse(&files.script);
        let policy = Policy::parse(&files.policy);
        let roster = Roster::parse(&files.roster);
        let mut verdicts = Vec::new();
        if let (Ok(policy), Ok(roster)) = (&policy, &roster) {
            verdicts.extend(roster::check(roster, policy));
            verdicts.push(online_key(policy));
        }
        match (script, policy, roster) {
            (Ok(script), Ok(policy), Ok(roster)) if !verdicts.iter().any(Verdict::is_violated) => {
                verdicts.splice(0..0, script.verdicts());
                Ok(Self {
                    script,
                    policy,
                    roster,
                    files,
                    verdicts,
                })
            }
            (script, policy, roster) => {
                let unread = [script.err(), policy.err(), roster.err()];
                let mut violated: Vec<Verdict> = unread
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(Verdict::from)
                    .collect();
                violated.extend(verdicts.into_iter().filter(Verdict::is_violated));
                Err(violated)
            }
        }
    }

    /// What the rules say of the plan: all held.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }
}

/// POLICY-ONLINE: the key of snapshot and timestamp is named.
fn online_key(policy: &Policy) -> Verdict {
    let key = policy
        .online
        .as_ref()
        .map(|online| crate::tuf::PublicKey::from_pem(&online.public_key));
    match key {
        Some(Ok(key)) => Verdict::held(
            "POLICY-ONLINE",
            format!(
                "snapshot and timestamp are signed by key {}",
                key.fingerprint()
            ),
        ),
        Some(Err(error)) => Violation::new(
            "POLICY-ONLINE",
            format!("the policy's online key cannot be read: {error}"),
            "paste the service's public key into [online] as PEM",
        )
        .into(),
        None => Violation::new(
            "POLICY-ONLINE",
            "the policy names no online key for snapshot and timestamp",
            "add [online] with the uri and the public key of the service",
        )
        .into(),
    }
}
