//! The key in slot 9c: generate, attest, sign.

use p256::pkcs8::EncodePublicKey;
use sha2::{Digest as _, Sha256};
use yubikey::piv::{AlgorithmId, SlotId};
use yubikey::{Error, PinPolicy, TouchPolicy};

use super::alone::Alone;
use super::session::Session;
use super::set_up::check_typed;
use crate::device::contain::contained_with_touch;
use crate::device::error::{DeviceError, ErrorKind, Refusal};
use crate::device::identity::{Serial, Who};
use crate::device::operation::Operation;
use crate::host::secret::Secret;
use keymoot_attestation::Evidence;

/// Generates a P-256 key in slot 9c that demands PIN and touch for every
/// signature, and returns its SubjectPublicKeyInfo (RFC 5480), DER. **Replaces a
/// key that is already there.**
///
/// # Errors
/// [`DeviceError`]. After an error the key may exist all the same: [`slot_key`]
/// shows it.
pub fn generate(serial: Serial, management_key: &Secret) -> Result<Vec<u8>, DeviceError> {
    let management_key = management_key.duplicate();
    Session::run(serial, Operation::Generate, move |session| {
        session.authenticate(&management_key)?;
        let public = yubikey::piv::generate(
            &mut session.yubikey,
            SlotId::Signature,
            AlgorithmId::EccP256,
            PinPolicy::Always,
            TouchPolicy::Always,
        )
        .map_err(|error| session.error(error))?;
        session.spki(public.subject_public_key.raw_bytes())
    })
}

/// The attestation of the key in slot 9c, with the certificate that signed it.
///
/// # Errors
/// [`ErrorKind::NoKey`] when there is none, or it was imported.
pub fn attest(serial: Serial) -> Result<Evidence, DeviceError> {
    Session::run(serial, Operation::Attest, |session| {
        let attestation = match yubikey::piv::attest(&mut session.yubikey, SlotId::Signature) {
            Ok(certificate) => certificate.to_vec(),
            Err(error @ Error::GenericError) => return Err(session.no_key_or(error)),
            Err(error) => return Err(session.error(error)),
        };
        let device = session
            .device_certificate()?
            .ok_or_else(|| session.malformed())?;
        Ok(Evidence {
            attestation,
            device,
        })
    })
}

/// The public key in slot 9c as SubjectPublicKeyInfo, DER, if there is a P-256
/// key. For adoption after a crash; its attestation says what it is worth.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for firmware before 5.3.0, which cannot report it.
pub fn slot_key(serial: Serial) -> Result<Option<Vec<u8>>, DeviceError> {
    Session::run(serial, Operation::Read, |session| {
        session.demand_metadata()?;
        let public = session
            .metadata(SlotId::Signature)?
            .and_then(|told| told.public);
        public
            .map(|key| session.spki(key.subject_public_key.raw_bytes()))
            .transpose()
    })
}

/// Signs SHA-256 of `message` with the key in slot 9c and returns the ECDSA
/// signature, DER (RFC 3279 section 2.2.3). `on_touch` runs when the PIN was
/// right and the device waits to be touched.
///
/// The signature is well-formed; whether it verifies is for the caller to check,
/// who holds the key it must verify with.
///
/// # Errors
/// [`ErrorKind::WrongPin`] with the tries left, [`ErrorKind::PinBlocked`],
/// [`ErrorKind::TouchTimeout`], [`ErrorKind::NoKey`], and the others.
pub fn sign(
    serial: Serial,
    pin: &Secret,
    message: &[u8],
    on_touch: impl FnOnce(),
) -> Result<Vec<u8>, DeviceError> {
    check_typed(serial, pin)?;
    let pin = pin.duplicate();
    let digest = Sha256::digest(message).into();
    let doing = Operation::Sign;
    contained_with_touch(Who::YubiKey(serial), doing, on_touch, move |announce| {
        let device = Alone::open(serial, doing)?;
        device.verify(&pin)?;
        announce.waits();
        device.sign(&digest)
    })
}

impl Session {
    /// A P-256 point as SubjectPublicKeyInfo, in its one DER encoding.
    fn spki(&self, point: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let key = p256::PublicKey::from_sec1_bytes(point).map_err(|_| self.malformed())?;
        Ok(key
            .to_public_key_der()
            .map_err(|_| self.malformed())?
            .into_vec())
    }

    /// The library reports every refusal alike; find out whether there is a key
    /// at all.
    fn no_key_or(&mut self, error: Error) -> DeviceError {
        let refused = ErrorKind::Refused(Refusal::Library(error.to_string()));
        match self.metadata(SlotId::Signature) {
            Ok(Some(told)) if told.origin != Some(yubikey::piv::Origin::Imported) => {
                self.failed(refused)
            }
            Ok(_) => self.failed(ErrorKind::NoKey),
            Err(error) if matches!(error.kind, ErrorKind::Removed | ErrorKind::ServiceMissing) => {
                error
            }
            Err(_) => self.failed(refused),
        }
    }
}
