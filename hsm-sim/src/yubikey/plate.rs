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

/// A firmware version and how the device differs from others of it: `5.4.3-fips`,
/// `5.7.4-complexity`, `5.7.4-no-piv`, `5.7.4-no-serial`, or several of these in this order.
///
/// The last three are settings, which stay through a reset of the PIV application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Model {
    /// The firmware.
    pub firmware: Firmware,
    /// FIPS series: marked in the form factor and in the batch certificate. From firmware 5.7 on
    /// PIN and PUK must have 8 characters. Its other stricter modes are not simulated.
    pub fips: bool,
    /// PIN complexity is enforced (from firmware 5.7 on).
    pub complexity: bool,
    /// PIV is switched off over USB.
    pub no_piv: bool,
    /// The device hides its serial number over USB.
    pub no_serial: bool,
}

/// The words after the firmware version, in the order in which they are written.
const MARKS: [&str; 4] = ["-fips", "-complexity", "-no-piv", "-no-serial"];

/// A firmware version that is not one, or not one that can be simulated.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a firmware version this program simulates: give 4.3.0 to 4.9.9 or 5.0.0 to 5.9.9, with -fips for the FIPS series, -complexity for PIN complexity (5.7 and later), -no-piv or -no-serial, in this order"
)]
pub struct BadModel(String);

impl FromStr for Model {
    type Err = BadModel;

    fn from_str(text: &str) -> Result<Self, BadModel> {
        let mut version = text;
        let mut marks = [false; MARKS.len()];
        for (mark, word) in marks.iter_mut().zip(MARKS).rev() {
            if let Some(rest) = version.strip_suffix(word) {
                (*mark, version) = (true, rest);
            }
        }
        let [fips, complexity, no_piv, no_serial] = marks;
        let parts: Option<Vec<u8>> = version.split('.').map(|n| n.parse().ok()).collect();
        match parts.as_deref() {
            // Attestation came with 4.3; without it a device is of no use here.
            Some(&[major @ 4..=5, minor @ 0..=9, patch @ 0..=9]) if (major, minor) >= (4, 3) => {
                let firmware = Firmware::new(major, minor, patch);
                if complexity && firmware < Firmware::new(5, 7, 0) {
                    return Err(BadModel(text.to_owned()));
                }
                Ok(Self {
                    firmware,
                    fips,
                    complexity,
                    no_piv,
                    no_serial,
                })
            }
            _ => Err(BadModel(text.to_owned())),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.firmware)?;
        let marks = [self.fips, self.complexity, self.no_piv, self.no_serial];
        for (_, word) in marks.iter().zip(MARKS).filter(|(marked, _)| **marked) {
            f.write_str(word)?;
        }
        Ok(())
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
    /// Whether PIN and PUK must be as long as they can be: FIPS 140-3, from firmware 5.7 on.
    #[must_use]
    pub fn long_pins(&self) -> bool {
        self.model.fips && self.model.firmware >= Firmware::new(5, 7, 0)
    }

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
        for text in [
            "5.7.4",
            "4.3.5",
            "5.4.3-fips",
            "5.7.4-complexity",
            "5.7.4-fips-complexity-no-piv-no-serial",
        ] {
            assert_eq!(text.parse::<Model>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn firmware_that_cannot_be_simulated_is_refused() {
        for text in [
            "",
            "5.7",
            "4.2.9",
            "6.0.0",
            "5.7.4.1",
            "5.7.x",
            "5.4.3-complexity",
            "5.7.4-no-piv-fips",
        ] {
            assert!(text.parse::<Model>().is_err(), "{text}");
        }
    }
}
