//! The device of the holder at the table, and its operations in a ceremony.

use std::sync::Arc;

use super::error::DeviceError;
use super::identity::{Serial, Who};
use super::new_secrets::NewSecrets;
use super::piv;
use super::yubihsm::{Role, Unit};
use crate::host::secret::Secret;
use keymoot_attestation::{Evidence, Family};
use keymoot_record::transcript::{DeviceState, PinTries};

/// A device of either family. Every operation goes to the device with its serial number and to
/// no other.
#[derive(Clone, Debug)]
pub enum Device {
    /// A YubiKey, which needs no open session between two calls.
    YubiKey(Serial),
    /// A YubiHSM 2, with its open sessions and the record of what was sent to it.
    YubiHsm(Arc<Unit>),
}

/// The contents of a device before a ceremony changes it.
#[derive(Clone, Debug)]
pub struct KnownState {
    /// Whether it must be reset before use.
    pub used: bool,
    /// The contents, for the transcript.
    pub state: DeviceState,
    /// The device certificate, where it could be read.
    pub certificate: Option<Vec<u8>>,
}

impl Device {
    /// Its family.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::YubiKey(_) => Family::YubiKey,
            Self::YubiHsm(_) => Family::YubiHsm,
        }
    }

    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        match self {
            Self::YubiKey(serial) => *serial,
            Self::YubiHsm(unit) => unit.serial(),
        }
    }

    /// The device as errors name it.
    #[must_use]
    pub fn who(&self) -> Who {
        Who::of(self.family(), self.serial())
    }

    /// The record of what was sent, for the family that has an audit log.
    #[must_use]
    pub fn unit(&self) -> Option<&Unit> {
        match self {
            Self::YubiKey(_) => None,
            Self::YubiHsm(unit) => Some(unit),
        }
    }

    /// Reads the contents. Only the log of a YubiHSM 2 changes.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn known_state(&self) -> Result<KnownState, DeviceError> {
        Ok(match self {
            Self::YubiKey(serial) => {
                let contents = piv::contents(*serial)?;
                KnownState {
                    used: !contents.is_fresh(),
                    state: contents.state(),
                    certificate: contents.certificate,
                }
            }
            Self::YubiHsm(unit) => {
                let contents = unit.contents()?;
                KnownState {
                    used: !contents.is_fresh(),
                    state: contents.state(),
                    certificate: contents.certificate,
                }
            }
        })
    }

    /// Resets it to what the factory delivered: a YubiKey's PIV application, a YubiHSM 2 as a
    /// whole. **Destroys every key there.** A YubiHSM 2 that refuses the factory's password
    /// needs the administrator's.
    ///
    /// # Errors
    /// [`DeviceError`]. Interrupted half-way, it can be repeated.
    pub fn reset(&self, administration: Option<&Secret>) -> Result<(), DeviceError> {
        match self {
            Self::YubiKey(serial) => piv::reset(*serial),
            Self::YubiHsm(unit) => unit.reset(administration),
        }
    }

    /// Gives a fresh device its secrets, and proves that no factory credential opens it any
    /// more. Returns the tries of a YubiKey's PIN and PUK.
    ///
    /// # Errors
    /// [`DeviceError`]. The device may then be half set up: reset it, and begin again.
    pub fn provision(&self, secrets: &NewSecrets) -> Result<Option<PinTries>, DeviceError> {
        match (self, secrets) {
            (
                Self::YubiKey(serial),
                NewSecrets::YubiKey {
                    pin,
                    puk,
                    management,
                },
            ) => piv::provision(*serial, pin, puk, management),
            (Self::YubiHsm(unit), NewSecrets::YubiHsm(passwords)) => {
                unit.provision(passwords)?;
                Ok(None)
            }
            _ => Err(self.mixed_up()),
        }
    }

    /// Generates the key and returns its SubjectPublicKeyInfo, DER.
    ///
    /// # Errors
    /// [`DeviceError`]. The key may exist all the same: [`Device::signing_key`] shows it.
    pub fn generate(&self, administration: &Secret) -> Result<Vec<u8>, DeviceError> {
        match self {
            Self::YubiKey(serial) => piv::generate(*serial, administration),
            Self::YubiHsm(unit) => unit.generate(administration),
        }
    }

    /// Whether the secret that generated the key is needed to read about it.
    #[must_use]
    pub fn reads_with_secret(&self) -> bool {
        matches!(self, Self::YubiHsm(_))
    }

    /// The signing key as SubjectPublicKeyInfo, DER, if there is one. A YubiHSM 2 needs the
    /// administrator's password.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn signing_key(
        &self,
        administration: Option<&Secret>,
    ) -> Result<Option<Vec<u8>>, DeviceError> {
        match (self, administration) {
            (Self::YubiKey(serial), _) => piv::slot_key(*serial),
            (Self::YubiHsm(unit), Some(password)) => {
                unit.signing_key(Role::Administrator, password)
            }
            (Self::YubiHsm(_), None) => Err(self.mixed_up()),
        }
    }

    /// The attestation of the key, with the certificate that signed it. A YubiHSM 2 needs the
    /// administrator's password.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn attest(&self, administration: Option<&Secret>) -> Result<Evidence, DeviceError> {
        match (self, administration) {
            (Self::YubiKey(serial), _) => piv::attest(*serial),
            (Self::YubiHsm(unit), Some(password)) => unit.attest(password),
            (Self::YubiHsm(_), None) => Err(self.mixed_up()),
        }
    }

    /// Whether a signature waits for a touch.
    #[must_use]
    pub fn waits_for_touch(&self) -> bool {
        matches!(self, Self::YubiKey(_))
    }

    /// Signs SHA-256 of `message` and returns the ECDSA signature, DER. `before` runs when the
    /// device is about to sign, or waits to be touched.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn sign(
        &self,
        secret: &Secret,
        message: &[u8],
        before: impl FnOnce(),
    ) -> Result<Vec<u8>, DeviceError> {
        match self {
            Self::YubiKey(serial) => piv::sign(*serial, secret, message, before),
            Self::YubiHsm(unit) => {
                before();
                unit.sign(secret, message)
            }
        }
    }

    /// An argument for the other family: a fault of this program, not of a device.
    fn mixed_up(&self) -> DeviceError {
        DeviceError::new(
            self.who(),
            super::Operation::Read,
            super::ErrorKind::NotAuthenticated,
        )
    }
}
