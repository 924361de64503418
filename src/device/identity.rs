//! The identity of a device: family and serial number.

use std::fmt;

use keymoot_attestation::Family;
use keymoot_core::text;

/// The serial number a vendor printed on the device and wrote into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u32);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which device an error is about: by serial where it is known, by its place
/// before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The YubiKey with this serial number.
    YubiKey(Serial),
    /// The device in this reader: foreign text.
    Reader(String),
    /// The YubiHSM 2 with this serial number.
    YubiHsm(Serial),
    /// The YubiHSM 2 at this place.
    Place(String),
    /// No device in particular.
    Unknown,
}

impl Who {
    /// The device of this family with this serial number.
    #[must_use]
    pub fn of(family: Family, serial: Serial) -> Self {
        match family {
            Family::YubiKey => Self::YubiKey(serial),
            Family::YubiHsm => Self::YubiHsm(serial),
        }
    }

    /// The family of the device.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::YubiKey(_) | Self::Reader(_) | Self::Unknown => Family::YubiKey,
            Self::YubiHsm(_) | Self::Place(_) => Family::YubiHsm,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::YubiKey(serial) => write!(f, "YubiKey {serial}"),
            Self::YubiHsm(serial) => write!(f, "YubiHSM 2 {serial}"),
            Self::Place(place) => write!(f, "the YubiHSM 2 at {place}"),
            Self::Reader(reader) => write!(f, "the device in reader '{}'", text::escape(reader)),
            Self::Unknown => f.write_str("the device"),
        }
    }
}
