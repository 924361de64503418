//! The firmware of the YubiKeys under a root.
//!
//! The chain says which hierarchy a YubiKey belongs to. A firmware that the hierarchy never had
//! means that a key of that hierarchy was misused: one taken out of an old YubiKey signs any claim.

use std::fmt;

use serde::Deserialize;

use super::device_facts::Firmware;

/// From one firmware on, up to another one that is not in it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirmwareRange {
    from: Firmware,
    /// `None` where later firmware comes under the same root.
    before: Option<Firmware>,
}

impl FirmwareRange {
    pub(super) fn contains(self, firmware: Firmware) -> bool {
        firmware >= self.from && self.before.is_none_or(|before| firmware < before)
    }

    pub(super) fn is_empty(self) -> bool {
        !self.contains(self.from)
    }
}

impl fmt::Display for FirmwareRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.before {
            Some(before) => write!(f, "from {} on and before {before}", self.from),
            None => write!(f, "from {} on", self.from),
        }
    }
}
