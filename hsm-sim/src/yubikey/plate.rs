//! What is engraved on a device: firmware version, serial number, form factor.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A firmware version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware([u8; 3]);

impl Firmware {
    /// Version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self([major, minor, patch])
    }

    /// The three numbers.
    #[must_use]
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// A firmware version, and whether the device is of the FIPS series (written `5.4.3-fips`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Model {
    /// The firmware.
    pub firmware: Firmware,
    /// FIPS series: marked in the form factor and in the batch certificate. Its stricter modes are not simulated.
    pub fips: bool,
}

/// A firmware version that is not one, or not one that can be simulated.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a firmware version this program simulates: give 4.3.0 to 4.9.9 or 5.0.0 to 5.9.9, with -fips for the FIPS series"
)]
pub struct BadModel(String);

impl FromStr for Model {
    type Err = BadModel;

    fn from_str(text: &str) -> Result<Self, BadModel> {
        let (version, fips) = match text.strip_suffix("-fips") {
            Some(version) => (version, true),
            None => (text, false),
        };
        let parts: Option<Vec<u8>> = version.split('.').map(|n| n.parse().ok()).collect();
        match parts.as_deref() {
            // Attestation came with 4.3; without it a device is of no use here.
            Some(&[major @ 4..=5, minor @ 0..=9, patch @ 0..=9]) if (major, minor) >= (4, 3) => {
                Ok(Self {
                    firmware: Firmware::new(major, minor, patch),
                    fips,
                })
            }
            _ => Err(BadModel(text.to_owned())),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.firmware,
            if self.fips { "-fips" } else { "" }
        )
    }
}

impl TryFrom<String> for Model {
    type Error = BadModel;
    fn try_from(text: String) -> Result<Self, BadModel> {
        text.parse()
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.to_string()
    }
}

/// What makes one device that device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plate {
    /// The serial number.
    pub serial: u32,
    /// Firmware and series.
    #[serde(rename = "firmware")]
    pub model: Model,
}

impl Plate {
    /// Yubico's code for the form factor: 1, a keychain key with USB-A; 0x80 marks the FIPS series.
    #[must_use]
    pub fn form_factor(&self) -> u8 {
        if self.model.fips { 0x81 } else { 0x01 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn firmware_is_written_as_it_was_read() {
        for text in ["5.7.4", "4.3.5", "5.4.3-fips"] {
            assert_eq!(text.parse::<Model>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn firmware_that_cannot_be_simulated_is_refused() {
        for text in ["", "5.7", "4.2.9", "6.0.0", "5.7.4.1", "5.7.x"] {
            assert!(text.parse::<Model>().is_err(), "{text}");
        }
    }
}
