//! What a verifier demands of a bundle. Nothing in the bundle changes it.
//!
//! The policy, the script and the roster inside a bundle are its administrator's. A verifier
//! compares them with a set of its own choice: one that keymoot ships, or a file that a project
//! commits beside its repository. A stronger bundle passes. For a weaker one, the verdict names
//! every point.

mod compare;
mod of_plan;
mod published;
mod structure;

use keymoot_attestation::{Family, Firmware};
use keymoot_core::{Rule, Violation};
use serde::Deserialize;

use crate::{
    rules::{self, policy::Adopt},
    transcript::Mode,
};

pub use compare::{argument, compare, compare_format, met};
pub use of_plan::of_plan;
pub(crate) use published::OF_HOLDERS;
pub use published::{Strength, compare_published};

/// The format name that a file of expectations must carry.
pub const FORMAT: &str = "keymoot-expectations-1";

/// The name of the set that a verifier compares with unless it names another.
pub const DEFAULT: &str = "rfc-3724";

/// A set of expectations. Only [`ExpectationSet::parse`] and [`ExpectationSet::shipped`] make one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectationSet {
    format: String,
    name: String,
    /// `rehearsal`: a live bundle never meets this set.
    mode: Mode,
    /// The lowest number of a live ceremony's transcript format.
    #[serde(default = "first_format")]
    minimum_format: u32,
    scripts: Scripts,
    /// Algorithms that the keys of documents may have, by [`rules::algorithm`].
    algorithms: Vec<String>,
    quorum: Quorum,
    people: People,
    firmware: LowestFirmware,
    days: LongestDays,
    /// The minimum strength of a key that a holder brings; without it, holders bring none.
    #[serde(default)]
    adopt: Option<Adopt>,
}

/// Which scripts a bundle may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scripts {
    /// A script with every step of the released one of its name; more `confirm` steps are allowed.
    Released,
    /// Any script.
    Any,
}

/// At least so many holders, and at least so many who must sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quorum {
    holders: u32,
    threshold: u32,
}

/// The most holders with the same employer or country, and the fewest witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    per_employer: u32,
    per_country: u32,
    witnesses: u32,
}

/// The lowest firmware of each family, `major.minor.patch`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LowestFirmware {
    yubikey: String,
    yubihsm: String,
}

/// The most days from signing to expiry, for each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongestDays {
    root: u32,
    targets: u32,
    snapshot: u32,
    timestamp: u32,
    delegation: u32,
}

/// Sets without this member accept every format.
fn first_format() -> u32 {
    1
}

const SHIPPED: [(&str, &str); 3] = [
    (
        "rfc-3724",
        include_str!("../../../../ceremony-scripts/expectations/rfc-3724.toml"),
    ),
    (
        "project-2026",
        include_str!("../../../../ceremony-scripts/expectations/project-2026.toml"),
    ),
    (
        "rehearsal-small",
        include_str!("../../../../ceremony-scripts/expectations/rehearsal-small.toml"),
    ),
];

impl ExpectationSet {
    /// Reads a set.
    ///
    /// # Errors
    /// A [`Violation`] of EXPECTATIONS-READ that says what cannot be read.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let unreadable = |why: &str| {
            Violation::new(
                Rule::ExpectationsRead,
                format!("the expectations cannot be read: {why}"),
                "compare the file with those in ceremony-scripts/expectations/",
            )
        };
        let set: Self =
            rules::toml_file::read("expectations", text).map_err(|why| unreadable(&why))?;
        if set.format != FORMAT {
            return Err(unreadable(&format!("their format is not {FORMAT}")));
        }
        for family in [Family::YubiKey, Family::YubiHsm] {
            if set.lowest_firmware(family).is_none() {
                return Err(unreadable(&format!(
                    "the firmware of a {family} is not major.minor.patch"
                )));
            }
        }
        Ok(set)
    }

    /// The shipped set with this name.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Self::parse(text).ok()
    }

    /// The names of the shipped sets.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The set's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn lowest_firmware(&self, family: Family) -> Option<[u8; 3]> {
        let text = match family {
            Family::YubiKey => &self.firmware.yubikey,
            Family::YubiHsm => &self.firmware.yubihsm,
        };
        Firmware::parse(text).map(Into::into)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_set_can_be_read_and_has_the_name_of_its_file() {
        for name in ExpectationSet::names() {
            assert_eq!(ExpectationSet::shipped(name).unwrap().name(), name);
        }
    }

    #[test]
    fn an_unknown_field_of_a_set_is_refused() {
        let text = SHIPPED[0].1.replace("witnesses = 1", "witneses = 1");
        assert_eq!(
            ExpectationSet::parse(&text).unwrap_err().rule,
            Rule::ExpectationsRead
        );
    }
}
