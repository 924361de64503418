//! One of the two checkouts of a signing event.

use std::collections::BTreeMap;

use crate::bundle::Files;
use keymoot_core::text::excerpt;
use keymoot_tuf::{
    Delegations, Dialect, Document, KeyEntry, KeyId, RoleKeys, Root, Targets,
    dialect::tufops::{self, Config},
};

/// The documents of a checkout that people sign, and the holders in them.
pub(super) struct Side {
    pub(super) root: Root,
    pub(super) targets: Option<Targets>,
    /// By role: root, targets, and the roles that targets delegates to.
    pub(super) documents: BTreeMap<String, Document>,
    /// Who holds the keys, in tufops. Nobody signs it.
    pub(super) config: Option<Config>,
}

impl Side {
    /// Reads a checkout. A delegated role may have no document yet.
    ///
    /// # Errors
    /// In words, what is missing or cannot be read.
    pub(super) fn read(dialect: Dialect, files: &Files) -> Result<Self, String> {
        let config = match dialect {
            Dialect::Tufops => Some(config(files)?),
            Dialect::TufOnCi | Dialect::TufCi => None,
        };
        let read = |role: &str| {
            let read = dialect.read(role, None, &|path| files.get(path).cloned());
            read.map_err(|error| format!("the document of {}: {error}", excerpt(role)))
        };
        let unreadable = |error| format!("{error}");
        let document = read("root")?.ok_or("metadata/root.json is missing")?;
        let mut root = Root::read(&document).map_err(unreadable)?;
        let mut documents = BTreeMap::from([("root".to_owned(), document)]);
        let mut targets = None;
        if let Some(document) = read("targets")? {
            targets = Some(Targets::read(&document).map_err(unreadable)?);
            documents.insert("targets".to_owned(), document);
        }
        if let Some(config) = &config {
            config.annotate_root(&mut root);
            targets
                .iter_mut()
                .for_each(|targets| config.annotate_targets(targets));
        }
        let delegations = targets
            .iter()
            .filter_map(|targets| targets.delegations.as_ref());
        for role in delegations.flat_map(|delegations| &delegations.roles) {
            if let Some(document) = read(&role.name)? {
                Targets::read(&document).map_err(unreadable)?;
                documents.insert(role.name.clone(), document);
            }
        }
        Ok(Self {
            root,
            targets,
            documents,
            config,
        })
    }

    /// The roles that people may sign for, each after the one that delegates to it.
    pub(super) fn roles(&self) -> Vec<String> {
        let delegated = self.delegations().map(|delegations| &delegations.roles);
        ["root", "targets"]
            .map(str::to_owned)
            .into_iter()
            .chain(
                delegated
                    .into_iter()
                    .flatten()
                    .map(|role| role.name.clone()),
            )
            .collect()
    }

    /// Who may sign for a role, and which document says so.
    pub(super) fn delegation(&self, role: &str) -> Option<Delegation<'_>> {
        match role {
            "root" | "targets" => Some(Delegation {
                by: "root",
                version: self.root.version,
                role: self.root.roles.get(role)?,
                keys: &self.root.keys,
            }),
            _ => {
                let targets = self.targets.as_ref()?;
                Some(Delegation {
                    by: "targets",
                    version: targets.version,
                    role: &targets.role(role)?.keys,
                    keys: &self.delegations()?.keys,
                })
            }
        }
    }

    /// Every key that root and targets name, with its id there.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&KeyId, &KeyEntry)> {
        let delegated = self.delegations().map(|delegations| &delegations.keys);
        self.root.keys.iter().chain(delegated.into_iter().flatten())
    }

    /// Whether this side has another document of a role, or none. Signatures do not count.
    pub(super) fn differs(&self, role: &str, document: &Document) -> bool {
        let own = self.documents.get(role);
        own.is_none_or(|own| own.signed_bytes() != document.signed_bytes())
    }

    fn delegations(&self) -> Option<&Delegations> {
        self.targets.as_ref()?.delegations.as_ref()
    }
}

/// The signers of a role.
pub(super) struct Delegation<'s> {
    /// The role whose document says so
    pub(super) by: &'static str,
    /// The version of that document
    pub(super) version: u64,
    pub(super) role: &'s RoleKeys,
    pub(super) keys: &'s BTreeMap<KeyId, KeyEntry>,
}

fn config(files: &Files) -> Result<Config, String> {
    let missing = || format!("{} is missing, which says who holds the keys", tufops::FILE);
    let bytes = files.get(tufops::FILE).ok_or_else(missing)?;
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{} is not text", tufops::FILE))?;
    Config::parse(text).map_err(|error| format!("{}: {error}", tufops::FILE))
}

/// The holder of a key, as documents of its dialect name it; safe to show.
pub(super) fn named(entry: &KeyEntry) -> Option<String> {
    match (&entry.holder, &entry.online_uri) {
        (Some(holder), _) => Some(excerpt(holder)),
        (None, Some(uri)) => Some(format!("the online service {}", excerpt(uri))),
        (None, None) => None,
    }
}
