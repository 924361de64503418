//! The roster: who takes part, read from a TOML file, and the rules on it.

mod check;
mod country;
mod likeness;
mod recipient;
#[cfg(test)]
mod tests;
pub(crate) mod tried;

use std::collections::{BTreeMap, BTreeSet};

use keymoot_core::{Rule, digest::Digest};
use serde::Deserialize;

use super::{Violation, toml_file};
pub use crate::handle::Handle;
use keymoot_attestation::Family;
use keymoot_tuf::sshsig::Fingerprint;

pub use check::check;
pub use country::Country;
pub use recipient::Recipient;
pub use tried::commitment;

/// The format name that a roster file must carry.
pub const FORMAT: &str = "keymoot-roster-1";

/// Who takes part in a ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// Always [`FORMAT`].
    pub format: String,
    /// Who runs the keyboard; holds no key.
    pub administrator: String,
    /// Who watches.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<Witness>,
    /// Who holds a key, in the order of their seats.
    #[serde(rename = "holder")]
    pub holders: Vec<Holder>,
    /// Who held a key until now, and leaves.
    #[serde(default, rename = "leaver")]
    pub leavers: Vec<Leaver>,
    /// Revoked keys.
    #[serde(default, rename = "revoke")]
    pub revocations: Vec<Revocation>,
    /// Holders whose account has another name than in the previous root.
    #[serde(default)]
    pub renamed: Vec<Renamed>,
}

/// A holder whose account got another name. The key stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The handle, as it is in the previous root.json.
    pub from: Handle,
    /// The handle from now on: that of a holder of this roster.
    pub to: Handle,
}

/// A holder who leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaver {
    /// The handle, as it is in the previous root.json.
    pub handle: Handle,
    /// The name.
    pub name: String,
    /// The reason, in one line.
    pub reason: String,
}

/// A revoked key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The holder of its device.
    pub handle: Handle,
    /// The device's serial number.
    pub serial: u32,
    /// The reason, in one line: it is published.
    pub reason: String,
}

/// Someone who watches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The witness's name.
    pub name: String,
    /// The OpenSSH key that signs the statement of a witness who is not in the room.
    #[serde(default)]
    pub key: Option<Fingerprint>,
}

/// A member of the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The handle, as it is in root.json.
    pub handle: Handle,
    /// The name.
    pub name: String,
    /// The employer, or `none`.
    pub employer: String,
    /// The country of residence.
    pub country: Country,
    /// The countries of citizenship, if they are others.
    #[serde(default)]
    pub citizenships: Vec<Country>,
    /// The age recipient to which the secrets are sealed; without it, they
    /// are displayed once.
    pub age_recipient: Option<Recipient>,
    /// The expected digest of the answer to the recipient's test: [`commitment`].
    pub recipient_test: Option<Digest>,
    /// The words from the recipient's test.
    pub recipient_answer: Option<String>,
    /// The serial numbers of the devices that this holder brings, if known.
    #[serde(default)]
    pub devices: Vec<u32>,
    /// The family of the holder's device: `yubikey`, or `yubihsm`.
    #[serde(default)]
    pub family: Family,
    /// Whether this holder, who has a key already, makes one in another device,
    /// which replaces it.
    #[serde(default)]
    pub renews: bool,
}

impl Roster {
    /// Reads a roster that errors call `roster.toml`.
    ///
    /// # Errors
    /// As [`Roster::read`].
    pub fn parse(text: &str) -> Result<Self, Vec<Violation>> {
        Self::read("roster.toml", text)
    }

    /// Reads a roster. `name` is the file's name in errors.
    ///
    /// # Errors
    /// A [`Violation`] of ROSTER-READ when it is not TOML or a field is unknown,
    /// missing or malformed.
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Violation>> {
        let roster: Self = toml_file::read(name, text).map_err(|why| {
            vec![Violation::new(
                Rule::RosterRead,
                why,
                "correct the roster; docs/formats.md lists its fields",
            )]
        })?;
        if roster.format == FORMAT {
            Ok(roster)
        } else {
            let place = toml_file::Places::new(name, text).of("format");
            Err(vec![Violation::new(
                Rule::RosterRead,
                format!("{place}: the roster's format is not {FORMAT}"),
                "set `format` in the roster file",
            )])
        }
    }

    /// The holder with this handle.
    #[must_use]
    pub fn holder(&self, handle: &Handle) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.handle == *handle)
    }

    /// Whether this holder brings a device: one that is listed for the holder or, if none is, one
    /// that is listed for nobody.
    #[must_use]
    pub fn brings(&self, handle: &Handle, serial: u32) -> bool {
        let own = self.holder(handle).map(|holder| holder.devices.as_slice());
        match own.unwrap_or_default() {
            [] => !self.holders.iter().any(|h| h.devices.contains(&serial)),
            own => own.contains(&serial),
        }
    }

    /// The handle that this holder has in the previous root, where the holder was renamed.
    #[must_use]
    pub fn formerly(&self, handle: &Handle) -> Option<&Handle> {
        let mut renamed = self.renamed.iter();
        let renamed = renamed.find(|renamed| renamed.to == *handle);
        renamed.map(|renamed| &renamed.from)
    }

    /// The handles of the holders with each employer; a holder without one is in no group. Employers
    /// whose names look alike are one.
    pub(crate) fn by_employer(&self) -> BTreeMap<String, Vec<&str>> {
        let mut spellings: BTreeMap<String, String> = BTreeMap::new();
        self.grouped(|holder| {
            let employer = holder.employer.trim();
            if employer.eq_ignore_ascii_case("none") {
                return Vec::new();
            }
            let first = spellings.entry(likeness::key(employer));
            vec![first.or_insert_with(|| employer.to_owned()).clone()]
        })
    }

    /// The handles of the holders who live in each country or are its citizens.
    pub(crate) fn by_country(&self) -> BTreeMap<String, Vec<&str>> {
        self.grouped(|holder| {
            let countries = holder.citizenships.iter().chain([&holder.country]);
            let countries: BTreeSet<_> = countries.map(ToString::to_string).collect();
            countries.into_iter().collect()
        })
    }

    fn grouped(&self, mut of: impl FnMut(&Holder) -> Vec<String>) -> BTreeMap<String, Vec<&str>> {
        let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for holder in &self.holders {
            for group in of(holder) {
                groups
                    .entry(group)
                    .or_default()
                    .push(holder.handle.as_str());
            }
        }
        groups
    }
}
