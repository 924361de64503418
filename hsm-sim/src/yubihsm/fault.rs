//! What can go wrong with a YubiHSM.

use crate::fault;
use std::time::Duration;

/// What goes wrong, and when.
pub type Plan = fault::Plan<Kind>;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The connection breaks off before the device sees the command.
    Drop,
    /// The device carries the command out, and the connection breaks off before the answer.
    DropAfter,
    /// The device is pulled out before it sees the command.
    Unplug,
    /// The device carries the command out, and is pulled out before it can answer.
    UnplugAfter,
    /// The answer's last byte is changed: in a session, that of its code.
    Mac,
    /// The answer says that it is longer than it is.
    Malformed,
    /// The second half of the answer is missing.
    Truncate,
    /// The device answers with this failure instead of carrying the command out.
    Error(u8),
    /// The answer comes so much later.
    Slow(Duration),
    /// The log is full from now on, as on a device nobody audited.
    LogFull,
}

impl Kind {
    /// The effect on an answer; faults that are not about its bytes leave it alone.
    #[must_use]
    pub fn spoil(self, mut answer: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Mac => answer.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1),
            Self::Malformed => answer.iter_mut().skip(1).take(2).for_each(|b| *b = 0xff),
            Self::Truncate => answer.truncate(answer.len() / 2),
            _ => {}
        }
        answer
    }
}

impl fault::Kind for Kind {
    const COUNTED: &'static str = "messages";
    const NAMES: &'static str = "drop, drop-after, unplug, unplug-after, mac, malformed, truncate, log-full, error (written \
error@WHEN=07), slow (written slow@WHEN=SECONDS)";
    const EXAMPLE: &'static str = "drop-after@0x46,2:mac@12,slow@0x56#2=1.5";

    fn named(name: &str, value: Option<&str>) -> Option<Self> {
        Some(match (name, value) {
            ("drop", None) => Self::Drop,
            ("drop-after", None) => Self::DropAfter,
            ("unplug", None) => Self::Unplug,
            ("unplug-after", None) => Self::UnplugAfter,
            ("mac", None) => Self::Mac,
            ("malformed", None) => Self::Malformed,
            ("truncate", None) => Self::Truncate,
            ("log-full", None) => Self::LogFull,
            ("error", Some(code)) => Self::Error(u8::from_str_radix(code, 16).ok()?),
            ("slow", Some(seconds)) => {
                Self::Slow(Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?)
            }
            _ => return None,
        })
    }
}
