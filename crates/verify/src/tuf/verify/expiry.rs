//! When documents expire, as seen from a moment.

use keymoot_core::time::Time;
use serde::Serialize;

const DAY: i64 = 24 * 60 * 60;

/// The moment from which expiry is checked, and whether it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judging {
    pub(super) at: Time,
    /// Whether an expired document is refused, or only reported
    pub(super) binding: bool,
}

impl Judging {
    pub(super) fn binding(at: Time) -> Self {
        Self { at, binding: true }
    }

    pub(super) fn told(at: Time) -> Self {
        Self { at, binding: false }
    }

    /// Metadata is expired from the second that it names (TUF 1.0.34, 5.3.10).
    pub(super) fn expired(self, expires: Time) -> bool {
        expires <= self.at
    }

    /// Whole days until then, or since then where negative.
    pub(super) fn days(self, expires: Time) -> i64 {
        (expires.unix() - self.at.unix()) / DAY
    }

    /// For people: `expired 3 days ago`, `expires in 12 days`.
    pub(super) fn sentence(self, expires: Time) -> String {
        let days = self.days(expires).unsigned_abs();
        let span = match days {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        if self.expired(expires) {
            format!("expired {span} ago")
        } else {
            format!("expires in {span}")
        }
    }
}

/// Whether and when something expires, as seen from the moment that is asked about.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Expiry {
    expired: bool,
    expires_in_days: i64,
}

impl Expiry {
    pub(super) fn of(judging: Judging, expires: Time) -> Self {
        Self {
            expired: judging.expired(expires),
            expires_in_days: judging.days(expires),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Judging, Time};

    #[test]
    fn days_are_whole_and_a_document_is_expired_from_its_second_on() {
        let judging = Judging::told(Time::parse("2027-01-10T12:00:00Z").unwrap());
        for (expires, sentence) in [
            ("2027-01-10T12:00:00Z", "expired less than a day ago"),
            ("2027-01-10T12:00:01Z", "expires in less than a day"),
            ("2027-01-11T12:00:00Z", "expires in 1 day"),
            ("2027-01-07T11:59:59Z", "expired 3 days ago"),
            ("2028-01-10T12:00:00Z", "expires in 365 days"),
        ] {
            assert_eq!(judging.sentence(Time::parse(expires).unwrap()), sentence);
        }
    }
}
