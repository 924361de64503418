//! A draft of a targets document: the top one, or a delegated one.

use std::collections::{BTreeMap, BTreeSet};

use super::{DraftError, Signer, check_signers, check_threshold};
use crate::document::ROLES;
use crate::{DelegatedRole, KeyEntry, KeyId, Periods, TargetFile, Targets};
use keymoot_core::json::Object;
use keymoot_core::time::Time;

/// A draft of a targets document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetsDraft {
    /// Its role: `targets`, or the name of a delegated role
    pub role: String,
    /// `version`
    pub version: u64,
    /// `expires`
    pub expires: Time,
    /// The files it signs, by name
    pub files: BTreeMap<String, TargetFile>,
    /// Who else may sign files, in the order in which clients search
    pub delegations: Vec<DelegationDraft>,
    /// The periods of this document, for a dialect in which it states them; in
    /// others its delegator does
    pub periods: Periods,
    /// Members to add at the top level; their names begin with `x-`
    pub marks: Object,
}

/// A role to delegate to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationDraft {
    /// Its name
    pub name: String,
    /// Its signers
    pub signers: Vec<Signer>,
    /// How many of them must sign
    pub threshold: u32,
    /// The patterns of the names of files it may sign
    pub paths: Vec<String>,
    /// Whether clients that find no file here look no further
    pub terminating: bool,
    /// The periods of its metadata, for a dialect in which the delegator
    /// states them
    pub periods: Periods,
}

impl TargetsDraft {
    /// The draft with the content of a role's document: the beginning of its successor.
    /// `unsaid` has the periods that the document does not state.
    /// `None` where no draft can say it: a key that is nobody's, prefixes of
    /// hashes, members within delegations.
    #[must_use]
    pub fn of(role: &str, targets: &Targets, unsaid: Periods) -> Option<Self> {
        let delegations = match &targets.delegations {
            Some(all) if all.extra.is_empty() => {
                let roles = all.roles.iter();
                roles
                    .map(|role| DelegationDraft::of(role, &all.keys, unsaid))
                    .collect::<Option<_>>()?
            }
            Some(_) => return None,
            None => Vec::new(),
        };
        Some(Self {
            role: role.to_owned(),
            version: targets.version,
            expires: targets.expires,
            files: targets.targets.clone(),
            delegations,
            periods: targets.periods.unwrap_or(unsaid),
            marks: targets.extra.clone(),
        })
    }

    /// Checks what every dialect demands.
    ///
    /// # Errors
    /// The first demand that is not met.
    pub fn check(&self) -> Result<(), DraftError> {
        if self.version == 0 {
            return Err(DraftError::VersionZero);
        }
        if self.role != "targets" {
            check_role_name(&self.role)?;
        }
        if let Some((name, _)) = self
            .files
            .iter()
            .find(|(name, file)| name.is_empty() || file.hashes.is_empty())
        {
            return Err(DraftError::File(name.clone()));
        }
        let mut names = BTreeSet::new();
        let mut signers = Vec::<&Signer>::new();
        for delegation in &self.delegations {
            delegation.check()?;
            if !names.insert(&delegation.name) {
                return Err(DraftError::SecondRole(delegation.name.clone()));
            }
            for signer in &delegation.signers {
                if !signers.contains(&signer) {
                    signers.push(signer);
                }
            }
        }
        // A signer may be in several roles, but no key under two names.
        check_signers(signers)
    }
}

impl DelegationDraft {
    fn of(role: &DelegatedRole, keys: &BTreeMap<KeyId, KeyEntry>, unsaid: Periods) -> Option<Self> {
        if !role.path_hash_prefixes.is_empty() {
            return None;
        }
        Some(Self {
            name: role.name.clone(),
            signers: Signer::of_role(&role.keys, keys)?,
            threshold: role.keys.threshold,
            paths: role.paths.clone(),
            terminating: role.terminating,
            periods: role.keys.periods.unwrap_or(unsaid),
        })
    }

    fn check(&self) -> Result<(), DraftError> {
        check_role_name(&self.name)?;
        check_threshold(&self.name, self.threshold, self.signers.len())?;
        check_signers(&self.signers)?;
        let distinct: BTreeSet<_> = self.paths.iter().collect();
        if self.paths.is_empty()
            || distinct.len() < self.paths.len()
            || self.paths.iter().any(String::is_empty)
        {
            return Err(DraftError::Paths(self.name.clone()));
        }
        Ok(())
    }
}

/// Checks that a role can be delegated to under this name: its metadata is a file of that name, in
/// git and on servers.
///
/// # Errors
/// [`DraftError::RoleName`].
pub fn check_role_name(name: &str) -> Result<(), DraftError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) && !ROLES.contains(&name) {
        Ok(())
    } else {
        Err(DraftError::RoleName(name.to_owned()))
    }
}
