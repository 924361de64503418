//! The machine's clock and its entropy.

use keymoot_core::HostError;
use keymoot_record::transcript::Time;

/// The time now, by the machine's clock.
///
/// # Errors
/// [`HostError`] when the clock stands outside the years that can be written.
pub fn now() -> Result<Time, HostError> {
    Time::from_unix(jiff::Timestamp::now().as_second()).ok_or_else(|| {
        HostError::new(
            "the machine's clock shows no year between 0 and 9999",
            "set the clock, then resume",
        )
    })
}

/// A new name for a ceremony: 32 hexadecimal digits of entropy.
///
/// # Errors
/// [`HostError`] when the machine has no entropy to give.
pub fn ceremony_name() -> Result<String, HostError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        HostError::new(
            format!("the machine gives no entropy: {error}"),
            "restart the machine",
        )
    })?;
    Ok(hex::encode(bytes))
}
