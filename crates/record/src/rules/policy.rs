//! The policy: the bounds of a ceremony, read from a TOML file.

mod bounds;
pub(crate) mod reach;
mod read;

pub(crate) use bounds::LONGEST_PERIOD;

use serde::Deserialize;

use super::algorithm::ALGORITHMS;
use crate::handle::Handle;
use keymoot_attestation::{Family, Firmware};
use keymoot_core::text::excerpt;
use keymoot_tuf as tuf;
use keymoot_tuf::dialect::tufops;
use keymoot_tuf::{Dialect, OnlineKey, PublicKey, Signer};

/// The format name that a policy file must carry.
pub const FORMAT: &str = "keymoot-policy-1";

/// The policy. Bounds only: nothing in a policy turns a rule off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Always [`FORMAT`].
    pub format: String,
    /// How documents are written on disk and which bytes are signed.
    #[serde(deserialize_with = "dialect")]
    pub dialect: Dialect,
    /// How many hold a key and how many must sign.
    pub quorum: Quorum,
    /// How many holders may share an employer or a country.
    pub roster: RosterBounds,
    /// The minimum demands on a device.
    pub device: DeviceBounds,
    /// Periods of the root role.
    pub root: Periods,
    /// Periods of the targets role.
    pub targets: Periods,
    /// How far the clock of a reader may run ahead, in minutes: a document
    /// expires this much earlier than its period would allow.
    pub clock_margin_minutes: u32,
    /// The key that signs snapshot and timestamp, held by a service.
    pub online: Option<Online>,
    /// The algorithms that keys of services and teams may have, by the names of
    /// expectations; `ecdsa-p256` alone where the policy does not say.
    #[serde(default)]
    pub algorithms: Option<Vec<String>>,
    /// Who else may sign files of tuf-root, beside the quorum, which signs
    /// the root of tuf-crates as a target.
    #[serde(default, rename = "delegation")]
    pub delegations: Vec<Delegation>,
    /// The files that the quorum itself signs as targets, beside the list of revoked keys.
    #[serde(default)]
    pub authorised: Vec<Authorised>,
    /// Whether the quorum signs the root of tuf-crates, in `crates.json`.
    #[serde(default = "yes")]
    pub tuf_crates: bool,
}

fn yes() -> bool {
    true
}

/// A file that the quorum signs as a target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorised {
    /// Its path below `targets/`, by which clients ask for it.
    pub path: String,
    /// Its kind.
    pub kind: AuthorisedKind,
}

/// The kind of an authorised file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorisedKind {
    /// The root of another TUF repository.
    TufRoot,
    /// A public key: PEM, SubjectPublicKeyInfo (RFC 5280).
    PublicKey,
    /// Any file.
    File,
}

/// A team, or a service, that may sign the files below its role's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// The role, such as `release`.
    pub role: String,
    /// How many of its keys must sign.
    pub threshold: u32,
    /// The patterns of the files that it may sign for, each component by itself: `*` any
    /// characters and `?` one, but never a slash. Without patterns: every file below the role's
    /// name.
    #[serde(default)]
    pub paths: Vec<String>,
    /// How long its metadata is valid.
    pub periods: Periods,
    /// Its keys.
    #[serde(rename = "key")]
    pub keys: Vec<DelegationKey>,
}

/// A key of a delegation: a person's or a service's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegationKey {
    /// The holder, if it is a person.
    pub handle: Option<Handle>,
    /// The address of the key, if it is a service.
    pub uri: Option<String>,
    /// The public key: PEM, SubjectPublicKeyInfo (RFC 5280).
    pub public_key: String,
}

/// The role whose one file is the root of tuf-crates. The quorum signs for it.
pub const CRATES: &str = "crates";

/// Reads a dialect by its name.
fn dialect<'de, D: serde::Deserializer<'de>>(name: D) -> Result<Dialect, D::Error> {
    let name = String::deserialize(name)?;
    name.parse().map_err(serde::de::Error::custom)
}

impl Delegation {
    /// Its keys as a draft has them.
    ///
    /// # Errors
    /// In words, which key is none.
    pub fn signers(&self) -> Result<Vec<Signer>, String> {
        let named = |why: String| format!("a key of delegation {}: {why}", excerpt(&self.role));
        self.keys
            .iter()
            .map(|key| key.signer().map_err(named))
            .collect()
    }
}

impl DelegationKey {
    /// The key in the form of a draft.
    ///
    /// # Errors
    /// In words, why it is none.
    fn signer(&self) -> Result<Signer, String> {
        let key = PublicKey::from_pem(&self.public_key).map_err(|error| error.to_string())?;
        match (&self.handle, &self.uri) {
            (Some(handle), None) => Ok(Signer::Holder(tuf::Holder {
                handle: handle.to_string(),
                key,
            })),
            (None, Some(uri)) => Ok(Signer::Online(OnlineKey {
                key,
                uri: uri.clone(),
            })),
            _ => Err("it needs either a handle or a uri".to_owned()),
        }
    }
}

impl Online {
    /// The key in the form of a draft.
    ///
    /// # Errors
    /// In words, when it is no key.
    pub fn key(&self) -> Result<OnlineKey, String> {
        let key = PublicKey::from_pem(&self.public_key)
            .map_err(|error| format!("the policy's online key: {error}"))?;
        Ok(OnlineKey {
            key,
            uri: self.uri.clone(),
        })
    }
}

/// The fewest holders of a quorum: the threshold is at least this, too.
pub const FEWEST_HOLDERS: u32 = 2;
/// The most holders whom a ceremony can seat.
pub const MOST_HOLDERS: u32 = 64;

/// The number of holders and the threshold (RFC 3724: nine and five).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Holders in the roster.
    pub holders: u32,
    /// Distinct keys that must sign.
    pub threshold: u32,
}

/// How many holders may share an employer or a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterBounds {
    /// The most holders with one employer.
    pub per_employer: u32,
    /// The most holders in one country.
    pub per_country: u32,
}

/// The demands on a device for a root key. Three demands are always made and no bound: PIN and
/// touch at every signature of a key that is made in the ceremony, and that every key was made in
/// its device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceBounds {
    /// The lowest firmware of a YubiKey accepted, `major.minor.patch`.
    pub minimum_firmware: String,
    /// The demands on a YubiHSM 2.
    #[serde(default)]
    pub yubihsm: UnitBounds,
    /// The demands on a key that a holder made in a YubiKey before the ceremony. Without them
    /// every key is made in the ceremony.
    #[serde(default)]
    pub adopt: Option<Adopt>,
}

/// The minimum strength of a key that a holder brings. Its attestation, and every other rule on
/// devices, are those of a key that is made in the ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// When the device asks for the PIN.
    pub pin: AdoptedPin,
    /// When the device asks for a touch.
    pub touch: AdoptedTouch,
}

/// When the device asks for the PIN of an adopted key, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptedPin {
    /// Once a session, which every signature of keymoot begins again.
    Once,
    /// At every signature.
    Always,
}

/// When the device asks for a touch of an adopted key, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptedTouch {
    /// Not again for 15 seconds after a touch.
    Cached,
    /// At every signature.
    Always,
}

impl Adopt {
    /// The demands on PIN and touch, as policies write them.
    #[must_use]
    pub fn names(&self) -> [&'static str; 2] {
        [
            match self.pin {
                AdoptedPin::Once => "once",
                AdoptedPin::Always => "always",
            },
            match self.touch {
                AdoptedTouch::Cached => "cached",
                AdoptedTouch::Always => "always",
            },
        ]
    }

    /// Whether another allows no weaker key.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.pin <= other.pin && self.touch <= other.touch
    }
}

/// The demands on a YubiHSM 2 for a root key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitBounds {
    /// The lowest firmware accepted, `major.minor.patch`.
    pub minimum_firmware: String,
}

impl Default for UnitBounds {
    /// 2.4.0: below it EC keys leak through a physical side channel (YSA-2024-03).
    fn default() -> Self {
        Self {
            minimum_firmware: "2.4.0".to_owned(),
        }
    }
}

impl DeviceBounds {
    /// The lowest firmware of a family accepted as three numbers, if it is written as such.
    #[must_use]
    pub fn firmware(&self, family: Family) -> Option<[u8; 3]> {
        let least = match family {
            Family::YubiKey => &self.minimum_firmware,
            Family::YubiHsm => &self.yubihsm.minimum_firmware,
        };
        Firmware::parse(least).map(Into::into)
    }
}

/// How long a role's document is valid, and when it is signed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// Days from signing to expiry.
    pub expiry_days: u32,
    /// Days before expiry in which it is signed again.
    pub signing_days: u32,
}

/// The service that signs snapshot and timestamp.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Online {
    /// The address of the key, as the dialect writes it (for example `gcpkms:…`).
    pub uri: String,
    /// Its public key: PEM, SubjectPublicKeyInfo (RFC 5280).
    pub public_key: String,
    /// Periods of the snapshot role.
    pub snapshot: Periods,
    /// Periods of the timestamp role.
    pub timestamp: Periods,
}

impl Policy {
    /// Whether a targets document delegates to these roles, in an order that the dialect
    /// has: `crates` before the policy's delegations, or as its tools sort them. keymoot 0.2
    /// and before sorted in no dialect.
    #[must_use]
    pub fn delegated_roles_are(&self, names: &[&str]) -> bool {
        names == self.roles() || names == self.roles_in_order()
    }

    /// The delegated roles, as the policy has them: `crates` before its delegations.
    fn roles(&self) -> Vec<&str> {
        let own = self.delegations.iter().map(|d| d.role.as_str());
        let crates = self.tuf_crates.then_some(CRATES);
        crates.into_iter().chain(own).collect()
    }

    /// The delegated roles in the order in which a document has them, and clients ask them: as
    /// the policy has them, or as the dialect's tools sort them.
    #[must_use]
    pub fn roles_in_order(&self) -> Vec<&str> {
        let mut roles = self.roles();
        if self.dialect.sorts_delegations() {
            roles.sort_by_cached_key(|role| tufops::place(role, &self.paths(role)));
        }
        roles
    }

    /// The patterns of the files that a role may sign for: those that the policy gives, or else
    /// the dialect's own.
    #[must_use]
    pub fn paths(&self, role: &str) -> Vec<String> {
        let given = self.given_paths(role).map(<[String]>::to_vec);
        given.unwrap_or_else(|| self.dialect.own_paths(role))
    }

    /// The patterns of the files that a role may sign for, where the policy gives any; otherwise
    /// they are those of the dialect.
    #[must_use]
    pub fn given_paths(&self, role: &str) -> Option<&[String]> {
        let delegation = self.delegations.iter().find(|d| d.role == role)?;
        let paths = delegation.paths.as_slice();
        (!paths.is_empty()).then_some(paths)
    }

    /// Whether these are the patterns of the files that a role may sign for.
    #[must_use]
    pub fn are_paths(&self, role: &str, paths: &[String]) -> bool {
        match self.given_paths(role) {
            Some(given) => given == paths,
            None => self.dialect.are_own_paths(role, paths),
        }
    }

    /// The algorithms that keys of services and teams may have.
    pub fn algorithms(&self) -> impl Iterator<Item = &str> {
        let named = self.algorithms.iter().flatten().map(String::as_str);
        [ALGORITHMS[0]].into_iter().chain(named)
    }
}
