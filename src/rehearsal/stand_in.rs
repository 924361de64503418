//! Stand-ins for keys that holders make on the day.

use p256::elliptic_curve::Generate as _;
use p256::pkcs8::EncodePublicKey as _;

use keymoot_core::HostError;

/// `count` SubjectPublicKeyInfos (DER) of P-256 keys, whose private halves are deleted.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn keys(count: usize) -> Result<Vec<Vec<u8>>, HostError> {
    let no_key = |error: &dyn std::fmt::Display| {
        HostError::new(
            format!("a stand-in key cannot be made: {error}"),
            "try again",
        )
    };
    let key = |_| {
        let key = p256::SecretKey::try_generate().map_err(|error| no_key(&error))?;
        let spki = key.public_key().to_public_key_der();
        Ok(spki.map_err(|error| no_key(&error))?.into_vec())
    };
    (0..count).map(key).collect()
}
