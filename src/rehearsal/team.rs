//! The team of crates.io in a rehearsal: it signs the root of tuf-crates elsewhere,
//! with keys that are made from the rehearsal's seed and worth nothing.

use std::collections::BTreeMap;

use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use sha2::{Digest as _, Sha256};

use keymoot_core::{HostError, json::Json};
use keymoot_record::{rules::mark::REHEARSAL_MARK, transcript::Time};
use keymoot_tuf::{Dialect, Holder, OnlineKey, Periods, PublicKey, RootDraft};

/// How many of the team hold a key, and how many must sign.
const MEMBERS: u64 = 5;
const THRESHOLD: u32 = 3;

const YEAR: Periods = Periods {
    expiry_days: 365,
    signing_days: 60,
};
const WEEK: Periods = Periods {
    expiry_days: 7,
    signing_days: 3,
};

/// The file of the team's root of a version. From one version to the next the first
/// member's key is replaced; both its own quorum and that of the version before sign.
///
/// # Errors
/// [`HostError`] when it cannot be written.
pub fn root(seed: u64, version: u64, made: Time, dialect: Dialect) -> Result<Vec<u8>, HostError> {
    let broken = |what: String| {
        HostError::new(
            format!("the simulated root of tuf-crates: {what}"),
            "try again",
        )
    };
    let keys = members(seed, version).map_err(broken)?;
    let before = match version {
        0 | 1 => Vec::new(),
        version => members(seed, version - 1).map_err(broken)?,
    };
    let holders = keys
        .iter()
        .zip(1..)
        .map(|(key, n): (_, u64)| {
            Ok(Holder {
                handle: format!("crates-{n}"),
                key: public(key)?,
            })
        })
        .collect::<Result<Vec<_>, String>>()
        .map_err(broken)?;
    let online = signing_key(seed, "online", 0).and_then(|key| public(&key));
    let expires = made
        .plus(YEAR.expiry_days.into(), 0)
        .and_then(|time| keymoot_core::time::Time::from_unix(time.unix()))
        .ok_or_else(|| broken("its expiry cannot be written".to_owned()))?;
    let document = dialect
        .root(&RootDraft {
            version,
            expires,
            consistent_snapshot: true,
            holders,
            root_threshold: THRESHOLD,
            targets_signers: None,
            targets_threshold: THRESHOLD,
            online: OnlineKey {
                key: online.map_err(broken)?,
                uri: "simulated:nobody-holds-this-key".to_owned(),
            },
            root_periods: YEAR,
            targets_periods: YEAR,
            snapshot_periods: WEEK,
            timestamp_periods: WEEK,
            marks: [(REHEARSAL_MARK.to_owned(), Json::from("tuf-crates"))].into(),
        })
        .map_err(|error| broken(error.to_string()))?;
    let mut signatures = BTreeMap::new();
    for (key, n) in keys.iter().chain(&before).zip((1..=MEMBERS).cycle()) {
        let holder = Holder {
            handle: format!("crates-{n}"),
            key: public(key).map_err(broken)?,
        };
        let signature: Signature = key.sign(document.signed_bytes());
        signatures.insert(
            dialect.holder_key_id(&holder),
            signature.to_der().as_bytes().to_vec(),
        );
    }
    Ok(dialect.assemble(&document, &signatures))
}

/// The team's keys of a version: the first member has a new one each time.
fn members(seed: u64, version: u64) -> Result<Vec<SigningKey>, String> {
    let first = signing_key(seed, "first", version);
    let others = (2..=MEMBERS).map(|n| signing_key(seed, "other", n));
    std::iter::once(first).chain(others).collect()
}

fn signing_key(seed: u64, what: &str, n: u64) -> Result<SigningKey, String> {
    let digest = Sha256::digest(format!("keymoot rehearsal crates.io {seed} {what} {n}"));
    SigningKey::from_slice(&digest).map_err(|error| error.to_string())
}

fn public(key: &SigningKey) -> Result<PublicKey, String> {
    let der = key
        .verifying_key()
        .to_public_key_der()
        .map_err(|error| error.to_string())?;
    PublicKey::from_spki_der(der.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::root;
    use keymoot_record::transcript::Time;
    use keymoot_tuf::{Dialect, Document, verify_chain};

    #[test]
    fn each_root_of_the_team_follows_the_one_before() {
        let made = Time::from_unix(1_800_000_000).unwrap();
        let roots = (1..=3).map(|version| {
            let file = root(7, version, made, Dialect::TufOnCi).unwrap();
            Document::parse(&file, file.len()).unwrap()
        });
        assert_eq!(verify_chain(None, roots).unwrap().len(), 3);
    }
}
