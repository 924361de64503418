//! The rules on a proposed root.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Verdict,
    documents::{self, Dates, Expected, NEXT},
    policy::Policy,
    roster::Handle,
    scenario::Document as Which,
};
use keymoot_core::{Rule, digest::Digest};
use keymoot_tuf::{Dialect, Document, PublicKey, Root};

/// Every rule on a root.
#[must_use]
pub fn check(document: &Document, expected: &Expected<'_>) -> Vec<Verdict> {
    let root = match Root::read(document) {
        Ok(root) => root,
        Err(error) => {
            return vec![Verdict::unless(
                Rule::RootDraft,
                true,
                String::new,
                || format!("the proposal is no root: {error}"),
                NEXT,
            )];
        }
    };
    let dates = Dates {
        expires: root.expires,
        expires_text: &root.expires_text,
        periods: root.periods,
    };
    vec![
        documents::version(Which::Root, root.version, expected),
        documents::dates(Which::Root, &dates, expected),
        quorum(&root, expected.policy),
        keys(&root, expected),
        online(&root, expected.policy),
        snapshot(&root),
        documents::mark(Which::Root, &root.extra, expected),
        documents::changes(Which::Root, document, is_plain(&root, document), expected),
    ]
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
        Rule::RootQuorum,
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
                enrolled.get(digest).is_some_and(|handle| {
                    !expected.policy.dialect.names_signers()
                        || entry.holder.as_deref() == Some(handle.as_str())
                })
            })
    };
    Verdict::unless(
        Rule::RootKeys,
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
                        && match role.periods {
                            Some(found) => found == periods.into(),
                            // The other dialects write them elsewhere.
                            None => policy.dialect != Dialect::TufOnCi,
                        }
                        && role.keyids.len() == 1
                }) && keys.get(&key.fingerprint()).is_some_and(|(_, entry)| {
                    entry.holder.is_none()
                        && (!policy.dialect.names_signers()
                            || entry.online_uri.as_deref() == Some(online.uri.as_str()))
                })
            })
        });
    Verdict::unless(
        Rule::RootOnline,
        !right,
        || "snapshot and timestamp are signed by the policy's online key alone".to_owned(),
        || "snapshot and timestamp are not signed by the policy's online key alone".to_owned(),
        NEXT,
    )
}

fn snapshot(root: &Root) -> Verdict {
    Verdict::unless(
        Rule::RootSnapshot,
        !root.consistent_snapshot,
        || "consistent snapshots are on".to_owned(),
        || "consistent snapshots are off".to_owned(),
        NEXT,
    )
}

/// Whether rules cover everything in the root.
fn is_plain(root: &Root, document: &Document) -> bool {
    let roles: BTreeSet<&str> = root.roles.keys().map(String::as_str).collect();
    let used: BTreeSet<_> = root.roles.values().flat_map(|role| &role.keyids).collect();
    roles == BTreeSet::from(["root", "snapshot", "targets", "timestamp"])
        && used.len() == root.keys.len()
        && root.keys.values().all(|key| key.extra.is_empty())
        && root.roles.values().all(|role| role.extra.is_empty())
        && document.signatures().is_empty()
        && document.warnings().is_empty()
        && root.warnings().is_empty()
}
