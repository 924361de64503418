//! The key in slot 9c: generate, attest, sign.

use p256::pkcs8::EncodePublicKey;
use sha2::{Digest as _, Sha256};
use yubikey::Error;
use yubikey::piv::SlotId;

use super::alone::Alone;
use super::session::Session;
use super::set_up::{alone, check_typed};
use crate::device::contain::{contained, contained_with_touch};
use crate::device::error::DeviceError;
use crate::device::identity::{Serial, Who};
use crate::device::operation::Operation;
use crate::device::pcsc_error;
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
    alone(serial, Operation::Generate, move |device| {
        device.authenticate(&management_key)?;
        spki(&device.generate()?).ok_or_else(|| device.malformed())
    })
}

/// The attestation of the key in slot 9c, with the certificate that signed it.
///
/// # Errors
/// [`ErrorKind::NoKey`] when there is none, or it was imported.
///
/// [`ErrorKind::NoKey`]: crate::device::ErrorKind::NoKey
pub fn attest(serial: Serial) -> Result<Evidence, DeviceError> {
    let doing = Operation::Attest;
    let attested = Session::run(serial, doing, |session| {
        let attestation = match yubikey::piv::attest(&mut session.yubikey, SlotId::Signature) {
            Ok(certificate) => certificate.to_vec(),
            Err(error @ Error::GenericError) => return Ok(Err(error)),
            Err(error) => return Err(session.error(error)),
        };
        let device = session
            .device_certificate()?
            .ok_or_else(|| session.malformed())?;
        Ok(Ok(Evidence {
            attestation,
            device,
        }))
    })?;
    // The library reports every refusal alike: ask once more, for the status word.
    attested.or_else(|library| {
        let who = Who::YubiKey(serial);
        let why = contained(who.clone(), doing, move || {
            let device = Alone::open(serial, doing)?;
            let why = device.attests_not()?;
            device.leave();
            Ok(why)
        })?;
        Err(why.unwrap_or_else(|| pcsc_error::of_yubikey(who, doing, library)))
    })
}

/// The public key in slot 9c as SubjectPublicKeyInfo, DER, if there is a P-256
/// key. For adoption after a crash; its attestation says what it is worth.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for firmware before 5.3.0, which cannot report it.
///
/// [`ErrorKind::Unsupported`]: crate::device::ErrorKind::Unsupported
pub fn slot_key(serial: Serial) -> Result<Option<Vec<u8>>, DeviceError> {
    Session::run(serial, Operation::Read, |session| {
        session.demand_metadata()?;
        let public = session
            .metadata(SlotId::Signature)?
            .and_then(|told| told.public);
        public
            .map(|key| spki(key.subject_public_key.raw_bytes()).ok_or_else(|| session.malformed()))
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
///
/// [`ErrorKind::NoKey`]: crate::device::ErrorKind::NoKey
/// [`ErrorKind::PinBlocked`]: crate::device::ErrorKind::PinBlocked
/// [`ErrorKind::TouchTimeout`]: crate::device::ErrorKind::TouchTimeout
/// [`ErrorKind::WrongPin`]: crate::device::ErrorKind::WrongPin
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

/// A P-256 point as SubjectPublicKeyInfo, in its one DER encoding.
fn spki(point: &[u8]) -> Option<Vec<u8>> {
    let key = p256::PublicKey::from_sec1_bytes(point).ok()?;
    Some(key.to_public_key_der().ok()?.into_vec())
}
