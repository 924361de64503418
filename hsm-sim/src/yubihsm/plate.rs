//! What is engraved on a device: firmware version and serial number.

use crate::yubikey::plate::Firmware;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A firmware version that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(Firmware);

/// A firmware version that is not one, or not one that can be simulated.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a firmware version this program simulates: give 2.1.0 to 2.4.9")]
pub struct BadVersion(String);

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let parts: Option<Vec<u8>> = text.split('.').map(|n| n.parse().ok()).collect();
        match parts.as_deref() {
            Some(&[2, minor @ 1..=4, patch @ 0..=9]) => Ok(Self(Firmware::new(2, minor, patch))),
            _ => Err(BadVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Version {
    type Error = BadVersion;
    fn try_from(text: String) -> Result<Self, BadVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl Version {
    /// The three numbers.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.0.bytes()
    }

    /// Whether this is `minor`.`patch` of the second generation, or later.
    #[must_use]
    pub fn since(self, minor: u8, patch: u8) -> bool {
        self.0 >= Firmware::new(2, minor, patch)
    }

    /// The longest message it takes, in bytes.
    #[must_use]
    pub fn longest_message(self) -> usize {
        if self.since(4, 0) { 3136 } else { 2048 }
    }
}

/// What makes one device that device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plate {
    /// The serial number.
    pub serial: u32,
    /// The firmware.
    pub firmware: Version,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn firmware_is_written_as_it_was_read_and_refused_when_it_cannot_be_simulated() {
        assert_eq!("2.4.1".parse::<Version>().unwrap().to_string(), "2.4.1");
        for text in ["", "2.4", "2.0.0", "3.0.0", "2.4.1.1", "2.4.x"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
