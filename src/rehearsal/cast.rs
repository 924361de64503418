//! The cast of a rehearsal: simulated holders and an online key that nobody holds.

use std::fmt::Write as _;

use p256::elliptic_curve::Generate as _;
use p256::pkcs8::EncodePublicKey as _;

use crate::host::HostError;

/// A roster of simulated holders, plainly so. What they must keep is sealed to
/// age recipients whose identities are thrown away.
#[must_use]
pub fn roster(holders: usize) -> String {
    let mut text = String::from(
        "format = \"keymoot-roster-1\"\nadministrator = \"Administrator (simulated)\"\n\n\
         [[witness]]\nname = \"Witness (simulated)\"\n",
    );
    for n in 1..=holders {
        let group = char::from(b'A' + u8::try_from((n - 1) % 26).unwrap_or_default());
        let recipient = age::x25519::Identity::generate().to_public();
        let _ = write!(
            text,
            "\n[[holder]]\nhandle = \"holder-{n}\"\nname = \"Holder {n} (simulated)\"\n\
             employer = \"Employer {group} (simulated)\"\ncountry = \"X{group}\"\n\
             age_recipient = \"{recipient}\"\n"
        );
    }
    text
}

/// A policy with an online key whose private half is thrown away at once.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn with_online_key(policy: &str) -> Result<String, HostError> {
    let no_key = |error: &dyn std::fmt::Display| {
        HostError::new(
            format!("the simulated online key cannot be made: {error}"),
            "try again",
        )
    };
    let key = p256::SecretKey::try_generate().map_err(|error| no_key(&error))?;
    let pem = key
        .public_key()
        .to_public_key_pem(p256::pkcs8::LineEnding::LF)
        .map_err(|error| no_key(&error))?;
    Ok(format!(
        "{policy}\n[online]\nuri = \"simulated:nobody-holds-this-key\"\npublic_key = \"\"\"\n{pem}\"\"\"\n\
         snapshot = {{ expiry_days = 21, signing_days = 7 }}\ntimestamp = {{ expiry_days = 7, signing_days = 3 }}\n"
    ))
}
