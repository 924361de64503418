//! The simulated people of a rehearsal: holders, and an online key whose private half is deleted.

use std::fmt::Write as _;

use p256::elliptic_curve::Generate as _;
use p256::pkcs8::EncodePublicKey as _;

use keymoot_attestation::Family;
use keymoot_core::HostError;

/// Simulated people, plainly so: holders, people who leave, and revoked keys.
/// Their secrets are sealed to age recipients whose identities are deleted
/// at once.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    holders: Vec<Actor>,
    leavers: Vec<usize>,
    renamed: Vec<(usize, usize)>,
    revocations: Vec<(usize, u32, String)>,
}

#[derive(Debug, Clone)]
struct Actor {
    number: usize,
    recipient: String,
    family: Family,
    renews: bool,
}

impl Cast {
    /// The holders `holder-1` to `holder-N`.
    #[must_use]
    pub fn of(holders: usize) -> Self {
        let mut cast = Self::default();
        for number in 1..=holders {
            cast.joins(number);
        }
        cast
    }

    /// The same, where `family` names the device of each seat, from 1.
    #[must_use]
    pub fn bringing(holders: usize, family: impl Fn(usize) -> Family) -> Self {
        let mut cast = Self::of(holders);
        for actor in &mut cast.holders {
            actor.family = family(actor.number);
        }
        cast
    }

    /// `holder-N` takes the last seat.
    pub fn joins(&mut self, number: usize) {
        self.holders.push(Actor {
            number,
            recipient: age::x25519::Identity::generate().to_public().to_string(),
            family: Family::YubiKey,
            renews: false,
        });
    }

    /// `holder-N` gives the seat up.
    pub fn leaves(&mut self, number: usize) {
        self.holders.retain(|actor| actor.number != number);
        self.leavers.push(number);
    }

    /// `holder-N` changes the device.
    pub fn renews(&mut self, number: usize) {
        for actor in &mut self.holders {
            actor.renews |= actor.number == number;
        }
    }

    /// Renames the holder `holder-FROM` to `holder-TO`.
    pub fn renamed(&mut self, from: usize, to: usize) {
        for actor in self.holders.iter_mut().filter(|a| a.number == from) {
            actor.number = to;
        }
        self.renamed.push((from, to));
    }

    /// The key of `holder-N` in this device is revoked.
    pub fn revoked(&mut self, number: usize, serial: u32, reason: &str) {
        self.revocations.push((number, serial, reason.to_owned()));
    }

    /// The ceremony is over: who left stays away.
    pub fn settles(&mut self) {
        self.leavers.clear();
        self.renamed.clear();
        self.revocations.clear();
        for actor in &mut self.holders {
            actor.renews = false;
        }
    }

    /// The roster.
    #[must_use]
    pub fn roster(&self) -> String {
        let mut text = String::from(
            "format = \"keymoot-roster-1\"\nadministrator = \"Administrator (simulated)\"\n\n\
             [[witness]]\nname = \"Witness (simulated)\"\n",
        );
        // Writing to a String cannot fail.
        for Actor {
            number: n,
            recipient,
            family,
            renews,
        } in &self.holders
        {
            let group = char::from(b'A' + u8::try_from((n - 1) % 26).unwrap_or_default());
            let _ = write!(
                text,
                "\n[[holder]]\nhandle = \"holder-{n}\"\nname = \"Holder {n} (simulated)\"\n\
                 employer = \"Employer {group} (simulated)\"\ncountry = \"X{group}\"\n\
                 age_recipient = \"{recipient}\"\n{}{}",
                match family {
                    Family::YubiKey => "",
                    Family::YubiHsm => "family = \"yubihsm\"\n",
                },
                if *renews { "renews = true\n" } else { "" }
            );
        }
        for n in &self.leavers {
            let _ = write!(
                text,
                "\n[[leaver]]\nhandle = \"holder-{n}\"\nname = \"Holder {n} (simulated)\"\n\
                 reason = \"the term is over (simulated)\"\n"
            );
        }
        for (from, to) in &self.renamed {
            let _ = write!(
                text,
                "\n[[renamed]]\nfrom = \"holder-{from}\"\nto = \"holder-{to}\"\n"
            );
        }
        for (n, serial, reason) in &self.revocations {
            let _ = write!(
                text,
                "\n[[revoke]]\nhandle = \"holder-{n}\"\nserial = {serial}\nreason = \"{reason}\"\n"
            );
        }
        text
    }
}

/// The delegations of a rehearsal to the teams that release: keys whose private
/// halves are deleted at once.
///
/// # Errors
/// [`HostError`] when the machine gives no entropy.
pub fn delegations() -> Result<String, HostError> {
    let mut text = String::new();
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

/// The public half of a key, as PEM, whose private half is deleted.
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
