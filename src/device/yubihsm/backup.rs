//! A second copy of the signing key, on another unit, where a policy wants one.
//!
//! It costs the proof that there is one copy. The key has to be made exportable,
//! and its attestation says so (DEVICE-EXPORTABLE); the attestation of the copy
//! says that it came in under wrap (DEVICE-ORIGIN). What keeps a third copy from
//! being made is then no longer the vendor's word, but the audit logs of both
//! units.
//!
//! The wrap key is made here, given to both units, and deleted from each at once;
//! it never leaves this program.

use yubihsm::object::{Label, Type};
use yubihsm::{Capability, Domain, wrap};

use super::keys::{Role, SIGNING_KEY};
use super::library::{Failure, NOT_FOUND};
use super::set_up::DELETE_OBJECT;
use super::unit::{Talk, Unit};
use crate::device::error::DeviceError;
use crate::device::operation::Operation;
use crate::host::secret::{NoRandomness, Secret};

const EXPORT_WRAPPED: u8 = 0x4a;
const IMPORT_WRAPPED: u8 = 0x4b;
const PUT_WRAP_KEY: u8 = 0x4c;

/// The object id of the wrap key, as long as it is there.
const WRAP_KEY: u16 = 1;
/// The length of a wrap key in bytes: AES-256.
const WRAP_KEY_LENGTH: usize = 32;

/// The key under which a signing key goes from one unit to another. It is of use
/// for as long as this value lives.
#[derive(Debug)]
pub struct WrapKey(Secret);

impl WrapKey {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn random() -> Result<Self, NoRandomness> {
        Secret::random_bytes(WRAP_KEY_LENGTH).map(Self)
    }
}

impl Unit {
    /// Hands out the signing key, encrypted under the wrap key. Only of a unit that
    /// was provisioned for it.
    ///
    /// # Errors
    /// [`DeviceError::NotPermitted`] for a unit that was not.
    pub fn export(&self, administrator: &Secret, under: &WrapKey) -> Result<Vec<u8>, DeviceError> {
        let (administrator, under) = (administrator.duplicate(), under.0.duplicate());
        self.run(Operation::Backup, move |talk| {
            talk.open(Role::Administrator, &administrator)?;
            talk.put_wrap_key(&under)?;
            let exported = talk.ask(Role::Administrator, EXPORT_WRAPPED, None, |client| {
                client.export_wrapped(WRAP_KEY, Type::AsymmetricKey, SIGNING_KEY)
            });
            talk.delete_wrap_key()?;
            Ok(exported?.into_vec())
        })
    }

    /// Takes in a signing key that another unit has exported, and returns its
    /// SubjectPublicKeyInfo, DER.
    ///
    /// # Errors
    /// [`DeviceError::NotPermitted`] for a unit that was not provisioned for it, or
    /// has a signing key already.
    pub fn import(
        &self,
        administrator: &Secret,
        under: &WrapKey,
        exported: &[u8],
    ) -> Result<Vec<u8>, DeviceError> {
        let (administrator, under) = (administrator.duplicate(), under.0.duplicate());
        let exported = exported.to_vec();
        self.run(Operation::Backup, move |talk| {
            talk.open(Role::Administrator, &administrator)?;
            let message = wrap::Message::from_vec(exported).map_err(|_| talk.malformed())?;
            talk.put_wrap_key(&under)?;
            let imported = talk.ask(Role::Administrator, IMPORT_WRAPPED, None, |client| {
                client.import_wrapped(WRAP_KEY, message)
            });
            talk.delete_wrap_key()?;
            imported?;
            talk.public_key(Role::Administrator)?
                .ok_or_else(|| talk.malformed())
        })
    }
}

impl Talk {
    fn put_wrap_key(&mut self, key: &Secret) -> Result<(), DeviceError> {
        let label = Label::from_bytes(b"keymoot backup").map_err(|_| self.malformed())?;
        // One may be there from an attempt that broke off.
        self.delete_wrap_key()?;
        self.ask(
            Role::Administrator,
            PUT_WRAP_KEY,
            Some(WRAP_KEY),
            |client| {
                client.put_wrap_key(
                    WRAP_KEY,
                    label,
                    Domain::DOM1,
                    Capability::EXPORT_WRAPPED | Capability::IMPORT_WRAPPED,
                    Capability::SIGN_ECDSA | Capability::EXPORTABLE_UNDER_WRAP,
                    wrap::Algorithm::Aes256Ccm,
                    key.expose(),
                )
            },
        )?;
        Ok(())
    }

    fn delete_wrap_key(&mut self) -> Result<(), DeviceError> {
        let deleted = self.send(
            Role::Administrator,
            DELETE_OBJECT,
            Some(WRAP_KEY),
            |client| client.delete_object(WRAP_KEY, Type::WrapKey),
        );
        match deleted {
            Ok(()) | Err(Failure::Refused(NOT_FOUND)) => Ok(()),
            Err(failure) => Err(self.told(failure, Role::Administrator)),
        }
    }
}
