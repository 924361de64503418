//! The dialect of tufops, the Rust Foundation's newest experiment.
//!
//! Metadata is plain POUF-1 without members of its own. A key's id is the SHA-256 of its
//! SubjectPublicKeyInfo. The holder of a key, the address of an online key and the periods are in
//! `tufops.toml` in the repository's folder. **Nobody signs this file**: its names help people, and
//! are no ground for trust. Source: `crates/tufops-core/src/config.rs` of tufops.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Change, DelegationDraft, Holder, KeyEntry, KeyId, OnlineKey, Periods, PublicKey, Root,
    RootDraft, Signer, Targets, TargetsDraft,
};
use keymoot_core::digest::Digest;

/// The name of the file, in the repository's folder.
pub const FILE: &str = "tufops.toml";

/// How specific a pattern is: characters that are no wildcards, then `?`, then few `*`.
type Specificity = (usize, usize, Reverse<usize>);

/// Where tufops places a delegated role among others, smallest first: the one whose least
/// specific pattern is the most specific, then by name. Clients search in this order.
#[must_use]
pub fn place<'n>(name: &'n str, paths: &[String]) -> (Reverse<Option<Specificity>>, &'n str) {
    let specificity = |path: &String| {
        let count = |wildcard: char| path.matches(wildcard).count();
        let (stars, questions) = (count('*'), count('?'));
        let plain = path.chars().count() - stars - questions;
        (plain, questions, Reverse(stars))
    };
    (Reverse(paths.iter().map(specificity).min()), name)
}

/// The content of `tufops.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the repository is published, such as `gs://bucket/prefix`
    pub storage: String,
    /// The keys by the names that the file gives them
    pub keys: BTreeMap<String, Signer>,
    /// The roles by name
    pub roles: BTreeMap<String, Role>,
}

/// A role in `tufops.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The names of its keys in the file
    pub keys: Vec<String>,
    /// How many of them must sign
    pub threshold: u32,
    /// Days from signing to expiry
    pub expires_days: u32,
    /// Days before expiry at which signing begins
    pub signing_days: u32,
    /// The patterns of names of files, of a delegated role
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// Why a text is no `tufops.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It breaks the format.
    #[error("it is no tufops.toml: {}", keymoot_core::text::excerpt(.0))]
    Toml(String),
    /// A key has no holder, two holders, or cannot be read.
    #[error("it is no tufops.toml: the key {}: {problem}", keymoot_core::text::excerpt(.name))]
    Key {
        /// Its name in the file
        name: String,
        /// The fault, safe to show
        problem: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    storage: String,
    keys: BTreeMap<String, Key>,
    roles: BTreeMap<String, Role>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<String>,
    public_key: String,
}

impl Config {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfigError::Toml(error.message().to_owned()))?;
        let mut keys = BTreeMap::new();
        for (name, key) in file.keys {
            let signer = read_key(key).map_err(|problem| ConfigError::Key {
                name: name.clone(),
                problem,
            })?;
            keys.insert(name, signer);
        }
        Ok(Self {
            storage: file.storage,
            keys,
            roles: file.roles,
        })
    }

    /// The content of the file for these documents.
    #[must_use]
    pub fn of(storage: &str, root: &RootDraft, delegations: &[DelegationDraft]) -> Self {
        let mut config = Self {
            storage: storage.to_owned(),
            keys: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        config.add_roles(root, delegations);
        config
    }

    /// The file beside these documents, with the keys, periods and storage that this one
    /// knows. `None` where the documents have a key that this one does not name, or where
    /// they are not of the kind that tufops writes.
    #[must_use]
    pub fn beside(&self, root: &Root, targets: Option<&Targets>) -> Option<Self> {
        let (mut root, mut targets) = (root.clone(), targets.cloned());
        self.annotate_root(&mut root);
        let unsaid = self.periods("targets")?;
        let delegations = match &mut targets {
            Some(targets) => {
                self.annotate_targets(targets);
                TargetsDraft::of("targets", targets, unsaid)?.delegations
            }
            None => Vec::new(),
        };
        let mut config = Self {
            storage: self.storage.clone(),
            keys: self.keys.clone(),
            roles: BTreeMap::new(),
        };
        config.add_roles(&RootDraft::of(&root, unsaid)?, &delegations);
        let roles = &config.roles;
        let used = |name: &String| roles.values().any(|role| role.keys.contains(name));
        config.keys.retain(|name, _| used(name));
        Some(config)
    }

    fn add_roles(&mut self, root: &RootDraft, delegations: &[DelegationDraft]) {
        let online = [Signer::Online(root.online.clone())];
        let (holders, targets) = (root.root_signers(), root.signers_of_targets());
        self.add(
            "root",
            &holders,
            root.root_threshold,
            root.root_periods,
            &[],
        );
        let threshold = root.targets_threshold;
        self.add("targets", &targets, threshold, root.targets_periods, &[]);
        self.add("snapshot", &online, 1, root.snapshot_periods, &[]);
        self.add("timestamp", &online, 1, root.timestamp_periods, &[]);
        for role in delegations {
            let paths = &role.paths;
            self.add(
                &role.name,
                &role.signers,
                role.threshold,
                role.periods,
                paths,
            );
        }
    }

    fn add(
        &mut self,
        role: &str,
        signers: &[Signer],
        threshold: u32,
        periods: Periods,
        paths: &[String],
    ) {
        let keys = signers.iter().map(|signer| self.add_key(signer)).collect();
        let role_entry = Role {
            keys,
            threshold,
            expires_days: periods.expiry_days,
            signing_days: periods.signing_days,
            paths: paths.to_vec(),
        };
        self.roles.insert(role.to_owned(), role_entry);
    }

    /// Adds the periods of a role that nobody signs for yet.
    pub fn add_periods(&mut self, role: &str, periods: Periods) {
        self.add(role, &[], 0, periods, &[]);
    }

    /// The name of a signer's key in the file. Adds a key that is not in it.
    pub fn add_key(&mut self, signer: &Signer) -> String {
        if let Some((name, _)) = self.keys.iter().find(|(_, known)| *known == signer) {
            return name.clone();
        }
        let plain = match signer {
            Signer::Holder(holder) => holder.handle.as_str(),
            Signer::Online(_) => "online",
        };
        let taken = |name: &String| self.keys.contains_key(name);
        let numbered = (2..).map(|number: u32| format!("{plain}-{number}"));
        let name = [plain.to_owned()]
            .into_iter()
            .chain(numbered)
            .find(|name| !taken(name))
            .unwrap_or_default();
        self.keys.insert(name.clone(), signer.clone());
        name
    }

    /// The text of the file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let keys = self.keys.iter().map(|(name, signer)| {
            let (owner, online) = match signer {
                Signer::Holder(holder) => (Some(format!("@{}", holder.handle)), None),
                Signer::Online(online) => (None, Some(online.uri.clone())),
            };
            let key = Key {
                owner,
                online,
                public_key: signer.key().pem(),
            };
            (name.clone(), key)
        });
        let file = File {
            storage: self.storage.clone(),
            keys: keys.collect(),
            roles: self.roles.clone(),
        };
        // Strings, numbers and tables of them always have a text.
        toml::to_string(&file).unwrap_or_default()
    }

    /// Names the holders of a root's keys and the periods of its roles, where
    /// the root does not do so itself. Nobody has signed for these names.
    pub fn annotate_root(&self, root: &mut Root) {
        self.annotate_keys(&mut root.keys);
        root.periods = root.periods.or(self.periods("root"));
        for (name, role) in root.roles.iter_mut().filter(|(name, _)| *name != "root") {
            role.periods = role.periods.or(self.periods(name));
        }
    }

    /// Does the same for the delegations of a targets document.
    pub fn annotate_targets(&self, targets: &mut Targets) {
        let Some(delegations) = &mut targets.delegations else {
            return;
        };
        self.annotate_keys(&mut delegations.keys);
        for role in &mut delegations.roles {
            role.keys.periods = role.keys.periods.or(self.periods(&role.name));
        }
    }

    fn annotate_keys(&self, keys: &mut BTreeMap<KeyId, KeyEntry>) {
        let signers = self.by_key();
        for entry in keys.values_mut() {
            if entry.holder.is_some() || entry.online_uri.is_some() {
                continue;
            }
            match entry.fingerprint().and_then(|key| signers.get(&key)) {
                Some(Signer::Holder(holder)) => entry.holder = Some(holder.handle.clone()),
                Some(Signer::Online(online)) => entry.online_uri = Some(online.uri.clone()),
                None => {}
            }
        }
    }

    /// Names the holders of the keys that changes speak of.
    pub fn name_changes(&self, changes: &mut [Change]) {
        let signers = self.by_key();
        for key in changes.iter_mut().filter_map(Change::key_mut) {
            if key.holder.is_some() || key.online_uri.is_some() {
                continue;
            }
            match key.fingerprint.and_then(|key| signers.get(&key)) {
                Some(Signer::Holder(holder)) => key.holder = Some(holder.handle.clone()),
                Some(Signer::Online(online)) => key.online_uri = Some(online.uri.clone()),
                None => {}
            }
        }
    }

    /// The signers by the identities of their keys.
    #[must_use]
    pub fn by_key(&self) -> BTreeMap<Digest, &Signer> {
        let signers = self.keys.values();
        signers
            .map(|signer| (signer.key().fingerprint(), signer))
            .collect()
    }

    /// The periods of a role.
    #[must_use]
    pub fn periods(&self, role: &str) -> Option<Periods> {
        self.roles.get(role).map(|role| Periods {
            expiry_days: role.expires_days,
            signing_days: role.signing_days,
        })
    }
}

fn read_key(key: Key) -> Result<Signer, String> {
    let public = PublicKey::from_pem(&key.public_key).map_err(|error| error.to_string())?;
    match (key.owner, key.online) {
        (Some(owner), None) => Ok(Signer::Holder(Holder {
            handle: owner.strip_prefix('@').map(str::to_owned).unwrap_or(owner),
            key: public,
        })),
        (None, Some(uri)) => Ok(Signer::Online(OnlineKey { key: public, uri })),
        _ => Err("it has either \"owner\" or \"online\"".to_owned()),
    }
}
