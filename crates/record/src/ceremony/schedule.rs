//! When the ceremony is expected to end, by the minutes that its script plans for each step.

use super::state::State;
use crate::transcript::Time;

/// The expected end of a ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedEnd {
    /// The end of the last step, if every step that is left takes its planned minutes.
    pub at: Time,
    /// Whole minutes by which that is later than planned at the opening; below zero: earlier.
    pub minutes_late: i64,
}

impl State {
    /// The expected end as seen at a moment; `None` before the opening and after the last step.
    #[must_use]
    pub fn expected_end(&self, now: Time) -> Option<ExpectedEnd> {
        let opened = self.opening.as_ref()?.time;
        let step = self.current()?;
        let seconds = |minutes: u32| i64::from(minutes) * 60;
        let spent = self
            .step_since
            .map_or(0, |since| now.unix().saturating_sub(since.unix()));
        // A step that takes longer than planned is expected to end now.
        let left = seconds(step.minutes).saturating_sub(spent.max(0)).max(0);
        let following = self.plan.script.steps().skip(self.step + 1);
        let following: u32 = following.map(|(_, step)| step.minutes).sum();
        let end = now
            .unix()
            .saturating_add(left)
            .saturating_add(seconds(following));
        let planned = opened
            .unix()
            .saturating_add(seconds(self.plan.script.minutes()));
        Some(ExpectedEnd {
            at: Time::from_unix(end)?,
            minutes_late: end.saturating_sub(planned).div_euclid(60),
        })
    }
}
