//! How long documents are still valid.

use super::common::Common;
use super::{Document, DocumentError, Periods, Root, Targets};
use keymoot_core::json::At;
use keymoot_core::time::Time;

/// A day, in seconds.
const DAY: i64 = 86_400;

/// When a document expires, and how long documents of its role are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// When it expires
    pub expires: Time,
    /// How long its role's documents are valid, where that is known
    pub periods: Option<Periods>,
}

/// The state of a document at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It has expired: clients refuse the document.
    Expired,
    /// The next version is to be signed now.
    SigningBegun,
    /// It ends later than a document signed now would. Tools that compare the two
    /// (tuf-on-ci) refuse it, and this clock is behind that of the signing.
    BeyondItsPeriod,
    /// The document is valid, and its signing period has not begun.
    Fresh,
}

impl Lifetime {
    /// The lifetime of any document. Periods that it does not state itself are in the document
    /// that delegates to it, or nowhere.
    ///
    /// # Errors
    /// The document has no expiry that can be read.
    pub fn of(document: &Document) -> Result<Self, DocumentError> {
        let (expires, periods) = match document.kind() {
            "root" => {
                let root = Root::read(document)?;
                (root.expires, root.periods)
            }
            "targets" => {
                let targets = Targets::read(document)?;
                (targets.expires, targets.periods)
            }
            _ => {
                let at = At::top(document.signed(), "signed");
                (Common::read(&at, &mut Vec::new())?.expires, None)
            }
        };
        Ok(Self { expires, periods })
    }

    /// With these periods where the document states none.
    #[must_use]
    pub fn or(self, periods: Option<Periods>) -> Self {
        Self {
            periods: self.periods.or(periods),
            ..self
        }
    }

    /// Whole days from this moment to the expiry; negative once it has passed.
    #[must_use]
    pub fn days_left(&self, now: Time) -> i64 {
        (self.expires.unix() - now.unix()).div_euclid(DAY)
    }

    /// The beginning of the signing period, where it is known.
    #[must_use]
    pub fn signing_begins(&self) -> Option<Time> {
        let period = i64::from(self.periods?.signing_days) * DAY;
        Time::from_unix(self.expires.unix().checked_sub(period)?)
    }

    /// The state at this moment.
    #[must_use]
    pub fn at(&self, now: Time) -> Expiry {
        let left = self.expires.unix() - now.unix();
        let days = |days: u32| i64::from(days) * DAY;
        match self.periods {
            _ if left <= 0 => Expiry::Expired,
            Some(periods) if left <= days(periods.signing_days) => Expiry::SigningBegun,
            Some(periods) if left > days(periods.expiry_days) => Expiry::BeyondItsPeriod,
            _ => Expiry::Fresh,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{DAY, Expiry, Lifetime};
    use crate::Periods;
    use keymoot_core::time::Time;

    /// The states of a document that is valid for 100 days, of which
    /// the last 10 are for signing.
    fn seconds_before_its_end(seconds: i64) -> (i64, Expiry) {
        let end = 1_800_000_000;
        let lifetime = Lifetime {
            expires: Time::from_unix(end).unwrap(),
            periods: Some(Periods {
                expiry_days: 100,
                signing_days: 10,
            }),
        };
        let now = Time::from_unix(end - seconds).unwrap();
        (lifetime.days_left(now), lifetime.at(now))
    }

    #[test]
    fn a_document_is_over_at_the_second_at_which_it_expires() {
        assert_eq!(seconds_before_its_end(1), (0, Expiry::SigningBegun));
        assert_eq!(seconds_before_its_end(0), (0, Expiry::Expired));
        assert_eq!(seconds_before_its_end(-1), (-1, Expiry::Expired));
    }

    #[test]
    fn signing_begins_its_period_before_the_end() {
        assert_eq!(seconds_before_its_end(10 * DAY + 1), (10, Expiry::Fresh));
        assert_eq!(seconds_before_its_end(10 * DAY), (10, Expiry::SigningBegun));
    }

    #[test]
    fn a_clock_that_is_behind_sees_a_document_that_lasts_too_long() {
        assert_eq!(seconds_before_its_end(100 * DAY), (100, Expiry::Fresh));
        assert_eq!(
            seconds_before_its_end(100 * DAY + 1),
            (100, Expiry::BeyondItsPeriod)
        );
    }
}
