//! The signing key: generate, attest, sign.

use p256::ecdsa::Signature;
use p256::pkcs8::EncodePublicKey;
use sha2::{Digest as _, Sha256};
use yubihsm::object::Label;
use yubihsm::{Capability, Client, Domain, asymmetric, client};

use super::keys::{Role, SIGNING_KEY};
use super::library::{EXISTS, Failure, NOT_FOUND};
use super::unit::{Talk, Unit};
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::operation::Operation;
use crate::host::secret::Secret;
use keymoot_attestation::Evidence;

const GET_OPAQUE: u8 = 0x43;
const GENERATE_ASYMMETRIC_KEY: u8 = 0x46;
const GET_PUBLIC_KEY: u8 = 0x54;
const SIGN_ECDSA: u8 = 0x56;
const SIGN_ATTESTATION_CERTIFICATE: u8 = 0x64;

/// The opaque object in which the vendor put the device certificate.
const DEVICE_CERTIFICATE: u16 = 0;
/// The label of the signing key on the device, and in its attestation.
const LABEL: &[u8] = b"keymoot root key";

impl Unit {
    /// Generates the P-256 signing key, which can sign with ECDSA and cannot be
    /// exported, and returns its SubjectPublicKeyInfo (RFC 5480), DER.
    ///
    /// # Errors
    /// [`ErrorKind::KeyThere`] when there is one already. After another error the
    /// key may exist all the same: [`Unit::signing_key`] shows it.
    pub fn generate(&self, administrator: &Secret) -> Result<Vec<u8>, DeviceError> {
        let administrator = administrator.duplicate();
        self.run(Operation::Generate, move |talk| {
            talk.open(Role::Administrator, &administrator)?;
            let label = Label::from_bytes(LABEL).map_err(|_| talk.malformed())?;
            let made = talk.send(
                Role::Administrator,
                GENERATE_ASYMMETRIC_KEY,
                Some(SIGNING_KEY),
                |client| {
                    client.generate_asymmetric_key(
                        SIGNING_KEY,
                        label,
                        Domain::DOM1,
                        Capability::SIGN_ECDSA,
                        asymmetric::Algorithm::EcP256,
                    )
                },
            );
            match made {
                Ok(SIGNING_KEY) => {}
                Ok(_) => return Err(talk.malformed()),
                Err(Failure::Refused(EXISTS)) => {
                    return Err(talk.error(ErrorKind::KeyThere));
                }
                Err(failure) => return Err(talk.told(failure, Role::Administrator)),
            }
            talk.public_key(Role::Administrator)?
                .ok_or_else(|| talk.malformed())
        })
    }

    /// The signing key as SubjectPublicKeyInfo, DER, if there is one. For adoption
    /// after a crash; its attestation says what it is worth.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn signing_key(
        &self,
        role: Role,
        password: &Secret,
    ) -> Result<Option<Vec<u8>>, DeviceError> {
        let password = password.duplicate();
        self.run(Operation::Read, move |talk| {
            talk.open(role, &password)?;
            talk.public_key(role)
        })
    }

    /// The attestation of the signing key by the key the factory put into the unit,
    /// with the device certificate.
    ///
    /// # Errors
    /// [`ErrorKind::NoKey`] when there is none.
    pub fn attest(&self, administrator: &Secret) -> Result<Evidence, DeviceError> {
        let administrator = administrator.duplicate();
        self.run(Operation::Attest, move |talk| {
            talk.open(Role::Administrator, &administrator)?;
            let device = talk
                .device_certificate(Role::Administrator)?
                .ok_or_else(|| talk.malformed())?;
            let attestation = talk.of_key(
                Role::Administrator,
                SIGN_ATTESTATION_CERTIFICATE,
                |client| client.sign_attestation_certificate(SIGNING_KEY, None),
            )?;
            Ok(Evidence {
                attestation: attestation.into_vec(),
                device,
            })
        })
    }

    /// Signs SHA-256 of `message` with the signing key and returns the ECDSA
    /// signature, DER (RFC 3279 section 2.2.3).
    ///
    /// The signature is well-formed; whether it verifies is for the caller to check,
    /// who holds the key it must verify with.
    ///
    /// # Errors
    /// [`ErrorKind::WrongPassword`], [`ErrorKind::NoKey`],
    /// [`ErrorKind::LogFull`], and the others.
    pub fn sign(&self, signer: &Secret, message: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let signer = signer.duplicate();
        let digest = Sha256::digest(message).to_vec();
        self.run(Operation::Sign, move |talk| {
            talk.open(Role::Signer, &signer)?;
            let signature = talk.of_key(Role::Signer, SIGN_ECDSA, |client| {
                client.sign_ecdsa_prehash_raw(SIGNING_KEY, digest)
            })?;
            match Signature::from_der(&signature) {
                Ok(_) => Ok(signature),
                Err(_) => Err(talk.malformed()),
            }
        })
    }
}

impl Talk {
    /// A command about the signing key.
    fn of_key<T>(
        &mut self,
        role: Role,
        command: u8,
        give: impl FnOnce(&Client) -> Result<T, client::Error>,
    ) -> Result<T, DeviceError> {
        match self.send(role, command, Some(SIGNING_KEY), give) {
            Ok(answer) => Ok(answer),
            Err(Failure::Refused(NOT_FOUND)) => Err(self.error(ErrorKind::NoKey)),
            Err(failure) => Err(self.told(failure, role)),
        }
    }

    /// The certificate that the vendor put into the unit, where there is one.
    pub(super) fn device_certificate(
        &mut self,
        role: Role,
    ) -> Result<Option<Vec<u8>>, DeviceError> {
        let sent = self.send(role, GET_OPAQUE, Some(DEVICE_CERTIFICATE), |client| {
            client.get_opaque(DEVICE_CERTIFICATE)
        });
        match sent {
            Ok(certificate) => Ok(Some(certificate)),
            Err(Failure::Refused(NOT_FOUND)) => Ok(None),
            Err(failure) => Err(self.told(failure, role)),
        }
    }

    /// The public key of the signing key, in its one DER encoding.
    pub(super) fn public_key(&mut self, role: Role) -> Result<Option<Vec<u8>>, DeviceError> {
        let key = match self.of_key(role, GET_PUBLIC_KEY, |client| {
            client.get_public_key(SIGNING_KEY)
        }) {
            Ok(key) => key,
            Err(error) if error.kind == ErrorKind::NoKey => return Ok(None),
            Err(error) => return Err(error),
        };
        if key.algorithm != asymmetric::Algorithm::EcP256 {
            return Err(self.malformed());
        }
        // The device returns both coordinates, and SEC 1 marks that with this first byte.
        let point = [&[0x04], key.as_slice()].concat();
        let spki = p256::PublicKey::from_sec1_bytes(&point)
            .ok()
            .and_then(|key| key.to_public_key_der().ok())
            .ok_or_else(|| self.malformed())?;
        Ok(Some(spki.into_vec()))
    }
}
