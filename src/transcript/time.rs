//! Points in time as the transcript writes them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tuf;

/// A point in time, in whole seconds, written `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339)
/// and in no other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(tuf::Time);

impl Time {
    /// From seconds since 1970-01-01T00:00:00Z; `None` outside years 0 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        tuf::Time::from_unix(seconds).map(Self)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.unix()
    }

    /// This many days and minutes later; `None` past the year 9999.
    #[must_use]
    pub fn plus(self, days: i64, minutes: i64) -> Option<Self> {
        let by = days
            .checked_mul(86_400)?
            .checked_add(minutes.checked_mul(60)?)?;
        Self::from_unix(self.unix().checked_add(by)?)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        tuf::Time::parse(&text)
            .map(Self)
            .ok_or("not a time as YYYY-MM-DDTHH:MM:SSZ")
    }
}

impl From<Time> for tuf::Time {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}
