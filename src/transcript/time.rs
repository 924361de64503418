//! Points in time as the transcript writes them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds, written `YYYY-MM-DDTHH:MM:SSZ` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(Timestamp);

impl Time {
    /// From seconds since 1970-01-01T00:00:00Z; `None` outside years 0 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let time = Timestamp::from_second(seconds).ok()?;
        (time.to_string().len() == 20).then_some(Self(time))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    /// This many days and minutes later; `None` past the year 9999.
    #[must_use]
    pub fn plus(self, days: i64, minutes: i64) -> Option<Self> {
        let by = SignedDuration::from_secs(
            days.checked_mul(86_400)?
                .checked_add(minutes.checked_mul(60)?)?,
        );
        Self::from_unix(self.0.checked_add(by).ok()?.as_second())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time: Timestamp = text
            .parse()
            .map_err(|_| "not a time as YYYY-MM-DDTHH:MM:SSZ".to_owned())?;
        if time.to_string() == text && text.len() == 20 {
            Ok(Self(time))
        } else {
            Err("not a time as YYYY-MM-DDTHH:MM:SSZ".to_owned())
        }
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}
