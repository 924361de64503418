//! Moments as metadata writes them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A moment in whole seconds, from the year 0 to 9999, shown as
/// `YYYY-MM-DDTHH:MM:SSZ`, the one form that every implementation reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(Timestamp);

/// How a moment was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `YYYY-MM-DDTHH:MM:SSZ`
    Exact,
    /// Another form of ISO 8601: with a fraction of a second or an offset from UTC, such as
    /// sigstore's roots 1 to 4 have, or shorter, such as `20460101T000000Z`
    Unusual,
}

impl Time {
    /// From seconds since 1970-01-01T00:00:00Z; `None` beyond the years that
    /// the format can write.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let time = Timestamp::from_second(seconds).ok()?;
        (time.strftime("%Y").to_string().len() == 4).then_some(Self(time))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    /// `YYYY-MM-DD`, in UTC.
    #[must_use]
    pub fn date(self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }

    /// `HH:MM`, in UTC.
    #[must_use]
    pub fn on_the_clock(self) -> String {
        self.0.strftime("%H:%M").to_string()
    }

    /// This many days and minutes later; `None` past the year 9999.
    #[must_use]
    pub fn plus(self, days: i64, minutes: i64) -> Option<Self> {
        let by = days
            .checked_mul(86_400)?
            .checked_add(minutes.checked_mul(60)?)?;
        Self::from_unix(self.unix().checked_add(by)?)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SSZ` and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match Self::parse_any(text)? {
            (time, Form::Exact) => Some(time),
            (_, Form::Unusual) => None,
        }
    }

    /// Reads that form, or another one of ISO 8601 with an offset from UTC. A fraction of a second
    /// is dropped.
    #[must_use]
    pub fn parse_any(text: &str) -> Option<(Self, Form)> {
        // The library reads more than RFC 3339 (spaces, commas, annotations).
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b':' | b'.' | b'T' | b'Z'));
        if !plain {
            return None;
        }
        let time = Self::from_unix(text.parse::<Timestamp>().ok()?.as_second())?;
        let form = if time.to_string() == text {
            Form::Exact
        } else {
            Form::Unusual
        };
        Some((time, form))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("not a time as YYYY-MM-DDTHH:MM:SSZ")
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Form, Time};

    #[test]
    fn the_usual_form_is_read_and_written_back() {
        for text in [
            "2026-11-20T13:58:18Z",
            "1970-01-01T00:00:00Z",
            "9999-12-30T22:00:00Z",
        ] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Time::parse("2026-11-20T13:58:18Z").unwrap().unix(),
            1_795_183_098
        );
        assert_eq!(Time::from_unix(0), Time::parse("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn fractions_and_offsets_are_read_as_unusual_forms_only() {
        for (text, same) in [
            ("2021-12-18T13:28:12.99008-06:00", "2021-12-18T19:28:12Z"),
            ("2022-05-11T19:09:02.663975009Z", "2022-05-11T19:09:02Z"),
            ("2022-05-11T19:09:02+00:00", "2022-05-11T19:09:02Z"),
        ] {
            let (time, form) = Time::parse_any(text).unwrap();
            assert_eq!((time.to_string().as_str(), form), (same, Form::Unusual));
            assert_eq!(Time::parse(text), None);
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T13:58:18",
            "2026-11-20 13:58:18Z",
            "2026-02-30T00:00:00Z",
            "2026-11-20T13:58:18Z[UTC]",
            "2026-11-20T25:00:00Z",
            "20261120",
            "+012345-01-01T00:00:00Z",
        ] {
            assert_eq!(Time::parse_any(text), None, "{text}");
        }
    }

    #[test]
    fn years_that_the_format_cannot_write_are_refused() {
        assert_eq!(Time::from_unix(i64::MAX), None);
        assert_eq!(Time::from_unix(-99_999_999_999), None);
    }
}
