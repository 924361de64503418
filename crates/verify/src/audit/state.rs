//! The memory of an auditor, so that a mirror cannot go back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use keymoot_core::{
    HostError, Rule, Violation,
    digest::Digest,
    text::{escape_path, excerpt},
};
use keymoot_tuf::{Document, Root};
use serde::{Deserialize, Serialize};

use super::search::Step;
use crate::files;

const FILE: &str = "audit-state.json";
const FORMAT: &str = "keymoot-audit-state/1";
/// 2^14 bins with their versions are less than a megabyte.
const MOST: u64 = 16 << 20;

/// The versions that were seen.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    format: String,
    /// SHA-256 of what the first trusted root signs
    begins: Option<Digest>,
    repositories: BTreeMap<String, Seen>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// SHA-256 of what the newest root signs, in a state of keymoot 0.3
    #[serde(default, skip_serializing)]
    root: Option<Digest>,
    /// By role
    versions: BTreeMap<String, u64>,
    /// SHA-256 of what the documents that were read sign, at the versions above, by role
    #[serde(default)]
    documents: BTreeMap<String, Digest>,
    /// Who signs timestamp and snapshot by the newest root. It is empty in a state of keymoot 0.3
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    signers: BTreeMap<String, Signers>,
}

/// The keys of a role, and how many of them sign.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signers {
    threshold: u32,
    keys: BTreeSet<Digest>,
}

impl Signers {
    /// Those of timestamp and snapshot.
    fn online(root: &Root) -> BTreeMap<String, Self> {
        let roles = ["timestamp", "snapshot"].into_iter();
        roles
            .filter_map(|name| {
                let signers = Self {
                    threshold: root.roles.get(name)?.threshold,
                    keys: root.role_keys(name).into_keys().collect(),
                };
                Some((name.to_owned(), signers))
            })
            .collect()
    }

    /// Whether documents with their signatures may have too few for the others: a key is gone, or
    /// more must sign.
    fn are_replaced_by(&self, others: Option<&Self>) -> bool {
        others.is_none_or(|others| {
            self.threshold < others.threshold || !self.keys.is_subset(&others.keys)
        })
    }
}

impl State {
    /// Reads the state in a folder; `None` where there is none yet.
    ///
    /// # Errors
    /// [`HostError`] when it cannot be read, or is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, HostError> {
        let path = folder.join(FILE);
        // A link to nowhere is a state that cannot be read.
        let is_absent = |path: &Path| {
            let found = fs::symlink_metadata(path);
            found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        if is_absent(folder) {
            return Ok(None);
        }
        fs::metadata(folder).map_err(|error| HostError::file("read", folder, &error))?;
        if is_absent(&path) {
            return Ok(None);
        }
        let bytes = files::read_bounded(&path, MOST)?;
        let state: Result<Self, _> = serde_json::from_slice(&bytes);
        match state {
            Ok(state) if state.format == FORMAT => Ok(Some(state)),
            _ => Err(HostError::new(
                format!("{} is no state of an audit", escape_path(&path)),
                "name another folder; without its state an auditor cannot notice a rollback",
            )),
        }
    }

    /// Writes the state so that a crash leaves the old one or the new one.
    ///
    /// # Errors
    /// [`HostError`] when it cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<(), HostError> {
        let path = folder.join(FILE);
        let fail = |error: io::Error| HostError::file("write", &path, &error);
        fs::create_dir_all(folder).map_err(fail)?;
        let part = folder.join(format!("{FILE}.part"));
        let text = serde_json::to_vec_pretty(self).map_err(|error| fail(error.into()))?;
        let mut file = File::create(&part).map_err(fail)?;
        file.write_all(&text).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        fs::rename(&part, &path).map_err(fail)?;
        // FAT32 keeps a renamed file only once it is synced under its new name, and then its folder.
        let sync = |path: &Path| File::open(path).and_then(|opened| opened.sync_all());
        sync(&path).and_then(|()| sync(folder)).map_err(fail)
    }

    /// Whether nothing was seen before.
    pub(super) fn is_empty(&self) -> bool {
        self.begins.is_none()
    }

    /// Whether this repository was seen before.
    pub(super) fn knows(&self, repository: &str) -> bool {
        self.repositories.contains_key(repository)
    }

    /// The state is of audits from this root.
    ///
    /// # Errors
    /// AUDIT-ROLLBACK where it is of audits from another one.
    pub(super) fn begins_with(&mut self, trusted: &Document) -> Result<(), Violation> {
        self.format = FORMAT.to_owned();
        match self.begins.replace(trusted.digest()) {
            Some(before) if before != trusted.digest() => Err(Violation::new(
                Rule::AuditRollback,
                "the state is of audits that began with another trusted root",
                "name the trusted root of before, or a new folder for --state",
            )),
            _ => Ok(()),
        }
    }

    /// Records what a repository serves now. Where a newer root replaced keys of timestamp or
    /// snapshot, their versions begin again (TUF 1.0.34, section 5.3.11): a thief of the old keys
    /// may have signed the largest version.
    ///
    /// # Errors
    /// AUDIT-ROLLBACK where it served something newer, another document of that version, or a role
    /// that the snapshot no longer lists.
    pub(super) fn see(
        &mut self,
        repository: &str,
        root: &Root,
        documents: &[Step],
        listed: &[(String, u64)],
    ) -> Result<(), Violation> {
        let seen = self.repositories.entry(repository.to_owned()).or_default();
        let fault = |what: String| {
            Violation::new(
                Rule::AuditRollback,
                format!("{repository}: {what}"),
                "fetch again from another mirror, and report this one",
            )
        };
        if let Some(root) = seen.root.take() {
            seen.documents.insert("root".to_owned(), root);
        }
        let signers = Signers::online(root);
        let before = seen.versions.get("root");
        let is_newer = before.is_some_and(|before| *before < root.version);
        let mut known = seen.signers.iter();
        if is_newer && known.any(|(role, known)| known.are_replaced_by(signers.get(role))) {
            seen.versions.retain(|role, _| role == "root");
            seen.documents.retain(|role, _| role == "root");
        }
        let read = documents.iter().map(|step| (&step.role, step.version));
        let listed = listed.iter().map(|(role, version)| (role, *version));
        let versions: Vec<_> = read.chain(listed).collect();
        let named: BTreeSet<_> = versions.iter().map(|(role, _)| *role).collect();
        let mut known = seen.versions.keys();
        if let Some(role) = known.find(|role| !named.contains(role)) {
            return Err(fault(format!(
                "the snapshot does not list {}, and listed it before",
                excerpt(role)
            )));
        }
        for (role, version) in versions {
            let before = seen.versions.insert(role.clone(), version);
            let before = before.unwrap_or_default();
            if version < before {
                return Err(fault(format!(
                    "{} is version {version}, and version {before} was there before",
                    excerpt(role)
                )));
            }
            if version > before {
                seen.documents.remove(role);
            }
        }
        for step in documents {
            let before = seen.documents.insert(step.role.clone(), step.signed);
            if before.is_some_and(|before| before != step.signed) {
                return Err(fault(format!(
                    "there are two documents of {} version {}",
                    excerpt(&step.role),
                    step.version
                )));
            }
        }
        seen.signers = signers;
        Ok(())
    }
}
