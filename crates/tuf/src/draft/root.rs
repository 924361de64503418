//! A draft of a root.

use super::{DraftError, Holder, OnlineKey, Signer, check_signers, check_threshold};
use crate::document::ROLES;
use crate::{Periods, RoleKeys, Root};
use keymoot_core::json::Object;
use keymoot_core::time::Time;

/// A draft of a root. One online key signs snapshot and timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDraft {
    /// `version`
    pub version: u64,
    /// `expires`
    pub expires: Time,
    /// `consistent_snapshot`
    pub consistent_snapshot: bool,
    /// The holders of root's keys; one holder may have several keys
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
    /// they are in the targets document
    pub targets_periods: Periods,
    /// The periods of snapshot
    pub snapshot_periods: Periods,
    /// The periods of timestamp
    pub timestamp_periods: Periods,
    /// Members to add at the top level; their names begin with `x-`
    pub marks: Object,
}

impl RootDraft {
    /// The draft with the content of a root: the beginning of its successor.
    /// `unsaid` has the periods that the root does not state. `None` where no
    /// draft can express it: a key of root or targets without a holder, services
    /// with several keys, other roles, members within roles or keys.
    #[must_use]
    pub fn of(root: &Root, unsaid: Periods) -> Option<Self> {
        let signers = |role: &str| -> Option<(Vec<Signer>, &RoleKeys)> {
            let role = root.roles.get(role)?;
            Some((Signer::of_role(role, &root.keys)?, role))
        };
        let (holders, root_role) = signers("root")?;
        let (targets, targets_role) = signers("targets")?;
        let ((snapshot, snapshot_role), (timestamp, timestamp_role)) =
            (signers("snapshot")?, signers("timestamp")?);
        let [Signer::Online(online)] = &snapshot[..] else {
            return None;
        };
        if root.roles.len() != ROLES.len() || timestamp != snapshot {
            return None;
        }
        let holders_of_root = holders.iter().map(|signer| match signer {
            Signer::Holder(holder) => Some(holder.clone()),
            Signer::Online(_) => None,
        });
        Some(Self {
            version: root.version,
            expires: root.expires,
            consistent_snapshot: root.consistent_snapshot,
            holders: holders_of_root.collect::<Option<_>>()?,
            root_threshold: root_role.threshold,
            targets_threshold: targets_role.threshold,
            targets_signers: (targets != holders).then_some(targets),
            online: online.clone(),
            root_periods: root.periods.unwrap_or(unsaid),
            targets_periods: targets_role.periods.unwrap_or(unsaid),
            snapshot_periods: snapshot_role.periods.unwrap_or(unsaid),
            timestamp_periods: timestamp_role.periods.unwrap_or(unsaid),
            marks: root.extra.clone(),
        })
    }

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
        // occur again, but no key under two names.
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
