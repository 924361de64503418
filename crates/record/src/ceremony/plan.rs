//! The plan of a ceremony: script, policy, roster and the previous state,
//! checked together.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    continuity,
    crates_root::CratesRoots,
    given::AuthorisedFiles,
    previous::{Inputs, Previous},
    script::{CheckedScript, Document},
    seating::{self, Place},
};
use crate::rules::{
    policy::{Policy, reach},
    roster::{self, Roster},
};
use keymoot_core::{Rule, Verdict, Violation, digest::Digest, time::Time};
use keymoot_tuf::VerifiedRoot;

/// Script, policy, roster and previous state in which no rule is violated. Only
/// [`Plan::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub script: CheckedScript,
    /// The policy: bounds on everything.
    pub policy: Policy,
    /// The roster.
    pub roster: Roster,
    /// The files' exact content.
    pub files: PlanFiles,
    /// The paths of the inputs by what they hold.
    by_digest: BTreeMap<Digest, String>,
    previous: Option<Previous>,
    crates: CratesRoots,
    authorised: AuthorisedFiles,
    places: Vec<Place>,
    verdicts: Vec<Verdict>,
    pub(super) later: Vec<Arc<Self>>,
}

/// The files that a ceremony begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanFiles {
    /// The script.
    pub script: String,
    /// The policy.
    pub policy: String,
    /// The roster.
    pub roster: String,
    /// The previous state, and new roots of tuf-crates.
    pub inputs: Inputs,
}

impl PlanFiles {
    /// The three digests, in the order script, policy, roster.
    #[must_use]
    pub fn digests(&self) -> [Digest; 3] {
        [&self.script, &self.policy, &self.roster].map(|text| Digest::of(text.as_bytes()))
    }

    /// The digests of the inputs.
    #[must_use]
    pub fn input_digests(&self) -> BTreeMap<String, Digest> {
        self.inputs
            .iter()
            .map(|(path, bytes)| (path.clone(), Digest::of(bytes)))
            .collect()
    }
}

/// The names of a plan's files in errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNames {
    /// The script.
    pub script: String,
    /// The policy.
    pub policy: String,
    /// The roster.
    pub roster: String,
}

impl Default for FileNames {
    fn default() -> Self {
        let [script, policy, roster] =
            ["script.toml", "policy.toml", "roster.toml"].map(str::to_owned);
        Self {
            script,
            policy,
            roster,
        }
    }
}

impl Plan {
    /// Reads the files and checks them, each alone and all together.
    ///
    /// # Errors
    /// Every violation of all at once, so that people can fix all of them together.
    pub fn check(files: PlanFiles) -> Result<Self, Vec<Verdict>> {
        Self::check_named(files, &FileNames::default())
    }

    /// The same; `names` are the files' names in errors.
    ///
    /// # Errors
    /// As [`Plan::check`].
    pub fn check_named(files: PlanFiles, names: &FileNames) -> Result<Self, Vec<Verdict>> {
        let mut violated = Vec::new();
        let script = CheckedScript::read(&names.script, &files.script);
        let policy = Policy::read(&names.policy, &files.policy);
        let roster = Roster::read(&names.roster, &files.roster);
        let mut verdicts = Vec::new();
        if let (Ok(policy), Ok(roster)) = (&policy, &roster) {
            verdicts.extend(roster::check(roster, policy));
            verdicts.push(online_key(policy));
            verdicts.push(reach::check(policy));
        }
        let previous = policy.as_ref().map_or(Ok(None), |policy| {
            Previous::read(&files.inputs, policy.dialect)
        });
        let (script, policy, roster, previous) = match (script, policy, roster, previous) {
            (Ok(script), Ok(policy), Ok(roster), Ok(previous)) => {
                (script, policy, roster, previous)
            }
            (script, policy, roster, previous) => {
                let unread = [script.err(), policy.err(), roster.err(), previous.err()];
                violated.extend(unread.into_iter().flatten().flatten().map(Verdict::from));
                violated.extend(verdicts.into_iter().filter(Verdict::is_violated));
                return Err(violated);
            }
        };
        let places = seating::places(&roster, previous.as_ref());
        let crates = CratesRoots::read(&files.inputs, previous.as_ref(), policy.dialect);
        let crates_refused = crates.is_err();
        let crates = crates.unwrap_or_else(|violation| {
            verdicts.push(violation.into());
            CratesRoots::default()
        });
        verdicts.extend(crates.verdict());
        let scenario = script.script().scenario;
        let (authorised, of_files) =
            AuthorisedFiles::read(&policy, &files.inputs, previous.as_ref(), scenario);
        verdicts.extend(of_files);
        let script = narrowed(script, &policy, &crates, &authorised);
        verdicts.extend(continuity::check(&continuity::Claim {
            script: &script,
            policy: &policy,
            roster: &roster,
            previous: previous.as_ref(),
            places: &places,
            crates: &crates,
            crates_refused,
            authorised: &authorised,
        }));
        if verdicts.iter().any(Verdict::is_violated) {
            verdicts.retain(Verdict::is_violated);
            return Err(verdicts);
        }
        verdicts.splice(0..0, script.verdicts());
        let digests = files.input_digests().into_iter();
        Ok(Self {
            by_digest: digests.map(|(path, digest)| (digest, path)).collect(),
            script,
            policy,
            roster,
            files,
            previous,
            crates,
            authorised,
            places,
            verdicts,
            later: Vec::new(),
        })
    }

    /// The amended plans, in their order.
    pub(super) fn later(&self) -> &[Arc<Self>] {
        &self.later
    }

    /// The verdicts on the plan: all passed.
    #[must_use]
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// A script of the plan's occasion with the documents that this plan signs.
    #[must_use]
    pub(crate) fn narrowed(&self, script: CheckedScript) -> CheckedScript {
        narrowed(script, &self.policy, &self.crates, &self.authorised)
    }

    /// The previous state.
    #[must_use]
    pub fn previous(&self) -> Option<&Previous> {
        self.previous.as_ref()
    }

    /// The seats.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The roots of tuf-crates: the last one that the quorum signed as a target, and those that
    /// were given.
    pub(super) fn crates_chain(&self) -> &[VerifiedRoot] {
        self.crates.chain()
    }

    /// The files that the policy has the quorum sign.
    pub(super) fn authorised(&self) -> &AuthorisedFiles {
        &self.authorised
    }

    /// The newest root of tuf-crates as it is published, byte for byte.
    #[must_use]
    pub fn crates_root(&self) -> Option<&[u8]> {
        self.crates.newest()
    }

    /// The newest root of tuf-crates, parsed and verified.
    #[must_use]
    pub fn newest_crates_root(&self) -> Option<&keymoot_tuf::Root> {
        self.crates.newest_root()
    }

    /// CRATES-ROOT: why the quorum must not sign the new root of tuf-crates at this time.
    pub(super) fn expired_crates_root(&self, at: Time) -> Option<Violation> {
        self.crates.expired(at)
    }

    /// The files of the roots of tuf-crates that the quorum is asked to sign as targets: path
    /// in that repository to content.
    #[must_use]
    pub fn crates_files(&self) -> Vec<(String, Vec<u8>)> {
        self.crates.files()
    }

    /// A file of an earlier ceremony that events of this one name.
    #[must_use]
    pub fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let input = self.by_digest.get(digest);
        input
            .and_then(|path| self.files.inputs.get(path).cloned())
            .or_else(|| self.previous.as_ref()?.object(digest))
    }

    /// A holder's name.
    #[must_use]
    pub fn name(&self, handle: &roster::Handle) -> Option<&str> {
        let holder = self.roster.holder(handle).map(|holder| &holder.name);
        let leaver = || {
            let leavers = &self.roster.leavers;
            leavers.iter().find(|leaver| leaver.handle == *handle)
        };
        holder
            .or_else(|| leaver().map(|leaver| &leaver.name))
            .map(String::as_str)
    }
}

/// The script without documents that are not signed: `crates.json` where the policy has none, and on
/// the occasion of an authorised file each document whose files stay.
fn narrowed(
    script: CheckedScript,
    policy: &Policy,
    crates: &CratesRoots,
    authorised: &AuthorisedFiles,
) -> CheckedScript {
    let scenario = script.script().scenario;
    let changes = [
        (Document::Targets, authorised.bring()),
        (Document::Crates, crates.brings()),
    ];
    let any = changes.iter().any(|(_, brings)| *brings);
    let script = match policy.tuf_crates {
        true => script,
        false => script.without(Document::Crates),
    };
    changes
        .into_iter()
        .filter(|(_, brings)| scenario.is_for_a_file() && any && !brings)
        .fold(script, |script, (document, _)| script.without(document))
}

/// POLICY-ONLINE: the key of snapshot and timestamp is named.
fn online_key(policy: &Policy) -> Verdict {
    let key = policy
        .online
        .as_ref()
        .map(|online| keymoot_tuf::PublicKey::from_pem(&online.public_key));
    match key {
        Some(Ok(key)) => Verdict::held(
            Rule::PolicyOnline,
            format!(
                "snapshot and timestamp are signed by key {}",
                key.fingerprint()
            ),
        ),
        // A key that cannot be read was refused with the policy.
        Some(Err(_)) | None => Violation::new(
            Rule::PolicyOnline,
            "the policy names no online key for snapshot and timestamp",
            "add [online] with the uri and the public key of the service",
        )
        .into(),
    }
}
