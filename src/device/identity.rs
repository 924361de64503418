//! What tells one device from another.

use std::fmt;

use crate::text;

/// The serial number a vendor printed on the device and wrote into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u32);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A firmware version: major, minor, patch. Ordered as versions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Firmware(pub [u8; 3]);

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The shape of a YubiKey, as its management application names it (Yubico SDK,
/// `FormFactor`). The FIPS and Security Key bits of that byte are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFactor {
    /// USB-A, for a keychain.
    KeychainA,
    /// USB-A, nano.
    NanoA,
    /// USB-C, for a keychain.
    KeychainC,
    /// USB-C, nano.
    NanoC,
    /// USB-C and Lightning.
    LightningC,
    /// USB-A with a fingerprint reader.
    BioA,
    /// USB-C with a fingerprint reader.
    BioC,
}

impl FormFactor {
    /// Reads the management application's byte; an unknown one is `None`.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte & 0x0f {
            1 => Some(Self::KeychainA),
            2 => Some(Self::NanoA),
            3 => Some(Self::KeychainC),
            4 => Some(Self::NanoC),
            5 => Some(Self::LightningC),
            6 => Some(Self::BioA),
            7 => Some(Self::BioC),
            _ => None,
        }
    }
}

impl fmt::Display for FormFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeychainA => "USB-A keychain",
            Self::NanoA => "USB-A nano",
            Self::KeychainC => "USB-C keychain",
            Self::NanoC => "USB-C nano",
            Self::LightningC => "USB-C and Lightning",
            Self::BioA => "USB-A bio",
            Self::BioC => "USB-C bio",
        })
    }
}

/// A device as it presents itself, before anything about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its serial number.
    pub serial: Serial,
    /// Its firmware.
    pub firmware: Firmware,
    /// Its shape, where it says (firmware 5 and later).
    pub form_factor: Option<FormFactor>,
    /// The reader it is in, as the smart card service names it: foreign text.
    pub reader: String,
}

/// Which device an error is about: by serial where it is known, by reader
/// before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The device with this serial number.
    Serial(Serial),
    /// Whatever is in this reader: foreign text.
    Reader(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(serial) => write!(f, "YubiKey {serial}"),
            Self::Reader(reader) => write!(f, "the device in reader '{}'", text::escape(reader)),
        }
    }
}
