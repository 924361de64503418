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

/// A policy with an online key and with the delegations to the teams that release,
/// all of them keys whose private halves are thrown away at once.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn with_keys(policy: &str) -> Result<String, HostError> {
    let mut text = with_online_key(policy)?;
    for (role, threshold, keys) in [("release", 3, 5), ("nightly", 1, 1)] {
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "\n[[delegation]]\nrole = \"{role}\"\nthreshold = {threshold}\n\
             periods = {{ expiry_days = 90, signing_days = 30 }}\n"
        );
        for n in 1..=keys {
            let holder = match role {
                "nightly" => "uri = \"simulated:nobody-holds-this-key-either\"".to_owned(),
                _ => format!("handle = \"{role}-{n}\""),
            };
            let _ = write!(
                text,
                "\n[[delegation.key]]\n{holder}\npublic_key = \"\"\"\n{}\"\"\"\n",
                nobodys_key()?
            );
        }
    }
    Ok(text)
}

/// A policy with a new online key.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn with_online_key(policy: &str) -> Result<String, HostError> {
    Ok(format!(
        "{policy}\n[online]\nuri = \"simulated:nobody-holds-this-key\"\npublic_key = \"\"\"\n{}\"\"\"\n\
         snapshot = {{ expiry_days = 21, signing_days = 7 }}\ntimestamp = {{ expiry_days = 7, signing_days = 3 }}\n",
        nobodys_key()?
    ))
}

/// The public half of a key, as PEM, whose private half is thrown away.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn nobodys_key() -> Result<String, HostError> {
    let no_key = |error: &dyn std::fmt::Display| {
        HostError::new(
            format!("a simulated online key cannot be made: {error}"),
            "try again",
        )
    };
    let key = p256::SecretKey::try_generate().map_err(|error| no_key(&error))?;
    key.public_key()
        .to_public_key_pem(p256::pkcs8::LineEnding::LF)
        .map_err(|error| no_key(&error))
}
