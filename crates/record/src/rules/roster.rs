//! The roster: who takes part, read from a TOML file, and the rules on it.

use std::collections::BTreeMap;

use keymoot_core::Rule;
use serde::Deserialize;

use super::{LONGEST_LINE, Verdict, Violation, is_line, policy::Policy};
pub use crate::handle::Handle;
use keymoot_attestation::Family;
use keymoot_core::text::{excerpt, several};

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
    /// Keys that are thrown out.
    #[serde(default, rename = "revoke")]
    pub revocations: Vec<Revocation>,
}

/// A holder who leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaver {
    /// The handle, as it stands in the previous root.json.
    pub handle: Handle,
    /// The name people say.
    pub name: String,
    /// Why, in one line.
    pub reason: String,
}

/// A key that is thrown out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Whose device it is in.
    pub handle: Handle,
    /// The device's serial number.
    pub serial: u32,
    /// Why, in one line: it is published.
    pub reason: String,
}

/// Someone who watches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The witness's name.
    pub name: String,
}

/// A member of the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The handle, as it stands in root.json.
    pub handle: Handle,
    /// The name people say.
    pub name: String,
    /// The employer, or `none`.
    pub employer: String,
    /// The country of residence, as its ISO 3166-1 code of two letters.
    pub country: String,
    /// The age recipient to which what must be kept is sealed; without it, it
    /// is shown once.
    pub age_recipient: Option<String>,
    /// The serial numbers of the devices that this holder brings, if known.
    #[serde(default)]
    pub devices: Vec<u32>,
    /// What kind of device this holder brings: `yubikey`, or `yubihsm`.
    #[serde(default)]
    pub family: Family,
    /// Whether this holder, who has a key already, makes one on another device,
    /// which takes its place.
    #[serde(default)]
    pub renews: bool,
}

impl Roster {
    /// Reads a roster.
    ///
    /// # Errors
    /// A [`Violation`] of ROSTER-READ when it is not TOML or a field is unknown,
    /// missing or malformed.
    pub fn parse(text: &str) -> Result<Self, Vec<Violation>> {
        let roster: Self = super::read(text).map_err(|why| {
            vec![Violation::new(
                Rule::RosterRead,
                format!("the roster cannot be read: {why}"),
                "mend the roster file; docs/formats.md shows one",
            )]
        })?;
        if roster.format == FORMAT {
            Ok(roster)
        } else {
            Err(vec![Violation::new(
                Rule::RosterRead,
                format!("the roster's format is not {FORMAT}"),
                "set `format` in the roster file",
            )])
        }
    }

    /// The holder with this handle.
    #[must_use]
    pub fn holder(&self, handle: &Handle) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.handle == *handle)
    }

    /// The handles of the holders with each employer; a holder without one is in no group.
    pub(crate) fn by_employer(&self) -> BTreeMap<String, Vec<&str>> {
        self.grouped(|holder| {
            let employer = holder.employer.trim().to_lowercase();
            (employer != "none").then_some(employer)
        })
    }

    /// The handles of the holders who live in each country.
    pub(crate) fn by_country(&self) -> BTreeMap<String, Vec<&str>> {
        self.grouped(|holder| Some(holder.country.trim().to_uppercase()))
    }

    fn grouped(&self, of: impl Fn(&Holder) -> Option<String>) -> BTreeMap<String, Vec<&str>> {
        let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for holder in &self.holders {
            if let Some(group) = of(holder) {
                let members = groups.entry(group).or_default();
                members.push(holder.handle.as_str());
            }
        }
        groups
    }
}

/// Every rule on the roster.
#[must_use]
pub fn check(roster: &Roster, policy: &Policy) -> Vec<Verdict> {
    vec![
        size(roster, policy),
        distinct(roster),
        devices(roster),
        shared(
            &roster.by_employer(),
            Rule::RosterEmployer,
            "employer",
            policy.roster.per_employer,
        ),
        shared(
            &roster.by_country(),
            Rule::RosterCountry,
            "country",
            policy.roster.per_country,
        ),
        complete(roster),
    ]
}

fn size(roster: &Roster, policy: &Policy) -> Verdict {
    let (seats, named) = (policy.quorum.holders as usize, roster.holders.len());
    Verdict::unless(
        Rule::RosterSize,
        named != seats,
        || format!("{named} holders for {seats} seats"),
        || format!("the roster names {named} holders; the policy asks for {seats}"),
        "complete the roster; nobody may be left out or added at the table",
    )
}

fn distinct(roster: &Roster) -> Verdict {
    let mut seen = BTreeMap::new();
    for holder in &roster.holders {
        *seen.entry(holder.handle.as_str().to_owned()).or_insert(0) += 1;
        *seen
            .entry(format!("name {}", holder.name.trim().to_lowercase()))
            .or_insert(0) += 1;
    }
    let twice = repeated(seen);
    Verdict::unless(
        Rule::RosterDistinct,
        !twice.is_empty(),
        || "no handle and no name stands twice".to_owned(),
        || format!("in the roster more than once: {}", excerpt(&twice)),
        "one person has one entry: correct the roster",
    )
}

fn devices(roster: &Roster) -> Verdict {
    let mut seen = BTreeMap::new();
    for serial in roster.holders.iter().flat_map(|holder| &holder.devices) {
        *seen.entry(serial.to_string()).or_insert(0) += 1;
    }
    let twice = repeated(seen);
    Verdict::unless(
        Rule::RosterDevices,
        !twice.is_empty(),
        || "no device is listed for two holders".to_owned(),
        || format!("devices listed more than once: serial {twice}"),
        "a device has one holder: ask whose it is and correct the roster",
    )
}

fn repeated(seen: BTreeMap<String, u32>) -> String {
    let twice: Vec<_> = seen
        .into_iter()
        .filter(|(_, n)| *n > 1)
        .map(|(what, _)| what)
        .collect();
    twice.join(", ")
}

fn shared(groups: &BTreeMap<String, Vec<&str>>, rule: Rule, what: &str, most: u32) -> Verdict {
    let over: Vec<_> = groups
        .iter()
        .filter(|(_, members)| members.len() > most as usize)
        .map(|(group, members)| format!("{} ({})", excerpt(group), members.join(", ")))
        .collect();
    Verdict::unless(
        rule,
        !over.is_empty(),
        || format!("at most {most} holders share one {what}"),
        || {
            format!(
                "more than {most} holders share one {what}: {}",
                over.join("; ")
            )
        },
        "RFC 3724 bounds what one employer or country can do alone: the roster must change",
    )
}

fn complete(roster: &Roster) -> Verdict {
    let mut lacking = Vec::new();
    for holder in &roster.holders {
        let country = holder.country.trim();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
            lacking.push(format!("{}: country is not two letters", holder.handle));
        }
        if holder.name.trim().is_empty() || holder.employer.trim().is_empty() {
            lacking.push(format!("{}: name or employer is empty", holder.handle));
        }
    }
    let holders = roster.holders.iter();
    let lines = holders
        .flat_map(|holder| [&holder.name, &holder.employer, &holder.country])
        .chain([&roster.administrator])
        .chain(roster.witnesses.iter().map(|witness| &witness.name))
        .chain(roster.leavers.iter().flat_map(|l| [&l.name, &l.reason]))
        .chain(roster.revocations.iter().map(|revoked| &revoked.reason));
    for line in lines.filter(|line| !is_line(line)) {
        lacking.push(format!(
            "longer than {LONGEST_LINE} characters: \"{}\"",
            excerpt(line)
        ));
    }
    Verdict::unless(
        Rule::RosterComplete,
        !lacking.is_empty(),
        || "every holder has name, employer and country".to_owned(),
        || several(&lacking, "; "),
        "complete the roster, with `none` where there is no employer",
    )
}
