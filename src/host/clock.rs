//! The machine's clock and its entropy.

use keymoot_core::HostError;

pub use keymoot_verify::now;

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
