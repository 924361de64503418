//! The rules on a proposed root.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Verdict,
    policy::{Periods, Policy},
    roster::Handle,
};
use crate::{
    digest::Digest,
    transcript::{Mode, Time},
    tuf::{
        self, Document, PublicKey, Root,
        json::{Json, Object},
    },
};

/// The member by which the documents of a rehearsal say what they are.
pub const REHEARSAL_MARK: &str = "x-keymoot-rehearsal";

/// What a root is held against.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The bounds.
    pub policy: &'a Policy,
    /// The enrolled keys: SubjectPublicKeyInfo, DER, by holder.
    pub keys: BTreeMap<Handle, Vec<u8>>,
    /// The moment that its dates are counted from.
    pub made: Time,
    /// The members that mark it for what it is.
    pub marks: Object,
}

impl From<Periods> for tuf::Periods {
    fn from(periods: Periods) -> Self {
        Self {
            expiry_days: periods.expiry_days,
            signing_days: periods.signing_days,
        }
    }
}

/// When a root made at this moment expires: its period, less the margin for a
/// reader whose clock runs ahead.
#[must_use]
pub fn expiry(policy: &Policy, made: Time) -> Option<tuf::Time> {
    let margin = i64::from(policy.clock_margin_minutes);
    tuf::Time::from_unix(
        made.plus(i64::from(policy.root.expiry_days), -margin)?
            .unix(),
    )
}

/// The members that mark a document of a ceremony of this mode.
#[must_use]
pub fn marks(mode: Mode, ceremony: &str) -> Object {
    let mark = (REHEARSAL_MARK.to_owned(), Json::from(ceremony));
    (mode == Mode::Rehearsal)
        .then_some(mark)
        .into_iter()
        .collect()
}

/// Every rule on a first root.
#[must_use]
pub fn check(document: &Document, expected: &Expected<'_>) -> Vec<Verdict> {
    let root = match Root::read(document) {
        Ok(root) => root,
        Err(error) => {
            return vec![Verdict::unless(
                "ROOT-DRAFT",
                true,
                String::new,
                || format!("the proposal is no root: {error}"),
                NEXT,
            )];
        }
    };
    vec![
        version(&root),
        dates(&root, expected),
        quorum(&root, expected.policy),
        keys(&root, expected),
        online(&root, expected.policy),
        snapshot(&root),
        mark(&root, expected),
        changes(&root, document),
    ]
}

const NEXT: &str = "leave the ceremony: the program and its policy do not agree";

fn version(root: &Root) -> Verdict {
    Verdict::unless(
        "ROOT-VERSION",
        root.version != 1,
        || "a first root has version 1".to_owned(),
        || format!("a first root has version 1, not {}", root.version),
        NEXT,
    )
}

fn dates(root: &Root, expected: &Expected<'_>) -> Verdict {
    let due = expiry(expected.policy, expected.made);
    let periods = Some(tuf::Periods::from(expected.policy.root));
    Verdict::unless(
        "ROOT-EXPIRY",
        due != Some(root.expires)
            || root.expires.to_string() != root.expires_text
            || root.periods != periods,
        || {
            format!(
                "it expires {}: {} days after it was made, less {} minutes for clocks that run ahead",
                root.expires,
                expected.policy.root.expiry_days,
                expected.policy.clock_margin_minutes
            )
        },
        || {
            format!(
                "it expires {}, which is not what the policy says",
                crate::text::escape(&root.expires_text)
            )
        },
        NEXT,
    )
}

fn quorum(root: &Root, policy: &Policy) -> Verdict {
    let (threshold, holders) = (policy.quorum.threshold, policy.quorum.holders as usize);
    let right = ["root", "targets"].iter().all(|role| {
        root.roles
            .get(*role)
            .is_some_and(|keys| keys.threshold == threshold)
            && root.role_keys(role).len() == holders
    });
    Verdict::unless(
        "ROOT-QUORUM",
        !right,
        || format!("root and targets are signed by {threshold} of {holders} distinct keys"),
        || format!("root and targets are not signed by {threshold} of {holders} distinct keys"),
        NEXT,
    )
}

fn keys(root: &Root, expected: &Expected<'_>) -> Verdict {
    let enrolled: BTreeMap<Digest, &Handle> = expected
        .keys
        .iter()
        .map(|(handle, spki)| (Digest::of(spki), handle))
        .collect();
    let same = |role: &str| {
        let found = root.role_keys(role);
        found.len() == enrolled.len()
            && found.iter().all(|(digest, (_, entry))| {
                enrolled
                    .get(digest)
                    .is_some_and(|handle| entry.holder.as_deref() == Some(handle.as_str()))
            })
    };
    Verdict::unless(
        "ROOT-KEYS",
        !(same("root") && same("targets")),
        || "root and targets name exactly the enrolled keys, each under its holder".to_owned(),
        || "the keys of root and targets are not exactly the enrolled ones".to_owned(),
        NEXT,
    )
}

fn online(root: &Root, policy: &Policy) -> Verdict {
    let key = policy
        .online
        .as_ref()
        .and_then(|online| PublicKey::from_pem(&online.public_key).ok());
    let right = policy
        .online
        .as_ref()
        .zip(key)
        .is_some_and(|(online, key)| {
            [
                ("snapshot", online.snapshot),
                ("timestamp", online.timestamp),
            ]
            .into_iter()
            .all(|(role, periods)| {
                let keys = root.role_keys(role);
                root.roles.get(role).is_some_and(|role| {
                    role.threshold == 1
                        && role.periods == Some(periods.into())
                        && role.keyids.len() == 1
                }) && keys.get(&key.fingerprint()).is_some_and(|(_, entry)| {
                    entry.holder.is_none()
                        && entry.online_uri.as_deref() == Some(online.uri.as_str())
                })
            })
        });
    Verdict::unless(
        "ROOT-ONLINE",
        !right,
        || "snapshot and timestamp are signed by the policy's online key alone".to_owned(),
        || "snapshot and timestamp are not signed by the policy's online key alone".to_owned(),
        NEXT,
    )
}

fn snapshot(root: &Root) -> Verdict {
    Verdict::unless(
        "ROOT-SNAPSHOT",
        !root.consistent_snapshot,
        || "consistent snapshots are on".to_owned(),
        || "consistent snapshots are off".to_owned(),
        NEXT,
    )
}

fn mark(root: &Root, expected: &Expected<'_>) -> Verdict {
    let marked = expected.marks.contains_key(REHEARSAL_MARK);
    Verdict::unless(
        "ROOT-MARK",
        root.extra != expected.marks,
        || match marked {
            true => format!(
                "it is marked {REHEARSAL_MARK}: nothing made in a rehearsal can pass for real"
            ),
            false => "it bears no mark of a rehearsal".to_owned(),
        },
        || "its marks are not those of this ceremony".to_owned(),
        NEXT,
    )
}

/// A first root differs from no earlier one; what is left to say is that it
/// holds nothing that no rule above has looked at.
fn changes(root: &Root, document: &Document) -> Verdict {
    let roles: BTreeSet<&str> = root.roles.keys().map(String::as_str).collect();
    let used: BTreeSet<_> = root.roles.values().flat_map(|role| &role.keyids).collect();
    let plain = roles == BTreeSet::from(["root", "snapshot", "targets", "timestamp"])
        && used.len() == root.keys.len()
        && root.keys.values().all(|key| key.extra.is_empty())
        && root.roles.values().all(|role| role.extra.is_empty())
        && document.signatures().is_empty()
        && document.warnings().is_empty()
        && root.warnings().is_empty();
    Verdict::unless(
        "ROOT-CHANGE",
        !plain,
        || "the scenario initial-root allows a first root, and it holds nothing else".to_owned(),
        || "it holds something that the scenario initial-root does not allow".to_owned(),
        NEXT,
    )
}
