//! The roles and rights on a YubiHSM 2 that keymoot has set up.

use std::fmt;

use sha2::{Digest as _, Sha256};
use yubihsm::Capability;

use crate::device::identity::Serial;
use crate::host::secret::{NoRandomness, Secret};

/// The object id of the signing key.
pub const SIGNING_KEY: u16 = 1;

/// The length of a password in digits: 80 bits. The device stretches it with no
/// salt of its own (PBKDF2, 10 000 rounds), so that it has to be long by itself.
pub const PASSWORD_LENGTH: usize = 24;

/// The password every YubiHSM 2 is delivered with.
pub(super) const FACTORY_PASSWORD: &[u8] = b"password";

/// The role whose authentication key opens a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The key that every YubiHSM 2 is delivered with, which has every right.
    Factory,
    /// Signs, and nothing else.
    Signer,
    /// Reads the audit log, and has the device clear the read entries.
    Auditor,
    /// Makes the signing key, has it attested, and deletes authentication keys:
    /// the factory's at first, itself at last. May reset the unit.
    Administrator,
}

impl Role {
    /// The roles that the setup makes, in this order.
    pub(super) const OWN: [Self; 3] = [Self::Signer, Self::Auditor, Self::Administrator];

    /// The object id of its authentication key.
    #[must_use]
    pub const fn key(self) -> u16 {
        match self {
            Self::Factory => 1,
            Self::Signer => 2,
            Self::Auditor => 3,
            Self::Administrator => 4,
        }
    }

    /// The rights of a session of its key.
    pub(super) fn capabilities(self) -> Capability {
        match self {
            Self::Factory => Capability::all(),
            Self::Signer => Capability::SIGN_ECDSA,
            Self::Auditor => Capability::GET_LOG_ENTRIES,
            Self::Administrator => {
                Capability::GENERATE_ASYMMETRIC_KEY
                    | Capability::GET_OPAQUE
                    | Capability::SIGN_ATTESTATION_CERTIFICATE
                    | Capability::DELETE_AUTHENTICATION_KEY
                    | Capability::RESET_DEVICE
            }
        }
    }

    /// The most rights of objects made in a session of its key.
    pub(super) fn delegated(self) -> Capability {
        match self {
            Self::Factory => Capability::all(),
            Self::Signer | Self::Auditor => Capability::empty(),
            Self::Administrator => Capability::SIGN_ECDSA,
        }
    }

    /// The label of its authentication key.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Factory => "DEFAULT AUTHKEY CHANGE THIS ASAP",
            Self::Signer => "keymoot signer",
            Self::Auditor => "keymoot auditor",
            Self::Administrator => "keymoot administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Factory => "factory",
            Self::Signer => "signer",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        })
    }
}

/// The auditor's password that follows from a signer's: SHA-256 over a label, the
/// serial number and the password, in hexadecimal. Nothing follows from it for the
/// signer's, as long as that is too long to be guessed.
#[must_use]
pub fn auditor_password(signer: &Secret, serial: Serial) -> Secret {
    let mut hash = Sha256::new();
    hash.update(b"keymoot yubihsm auditor\0");
    hash.update(serial.0.to_be_bytes());
    hash.update(signer.expose());
    let digits = zeroize::Zeroizing::new(hex::encode(hash.finalize()));
    Secret::of(digits.as_bytes())
}

/// The passwords of the three roles of one unit, never the same.
#[derive(Debug)]
pub struct Passwords {
    signer: Secret,
    auditor: Secret,
    administrator: Secret,
}

impl Passwords {
    /// New ones. Seal or show the first two before the unit gets them; the
    /// administrator's is of no use after [`Unit::restrict`](super::Unit::restrict).
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self {
            signer: Secret::random_digits(PASSWORD_LENGTH)?,
            auditor: Secret::random_digits(PASSWORD_LENGTH)?,
            administrator: Secret::random_digits(PASSWORD_LENGTH)?,
        })
    }

    /// The passwords for a holder who has chosen the signer's. The auditor's follows from it, so
    /// that the holder has one password to remember; the administrator's is random.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn of_signer(signer: &Secret, serial: Serial) -> Result<Self, NoRandomness> {
        Ok(Self {
            signer: signer.duplicate(),
            auditor: auditor_password(signer, serial),
            administrator: Secret::random_digits(PASSWORD_LENGTH)?,
        })
    }

    /// The signer's.
    #[must_use]
    pub fn signer(&self) -> &Secret {
        &self.signer
    }

    /// The auditor's.
    #[must_use]
    pub fn auditor(&self) -> &Secret {
        &self.auditor
    }

    /// The administrator's.
    #[must_use]
    pub fn administrator(&self) -> &Secret {
        &self.administrator
    }
}
