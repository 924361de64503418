//! The machine's clock.

use keymoot_core::{HostError, time::Time};

/// The time now, by the machine's clock.
///
/// # Errors
/// [`HostError`] when the clock shows a year that metadata cannot write.
pub fn now() -> Result<Time, HostError> {
    Time::from_unix(jiff::Timestamp::now().as_second()).ok_or_else(|| {
        HostError::new(
            "the machine's clock shows no year between 0 and 9999",
            "set the clock, then try again",
        )
    })
}
