//! The secrets with which keymoot sets a device up, by its family.

use super::identity::Serial;
use super::pin_rules::new_puk;
use super::piv::MANAGEMENT_KEY_LENGTH;
use super::yubihsm::Passwords;
use crate::host::secret::{NoRandomness, Secret};
use keymoot_attestation::Family;

/// The secrets of a device that is about to be set up.
#[derive(Debug)]
pub enum NewSecrets {
    /// Those of a YubiKey.
    YubiKey {
        /// The PIN that the holder chose.
        pin: Secret,
        /// The PUK, which unblocks the PIN.
        puk: Secret,
        /// The management key.
        management: Secret,
    },
    /// Those of a YubiHSM 2, of which the holder chose the signer's.
    YubiHsm(Passwords),
}

impl NewSecrets {
    /// Those of a device whose holder chose this PIN or password. The others are drawn for it:
    /// a holder is never refused a PIN for what is wrong with a PUK.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn of_chosen(
        family: Family,
        serial: Serial,
        chosen: &Secret,
    ) -> Result<Self, NoRandomness> {
        Ok(match family {
            Family::YubiKey => Self::YubiKey {
                pin: chosen.duplicate(),
                puk: new_puk(chosen)?,
                management: Secret::random_bytes(MANAGEMENT_KEY_LENGTH)?,
            },
            Family::YubiHsm => Self::YubiHsm(Passwords::of_signer(chosen, serial)?),
        })
    }

    /// The PIN or password for signatures.
    #[must_use]
    pub fn typed(&self) -> &Secret {
        match self {
            Self::YubiKey { pin, .. } => pin,
            Self::YubiHsm(passwords) => passwords.signer(),
        }
    }

    /// The secret that generates the key: the management key, or the administrator's password.
    #[must_use]
    pub fn administration(&self) -> &Secret {
        match self {
            Self::YubiKey { management, .. } => management,
            Self::YubiHsm(passwords) => passwords.administrator(),
        }
    }
}
