//! The terms in which a YubiKey describes itself and its keys.
//!
//! Encodings: Yubico, "PIV attestation"
//! (<https://developers.yubico.com/PIV/Introduction/PIV_attestation.html>).

use std::fmt;

use serde::Deserialize;

/// A firmware version, ordered as versions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Firmware([u8; 3]);

impl Firmware {
    /// `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self([major, minor, patch])
    }

    /// Reads `major.minor.patch` and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let version = [
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        ];
        parts.next().is_none().then_some(Self(version))
    }

    /// The generation: 4 for a YubiKey 4, 5 for a YubiKey 5.
    #[must_use]
    pub const fn major(self) -> u8 {
        let [major, _, _] = self.0;
        major
    }
}

impl TryFrom<String> for Firmware {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a firmware is three numbers, such as 5.7.4")
    }
}

impl From<[u8; 3]> for Firmware {
    fn from(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }
}

impl From<Firmware> for [u8; 3] {
    fn from(firmware: Firmware) -> Self {
        firmware.0
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// When the device asks for the PIN before it uses the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinPolicy {
    /// Never.
    Never,
    /// Once per session.
    Once,
    /// For every signature.
    Always,
    /// A fingerprint or the PIN, once per session (Bio).
    MatchOnce,
    /// A fingerprint or the PIN, for every signature (Bio).
    MatchAlways,
}

impl PinPolicy {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Never,
            2 => Self::Once,
            3 => Self::Always,
            4 => Self::MatchOnce,
            5 => Self::MatchAlways,
            _ => return None,
        })
    }

    /// Whether a fingerprint is as good as the PIN.
    pub(super) const fn matches_a_finger(self) -> bool {
        matches!(self, Self::MatchOnce | Self::MatchAlways)
    }
}

impl fmt::Display for PinPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::Once => "once",
            Self::Always => "always",
            Self::MatchOnce => "match-once",
            Self::MatchAlways => "match-always",
        })
    }
}

/// When the device waits for a touch before it uses the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TouchPolicy {
    /// Never.
    Never,
    /// For every signature.
    Always,
    /// A touch counts for 15 seconds.
    Cached,
}

impl TouchPolicy {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Never,
            2 => Self::Always,
            3 => Self::Cached,
            _ => return None,
        })
    }
}

impl fmt::Display for TouchPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Cached => "cached",
        })
    }
}

/// The shape of the device, with the two flags that share its byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormFactor(u8);

impl FormFactor {
    const FIPS: u8 = 0x80;
    const SECURITY_KEY: u8 = 0x40;

    /// From the byte as certificates and the management application carry it.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// Whether the device is sold as a FIPS model.
    #[must_use]
    pub const fn fips(self) -> bool {
        self.0 & Self::FIPS != 0
    }

    /// Whether the device is a Bio, which has advisories of its own.
    #[must_use]
    pub const fn bio(self) -> bool {
        matches!(self.shape(), 6 | 7)
    }

    /// Whether the device is a Security Key.
    pub(super) const fn security_key(self) -> bool {
        self.0 & Self::SECURITY_KEY != 0
    }

    const fn shape(self) -> u8 {
        self.0 & !(Self::FIPS | Self::SECURITY_KEY)
    }
}

impl fmt::Display for FormFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape() {
            1 => f.write_str("USB-A keychain"),
            2 => f.write_str("USB-A nano"),
            3 => f.write_str("USB-C keychain"),
            4 => f.write_str("USB-C nano"),
            5 => f.write_str("USB-C and Lightning keychain"),
            6 => f.write_str("USB-A keychain with fingerprint reader"),
            7 => f.write_str("USB-C keychain with fingerprint reader"),
            other => write!(f, "unknown form factor 0x{other:02x}"),
        }
    }
}

/// A PIV key slot (NIST SP 800-73-4, part 1, table 4b; F9 attests and is not
/// itself attested).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The slot of the digital signature key.
    pub const SIGNATURE: Self = Self(0x9c);

    /// The slot with this key reference, if there is one.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95 => Some(Self(byte)),
            _ => None,
        }
    }

    /// NIST's name of the slot.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self.0 {
            0x9a => "authentication",
            0x9c => "digital signature",
            0x9d => "key management",
            0x9e => "card authentication",
            _ => "retired key management",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Firmware, FormFactor, Slot};

    #[test]
    fn firmware_is_ordered_as_versions_are() {
        assert!(Firmware::new(5, 7, 4) > Firmware::new(5, 7, 0));
        assert!(Firmware::new(5, 10, 0) > Firmware::new(5, 9, 9));
        assert!(Firmware::new(4, 9, 9) < Firmware::new(5, 0, 0));
    }

    #[test]
    fn the_fips_flag_does_not_hide_the_shape() {
        let form = FormFactor::from_byte(0x83);
        assert!(form.fips());
        assert_eq!(form.to_string(), "USB-C keychain");
    }

    #[test]
    fn the_attesting_slot_is_not_a_slot_of_its_own() {
        assert_eq!(Slot::from_byte(0xf9), None);
        assert_eq!(Slot::from_byte(0x9c), Some(Slot::SIGNATURE));
    }
}
