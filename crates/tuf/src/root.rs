//! The content of a root document, in any dialect.

use std::collections::BTreeMap;

use super::common::{Common, others, signed_of};
use super::dialect::{tuf_ci, tuf_on_ci};
use super::document::ROLES;
use super::role::{self, KeyEntry, Known, RoleKeys};
use super::{Document, DocumentError, KeyId, Periods, Warning};
use keymoot_core::digest::Digest;
use keymoot_core::json::{At, Misfit, Object};
use keymoot_core::time::Time;

/// The content of a root document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// `version`
    pub version: u64,
    /// `spec_version`, as found
    pub spec_version: String,
    /// When it expires
    pub expires: Time,
    /// `expires`, as found
    pub expires_text: String,
    /// `consistent_snapshot`
    pub consistent_snapshot: bool,
    /// The keys by name
    pub keys: BTreeMap<KeyId, KeyEntry>,
    /// The roles by name; at least root, snapshot, targets and timestamp
    pub roles: BTreeMap<String, RoleKeys>,
    /// How long a root is valid and when to begin signing the next
    pub periods: Option<Periods>,
    /// Every other member, as found
    pub extra: Object,
    warnings: Vec<Warning>,
}

impl Root {
    /// Reads a root document's content.
    ///
    /// # Errors
    /// The document is of another type, or a member is missing or wrong.
    pub fn read(document: &Document) -> Result<Self, DocumentError> {
        Self::read_after(document, None)
    }

    /// The same, faster where keys are in a root that was read before.
    pub(super) fn read_after(
        document: &Document,
        before: Option<&Self>,
    ) -> Result<Self, DocumentError> {
        let known = Known {
            keys: before.map(|root| (&root.keys, &root.warnings[..])),
        };
        Ok(Self::read_signed(&signed_of(document, "root")?, known)?)
    }

    fn read_signed(at: &At<'_>, known: Known<'_>) -> Result<Self, Misfit> {
        let mut warnings = Vec::new();
        let common = Common::read(at, &mut warnings)?;
        let mut keys = role::read_keys(&at.member("keys")?, known, &mut warnings)?;
        let mut roles = read_roles(&at.member("roles")?, &keys, &mut warnings)?;
        let mut extra = others(
            at.object()?,
            &[
                "_type",
                "spec_version",
                "version",
                "expires",
                "consistent_snapshot",
                "keys",
                "roles",
            ],
        );
        // Absent means false in the oldest roots.
        let consistent_snapshot = match at.find("consistent_snapshot")? {
            Some(flag) => flag.boolean()?,
            None => false,
        };
        let periods = tuf_on_ci::take_periods(&mut extra);
        let unsaid = |name: &str| match name {
            "root" => periods.is_none(),
            _ => roles.get(name).is_some_and(|role| role.periods.is_none()),
        };
        let mut notes = tuf_ci::Notes::take(&mut extra, &keys, unsaid);
        notes.name_keys(&mut keys);
        for (name, role) in roles.iter_mut().filter(|(name, _)| *name != "root") {
            role.periods = role.periods.or(notes.take_periods(name));
        }
        if notes.found() {
            let ids = roles.get("root").into_iter().flat_map(|role| &role.keyids);
            let online = |id| keys.get(id).is_some_and(|entry| entry.online_uri.is_some());
            tuf_ci::check_root(at, consistent_snapshot, ids.map(online))?;
        }
        Ok(Self {
            version: common.version,
            spec_version: common.spec_version,
            expires: common.expires,
            expires_text: common.expires_text,
            consistent_snapshot,
            keys,
            roles,
            periods: periods.or(notes.take_periods("root")),
            extra,
            warnings,
        })
    }

    /// The keys of a role that this program can use, each once by its
    /// identity, with the first name it is under there.
    #[must_use]
    pub fn role_keys(&self, role: &str) -> BTreeMap<Digest, (&KeyId, &KeyEntry)> {
        let keyids = self.roles.get(role).map(|role| &role.keyids);
        role::usable(keyids.into_iter().flatten(), &self.keys)
    }

    /// The oddities of the content.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn read_roles(
    at: &At<'_>,
    keys: &BTreeMap<KeyId, KeyEntry>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<String, RoleKeys>, Misfit> {
    for role in ROLES {
        at.member(role)?;
    }
    let mut roles = BTreeMap::new();
    for (name, place) in at.members()? {
        let role = role::read_role(&place)?;
        role::warn_of_missing_keys(name, &role, keys, warnings);
        roles.insert(name.to_owned(), role);
    }
    Ok(roles)
}
