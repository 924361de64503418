//! What a root document says, whatever dialect it is written in.

use std::collections::{BTreeMap, BTreeSet};

use super::dialect::tuf_on_ci;
use super::json::{self, At, Misfit, Object};
use super::key::{self, KeyError, PublicKey};
use super::time::{Form, Time};
use super::{Document, DocumentError, KeyId, Warning};
use crate::digest::Digest;

/// The roles every root delegates to (TUF 1.0.34, section 4.3).
const ROLES: [&str; 4] = ["root", "snapshot", "targets", "timestamp"];

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
    /// How long a root lasts and when to begin signing the next
    pub periods: Option<Periods>,
    /// Every other member, as found
    pub extra: Object,
    warnings: Vec<Warning>,
}

/// A key in a root document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key, or why this program cannot use it
    pub public: Result<PublicKey, KeyError>,
    /// Who holds it, without the leading `@`
    pub holder: Option<String>,
    /// Where the online service that uses it finds it
    pub online_uri: Option<String>,
    /// Every other member, as found
    pub extra: Object,
}

impl KeyEntry {
    /// The identity of the key material, if this program can use the key.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Digest> {
        self.public.as_ref().ok().map(PublicKey::fingerprint)
    }
}

/// Which keys may sign for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    /// Their names in the order found, none twice
    pub keyids: Vec<KeyId>,
    /// How many of them must sign, at least one
    pub threshold: u32,
    /// How long the role's metadata lasts and when to begin signing the next
    pub periods: Option<Periods>,
    /// Every other member, as found
    pub extra: Object,
}

/// How long metadata lasts, and how long before its end the next is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Days from signing to expiry
    pub expiry_days: u32,
    /// Days before expiry at which signing begins
    pub signing_days: u32,
}

impl Root {
    /// Reads a root document's content.
    ///
    /// # Errors
    /// The document is of another type, or a member is missing or wrong.
    pub fn read(document: &Document) -> Result<Self, DocumentError> {
        if document.kind() != "root" {
            return Err(DocumentError::WrongType {
                found: document.kind().to_owned(),
                wanted: "root",
            });
        }
        Ok(Self::read_signed(&At::top(document.signed(), "signed"))?)
    }

    fn read_signed(at: &At<'_>) -> Result<Self, Misfit> {
        let mut warnings = Vec::new();
        let place = at.member("expires")?;
        let expires_text = place.string()?;
        let (expires, form) = Time::parse_any(expires_text)
            .ok_or_else(|| place.misfit("no time of the form YYYY-MM-DDTHH:MM:SSZ"))?;
        if form == Form::Unusual {
            warnings.push(Warning::UnusualTime(expires_text.to_owned()));
        }
        let keys = read_keys(&at.member("keys")?, &mut warnings)?;
        let roles = read_roles(&at.member("roles")?, &keys, &mut warnings)?;
        let mut extra = at.object()?.clone();
        for known in [
            "_type",
            "spec_version",
            "version",
            "expires",
            "consistent_snapshot",
            "keys",
            "roles",
        ] {
            extra.remove(known);
        }
        Ok(Self {
            version: at.member("version")?.unsigned()?,
            spec_version: at.member("spec_version")?.string()?.to_owned(),
            expires,
            expires_text: expires_text.to_owned(),
            // Absent means false in the oldest roots.
            consistent_snapshot: match at.find("consistent_snapshot")? {
                Some(flag) => flag.boolean()?,
                None => false,
            },
            keys,
            roles,
            periods: tuf_on_ci::take_periods(&mut extra),
            extra,
            warnings,
        })
    }

    /// The keys of a role that this program can use, each once by its
    /// identity, with the first name it stands under there.
    #[must_use]
    pub fn role_keys(&self, role: &str) -> BTreeMap<Digest, (&KeyId, &KeyEntry)> {
        let mut found = BTreeMap::new();
        for keyid in self
            .roles
            .get(role)
            .into_iter()
            .flat_map(|role| &role.keyids)
        {
            if let Some(entry) = self.keys.get(keyid)
                && let Some(fingerprint) = entry.fingerprint()
            {
                found.entry(fingerprint).or_insert((keyid, entry));
            }
        }
        found
    }

    /// What is odd about the content.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn read_keys(
    at: &At<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<KeyId, KeyEntry>, Misfit> {
    let mut keys = BTreeMap::new();
    let mut names = BTreeMap::<Digest, Vec<KeyId>>::new();
    let mut legacy = Vec::new();
    for (name, place) in at.members()? {
        let keyid = KeyId::new(name);
        let key = key::read_object(&place)?;
        if Digest::of(&json::canonical(place.value())).to_string() != name {
            warnings.push(Warning::KeyIdNotHash(keyid.clone()));
        }
        if key.is_legacy_type() {
            legacy.push(keyid.clone());
        }
        let mut extra = key.extra;
        let entry = KeyEntry {
            public: key.public,
            holder: tuf_on_ci::take_holder(&mut extra),
            online_uri: tuf_on_ci::take_online_uri(&mut extra),
            extra,
        };
        match &entry.public {
            Ok(public) => names
                .entry(public.fingerprint())
                .or_default()
                .push(keyid.clone()),
            Err(error) => warnings.push(Warning::UnusableKey {
                keyid: keyid.clone(),
                reason: error.to_string(),
            }),
        }
        keys.insert(keyid, entry);
    }
    if !legacy.is_empty() {
        warnings.push(Warning::LegacyKeyType(legacy));
    }
    for (fingerprint, keyids) in names {
        if keyids.len() > 1 {
            warnings.push(Warning::KeyUnderSeveralIds {
                fingerprint,
                keyids,
            });
        }
    }
    Ok(keys)
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
        let role = read_role(&place)?;
        for keyid in role.keyids.iter().filter(|id| !keys.contains_key(*id)) {
            warnings.push(Warning::MissingKey {
                role: name.to_owned(),
                keyid: keyid.clone(),
            });
        }
        roles.insert(name.to_owned(), role);
    }
    Ok(roles)
}

fn read_role(at: &At<'_>) -> Result<RoleKeys, Misfit> {
    let mut seen = BTreeSet::new();
    let mut keyids = Vec::new();
    for item in at.member("keyids")?.items()? {
        let keyid = KeyId::new(item.string()?);
        if !seen.insert(keyid.clone()) {
            return Err(item.misfit(format!("key {keyid} is listed a second time")));
        }
        keyids.push(keyid);
    }
    let place = at.member("threshold")?;
    let threshold = place.unsigned()?;
    if threshold == 0 {
        return Err(place.misfit("a threshold of zero would need no signature"));
    }
    let mut extra = at.object()?.clone();
    extra.remove("keyids");
    extra.remove("threshold");
    Ok(RoleKeys {
        keyids,
        threshold,
        periods: tuf_on_ci::take_periods(&mut extra),
        extra,
    })
}
