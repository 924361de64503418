//! A root to be.

use super::{DraftError, Holder, OnlineKey, Signer, check_signers, check_threshold};
use crate::tuf::json::Object;
use crate::tuf::{Periods, Time};

/// A root to be. Snapshot and timestamp are signed by the same online key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDraft {
    /// `version`
    pub version: u64,
    /// `expires`
    pub expires: Time,
    /// `consistent_snapshot`
    pub consistent_snapshot: bool,
    /// Who holds a key of root; one holder may stand here with several keys
    pub holders: Vec<Holder>,
    /// How many keys must sign root
    pub root_threshold: u32,
    /// Who signs targets, where that is not the holders of root
    pub targets_signers: Option<Vec<Signer>>,
    /// How many keys must sign targets
    pub targets_threshold: u32,
    /// The key of snapshot and timestamp
    pub online: OnlineKey,
    /// The periods of root itself
    pub root_periods: Periods,
    /// The periods of targets, for a dialect whose root says them; in others
    /// they stand in the targets document
    pub targets_periods: Periods,
    /// The periods of snapshot
    pub snapshot_periods: Periods,
    /// The periods of timestamp
    pub timestamp_periods: Periods,
    /// Members to add at the top level; their names begin with `x-`
    pub marks: Object,
}

impl RootDraft {
    /// The signers of root.
    #[must_use]
    pub fn root_signers(&self) -> Vec<Signer> {
        self.holders.iter().cloned().map(Signer::Holder).collect()
    }

    /// The signers of targets.
    #[must_use]
    pub fn signers_of_targets(&self) -> Vec<Signer> {
        match &self.targets_signers {
            Some(signers) => signers.clone(),
            None => self.root_signers(),
        }
    }

    /// Checks what every dialect demands.
    ///
    /// # Errors
    /// The first demand that is not met.
    pub fn check(&self) -> Result<(), DraftError> {
        if self.version == 0 {
            return Err(DraftError::VersionZero);
        }
        let holders = self.root_signers();
        let targets = self.signers_of_targets();
        check_threshold("root", self.root_threshold, holders.len())?;
        check_threshold("targets", self.targets_threshold, targets.len())?;
        // Within a role every key counts once; between roles a signer may
        // stand again, but no key under two names.
        let online = Signer::Online(self.online.clone());
        check_signers([&online].into_iter().chain(&holders))?;
        check_signers(&targets)?;
        let same_key = |signer: &&Signer| {
            let mut others = [&online].into_iter().chain(&holders);
            others.any(|other| other != *signer && other.key() == signer.key())
        };
        match targets.iter().find(same_key) {
            Some(signer) => Err(DraftError::SharedKey(signer.name().to_owned())),
            None => Ok(()),
        }
    }
}
