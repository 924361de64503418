//! The content of a targets document: the top one, or a delegated one.
//!
//! Names of files and roles are foreign text; they are not safe to show, and
//! not safe to use as paths.

mod coverage;
mod patterns;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub(super) use coverage::clients_differ;
pub use patterns::{pattern_covers, patterns_meet};

use super::common::{Common, others, signed_of};
use super::dialect::{tuf_ci, tuf_on_ci};
use super::document::ROLES;
use super::role::{self, KeyEntry, Known, RoleKeys};
use super::{Document, DocumentError, KeyId, Periods, Warning};
use keymoot_core::digest::Digest;
use keymoot_core::json::{At, Json, Misfit, Object};
use keymoot_core::text::excerpt;
use keymoot_core::time::Time;

/// The content of a targets document (TUF 1.0.34, section 4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// `version`
    pub version: u64,
    /// `spec_version`, as found
    pub spec_version: String,
    /// When it expires
    pub expires: Time,
    /// `expires`, as found
    pub expires_text: String,
    /// The files it signs, by name
    pub targets: BTreeMap<String, TargetFile>,
    /// Who else may sign files
    pub delegations: Option<Delegations>,
    /// How long this metadata is valid and when to begin signing the next
    pub periods: Option<Periods>,
    /// Every other member, as found
    pub extra: Object,
    warnings: Vec<Warning>,
}

/// A file that a role signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetFile {
    /// Its length in bytes
    pub length: u64,
    /// Its hashes by the algorithm's name, at least one, as found
    pub hashes: BTreeMap<String, String>,
    /// Every other member, as found
    pub extra: Object,
}

/// The most patterns of one delegated role, and the most bytes of one pattern: each file of the role
/// is compared with each of them. Roles that divide names by their hashes have prefixes instead.
const MOST_PATTERNS: usize = 1024;
const LONGEST_PATTERN: usize = 1024;

/// Who else may sign files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegations {
    /// The keys by name
    pub keys: BTreeMap<KeyId, KeyEntry>,
    /// The roles in the order in which clients search them, no two of one name
    pub roles: Vec<DelegatedRole>,
    /// Every other member, as found
    pub extra: Object,
}

/// A role that may sign files of certain names. It has either paths or
/// prefixes of hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatedRole {
    /// Its name, not one of the four that every root has
    pub name: String,
    /// Its signers; unknown members are in its `extra`
    pub keys: RoleKeys,
    /// The patterns of names, as found
    pub paths: Vec<String>,
    /// The prefixes of the SHA-256 of names, as found
    pub path_hash_prefixes: Vec<String>,
    /// Whether clients that find no file here look no further
    pub terminating: bool,
}

impl TargetFile {
    /// A file by its content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let hash = ("sha256".to_owned(), Digest::of(content).to_string());
        Self {
            length: content.len() as u64,
            hashes: BTreeMap::from([hash]),
            extra: Object::new(),
        }
    }

    fn read(value: &Json) -> Result<Self, Misfit> {
        let at = At::top(value, "");
        let place = at.member("hashes")?;
        let mut hashes = BTreeMap::new();
        for (algorithm, hash) in place.members()? {
            hashes.insert(algorithm.to_owned(), hash.string()?.to_owned());
        }
        if hashes.is_empty() {
            return Err(place.misfit("a file without a hash could be any file"));
        }
        Ok(Self {
            length: at.member("length")?.unsigned()?,
            hashes,
            extra: others(at.object()?, &["hashes", "length"]),
        })
    }

    /// Whether these bytes are the file, by length and SHA-256.
    #[must_use]
    pub fn fits(&self, bytes: &[u8]) -> bool {
        let sha256 = self.hashes.get("sha256");
        self.length == bytes.len() as u64
            && sha256.is_some_and(|hash| *hash == Digest::of(bytes).to_string())
    }
}

/// For people: length and hashes; safe to show.
impl fmt::Display for TargetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.length == 1 { "byte" } else { "bytes" };
        write!(f, "{} {unit}", self.length)?;
        for (algorithm, hash) in &self.hashes {
            write!(f, ", {} {}", excerpt(algorithm), excerpt(hash))?;
        }
        Ok(())
    }
}

impl Targets {
    /// Reads a targets document's content.
    ///
    /// # Errors
    /// The document is of another type, or a member is missing or wrong.
    pub fn read(document: &Document) -> Result<Self, DocumentError> {
        Ok(Self::read_signed(&signed_of(document, "targets")?)?)
    }

    fn read_signed(at: &At<'_>) -> Result<Self, Misfit> {
        let mut warnings = Vec::new();
        let common = Common::read(at, &mut warnings)?;
        let mut delegations = match at.find("delegations")? {
            Some(place) => Some(Delegations::read(&place, &mut warnings)?),
            None => None,
        };
        let mut extra = others(
            at.object()?,
            &[
                "_type",
                "spec_version",
                "version",
                "expires",
                "targets",
                "delegations",
            ],
        );
        if let Some(delegations) = &mut delegations {
            delegations.read_notes(&mut extra);
        }
        Ok(Self {
            version: common.version,
            spec_version: common.spec_version,
            expires: common.expires,
            expires_text: common.expires_text,
            targets: read_files(&at.member("targets")?)?,
            delegations,
            periods: tuf_on_ci::take_periods(&mut extra),
            extra,
            warnings,
        })
    }

    /// The delegated role of that name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&DelegatedRole> {
        let roles = self.delegations.as_ref().map(|all| &all.roles);
        roles.into_iter().flatten().find(|role| role.name == name)
    }

    /// The keys of a delegated role that this program can use, each once by its
    /// identity, with the first name it is under there.
    #[must_use]
    pub fn role_keys(&self, role: &str) -> BTreeMap<Digest, (&KeyId, &KeyEntry)> {
        match (&self.delegations, self.role(role)) {
            (Some(delegations), Some(role)) => role::usable(&role.keys.keyids, &delegations.keys),
            _ => BTreeMap::new(),
        }
    }

    /// The oddities of the content.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// The files. There may be 200,000 of them, so the place of one is only
/// put into words for an error.
fn read_files(at: &At<'_>) -> Result<BTreeMap<String, TargetFile>, Misfit> {
    let read = |(name, value): (&String, &Json)| match TargetFile::read(value) {
        Ok(file) => Ok((name.clone(), file)),
        Err(inner) => {
            let mut misfit = at.member(name)?.misfit(inner.problem);
            misfit.path.push_str(&inner.path);
            Err(misfit)
        }
    };
    at.object()?.iter().map(read).collect()
}

impl Delegations {
    /// Those of a targets document, which may list so many files that they are not read here.
    pub(super) fn of(document: &Document) -> Result<Option<Self>, DocumentError> {
        let place = signed_of(document, "targets")?.find("delegations")?;
        let read = place.map(|place| Self::read(&place, &mut Vec::new()));
        Ok(read.transpose()?)
    }

    fn read(at: &At<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Misfit> {
        if let Some(place) = at.find("succinct_roles")? {
            return Err(place.misfit(
                "roles by hash bins (TAP 15) are not read here; delegate to roles by name",
            ));
        }
        let keys = role::read_keys(&at.member("keys")?, Known::default(), warnings)?;
        let mut names = BTreeSet::new();
        let mut roles = Vec::new();
        for place in at.member("roles")?.items()? {
            let role = DelegatedRole::read(&place)?;
            if !names.insert(role.name.clone()) {
                let name = excerpt(&role.name);
                return Err(place.misfit(format!("a second role named \"{name}\"")));
            }
            role::warn_of_missing_keys(&role.name, &role.keys, &keys, warnings);
            roles.push(role);
        }
        Ok(Self {
            keys,
            roles,
            extra: others(at.object()?, &["keys", "roles"]),
        })
    }
}

impl Delegations {
    /// The holders and periods, where a dialect states them
    /// elsewhere in the document.
    fn read_notes(&mut self, extra: &mut Object) {
        let unsaid = |name: &str| {
            let mut roles = self.roles.iter().filter(|role| role.name == name);
            roles.any(|role| role.keys.periods.is_none())
        };
        let mut notes = tuf_ci::Notes::take(extra, &self.keys, unsaid);
        notes.name_keys(&mut self.keys);
        for role in &mut self.roles {
            role.keys.periods = role.keys.periods.or(notes.take_periods(&role.name));
        }
    }
}

impl DelegatedRole {
    fn read(at: &At<'_>) -> Result<Self, Misfit> {
        let place = at.member("name")?;
        let name = place.string()?.to_owned();
        if name.is_empty() || ROLES.contains(&name.as_str()) {
            return Err(place.misfit(format!(
                "\"{}\" cannot be the name of a delegated role",
                excerpt(&name)
            )));
        }
        let paths = strings(at, "paths")?;
        if let Some(paths) = &paths {
            check_patterns(&at.member("paths")?, paths)?;
        }
        let path_hash_prefixes = strings(at, "path_hash_prefixes")?;
        if paths.is_some() == path_hash_prefixes.is_some() {
            return Err(
                at.misfit("a delegated role has either \"paths\" or \"path_hash_prefixes\"")
            );
        }
        let mut keys = role::read_role(at)?;
        for known in ["name", "paths", "path_hash_prefixes", "terminating"] {
            keys.extra.remove(known);
        }
        Ok(Self {
            name,
            keys,
            paths: paths.unwrap_or_default(),
            path_hash_prefixes: path_hash_prefixes.unwrap_or_default(),
            terminating: at.member("terminating")?.boolean()?,
        })
    }
}

fn check_patterns(at: &At<'_>, patterns: &[String]) -> Result<(), Misfit> {
    if patterns.len() > MOST_PATTERNS {
        return Err(at.misfit(format!(
            "{} patterns; a role has at most {MOST_PATTERNS}",
            patterns.len()
        )));
    }
    match patterns.iter().find(|one| one.len() > LONGEST_PATTERN) {
        Some(long) => Err(at.misfit(format!(
            "a pattern of {} bytes; one has at most {LONGEST_PATTERN}",
            long.len()
        ))),
        None => Ok(()),
    }
}

fn strings(at: &At<'_>, name: &str) -> Result<Option<Vec<String>>, Misfit> {
    let Some(place) = at.find(name)? else {
        return Ok(None);
    };
    let texts = place.items()?.map(|item| item.string().map(str::to_owned));
    texts.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests;
