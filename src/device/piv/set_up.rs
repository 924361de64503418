//! Setting a device up, so that only its holder knows its credentials.

use yubikey::piv::ManagementSlotId;
use yubikey::{Error, MgmAlgorithmId, MgmKey};

use super::alone::{Alone, Judged};
use super::session::Session;
use crate::device::contain::contained;
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::identity::{Serial, Who};
use crate::device::operation::{Credential, Operation};
use crate::device::pin_rules::{
    FACTORY_PIN, FACTORY_PUK, PUK_LENGTH, PinRefused, check_new_pin, check_new_puk, check_typed_pin,
};
use crate::host::secret::Secret;
use keymoot_attestation::Firmware;
use keymoot_record::transcript::PinTries;

/// The length of a management key in bytes: AES-192, and 3DES on firmware before
/// 5.4.2, have the same.
pub const MANAGEMENT_KEY_LENGTH: usize = 24;

/// The first firmware with AES management keys (Yubico, "PIV extensions").
const AES_MANAGEMENT_KEYS: Firmware = Firmware::new(5, 4, 2);

/// Tries of a PIN or PUK can be set to at most 255; more wrong ones than that
/// have blocked it.
const MOST_TRIES: usize = 256;

/// Resets the PIV application to what the factory delivered. **Destroys every
/// PIV key on the device.** A device allows it when PIN and PUK are blocked, so
/// both are blocked first.
///
/// # Errors
/// [`DeviceError`]. Interrupted half-way, it can be repeated.
pub fn reset(serial: Serial) -> Result<(), DeviceError> {
    alone(serial, Operation::Reset, |device| {
        block(device, |wrong| device.judge_pin(wrong))?;
        block(device, |wrong| device.change_puk(wrong.expose(), wrong))?;
        device.reset()
    })
}

/// Checks the PIN. A wrong one costs a try, a right one gives all tries back;
/// keymoot refuses what cannot be a PIN without asking the device.
///
/// # Errors
/// [`ErrorKind::WrongPin`] with the tries left, [`ErrorKind::PinBlocked`],
/// and the others.
pub fn verify_pin(serial: Serial, pin: &Secret) -> Result<(), DeviceError> {
    check_typed(serial, pin)?;
    let pin = pin.duplicate();
    alone(serial, Operation::Pin, move |device| device.verify(&pin))
}

/// Sets a new PIN with the PUK, also when the PIN is blocked.
///
/// # Errors
/// [`ErrorKind::PinRefused`] before the device is asked;
/// [`ErrorKind::WrongPuk`] with the tries left; [`ErrorKind::PukBlocked`].
pub fn unblock_pin(serial: Serial, puk: &Secret, new: &Secret) -> Result<(), DeviceError> {
    check_typed_pin(puk).map_err(|reason| refused(serial, Credential::Puk, reason))?;
    check_pin(serial, new)?;
    if puk.same_as(new) {
        return Err(refused(serial, Credential::Puk, PinRefused::SameAsPuk));
    }
    let (puk, new) = (puk.duplicate(), new.duplicate());
    alone(serial, Operation::Pin, move |device| {
        match device.unblock_pin(&puk, &new)? {
            Judged::Right => Ok(()),
            Judged::Wrong { tries } => Err(device.error(ErrorKind::WrongPuk(tries))),
            Judged::Forbidden => Err(device.error(ErrorKind::PinForbidden(Credential::Pin))),
            Judged::Blocked => Err(device.error(ErrorKind::PukBlocked)),
        }
    })
}

/// Gives a fresh device its own management key, PUK and PIN, in this order, and
/// proves that no factory credential opens it any more. Returns the tries that PIN and PUK have.
///
/// `management_key` is [`MANAGEMENT_KEY_LENGTH`] random bytes. Keep all three
/// safe before this is called: a device set up and a key lost is a device to
/// reset.
///
/// # Errors
/// [`ErrorKind::PinRefused`] before the device is asked,
/// [`ErrorKind::NotFresh`] when any credential is not the factory's,
/// [`ErrorKind::Unsupported`] for firmware before 5.3.0, which cannot prove
/// the outcome. After any other error the device may be half set up: [`reset`]
/// it and begin again.
pub fn provision(
    serial: Serial,
    pin: &Secret,
    puk: &Secret,
    management_key: &Secret,
) -> Result<Option<PinTries>, DeviceError> {
    check_pin(serial, pin)?;
    check_new_puk(puk, pin).map_err(|reason| refused(serial, Credential::Puk, reason))?;
    let (pin, puk, management_key) = (pin.duplicate(), puk.duplicate(), management_key.duplicate());
    let doing = Operation::Provision;
    contained(Who::YubiKey(serial), doing, move || {
        let mut session = Session::open(serial, doing)?;
        session.demand_metadata()?;
        session.demand_fresh()?;
        session.set_management_key(&management_key)?;
        session.demand_changed(Credential::ManagementKey, ManagementSlotId::Management)?;
        session.demand_no_factory_key()?;
        // Not reset: selecting the application again ends what the management key has opened, and
        // the connection that follows is reset at its end.
        session.leave();

        let device = Alone::open(serial, doing)?;
        match device.change_puk(FACTORY_PUK, &puk)? {
            Judged::Right => {}
            Judged::Wrong { .. } => {
                return Err(device.error(ErrorKind::NotFresh(Credential::Puk)));
            }
            Judged::Forbidden => {
                return Err(device.error(ErrorKind::PinForbidden(Credential::Puk)));
            }
            Judged::Blocked => return Err(device.error(ErrorKind::PukBlocked)),
        }
        device.change_pin(&Secret::of(FACTORY_PIN), &pin)?;
        device.verify(&pin)?;
        for (credential, factory) in [
            (Credential::Puk, device.factory_puk()?),
            (Credential::Pin, device.factory_pin()?),
        ] {
            if factory {
                return Err(device.error(ErrorKind::FactoryCredential(credential)));
            }
        }
        device.tries()
    })
}

/// Proves that no factory credential opens the device: by the device's report on
/// each, which uses up no tries, and for the management key by trying it, which
/// has no tries to use up.
///
/// # Errors
/// [`ErrorKind::FactoryCredential`] names one that does;
/// [`ErrorKind::Unsupported`] for firmware before 5.3.0, which cannot report it.
pub fn no_defaults(serial: Serial) -> Result<(), DeviceError> {
    Session::run(serial, Operation::Read, |session| {
        session.demand_metadata()?;
        for (credential, slot) in CREDENTIALS {
            session.demand_changed(credential, slot)?;
        }
        session.demand_no_factory_key()
    })
}

/// Runs `work` on a device over an exclusive connection, contained. It is reset at the end.
fn alone<T: Send + 'static>(
    serial: Serial,
    doing: Operation,
    work: impl FnOnce(&Alone) -> Result<T, DeviceError> + Send + 'static,
) -> Result<T, DeviceError> {
    contained(Who::YubiKey(serial), doing, move || {
        work(&Alone::open(serial, doing)?)
    })
}

/// Uses up all tries of PIN or PUK with random wrong ones.
fn block(
    device: &Alone,
    attempt: impl Fn(&Secret) -> Result<Judged, DeviceError>,
) -> Result<(), DeviceError> {
    for _ in 0..MOST_TRIES {
        // Digits, because a device's own rules about PINs must not refuse the new value
        // before it looks at the old one.
        let wrong = Secret::random_digits(PUK_LENGTH)
            .map_err(|_| device.not_done("this machine gives no random numbers"))?;
        match attempt(&wrong)? {
            Judged::Blocked => return Ok(()),
            // The random value was right by chance, or used up a try: repeat.
            Judged::Right | Judged::Wrong { .. } | Judged::Forbidden => {}
        }
    }
    Err(device.not_done("its PIN and PUK never block"))
}

fn check_pin(serial: Serial, pin: &Secret) -> Result<(), DeviceError> {
    check_new_pin(pin).map_err(|reason| refused(serial, Credential::Pin, reason))
}

/// Whether this can be a PIN at all. Checked before the device is asked: an empty one is a question
/// about the tries left, which succeeds.
pub(super) fn check_typed(serial: Serial, pin: &Secret) -> Result<(), DeviceError> {
    check_typed_pin(pin).map_err(|reason| refused(serial, Credential::Pin, reason))
}

fn refused(serial: Serial, credential: Credential, reason: PinRefused) -> DeviceError {
    let kind = ErrorKind::PinRefused(credential, reason);
    DeviceError::new(Who::YubiKey(serial), Operation::Pin, kind)
}

/// The credentials and where their state is read.
const CREDENTIALS: [(Credential, ManagementSlotId); 3] = [
    (Credential::ManagementKey, ManagementSlotId::Management),
    (Credential::Puk, ManagementSlotId::Puk),
    (Credential::Pin, ManagementSlotId::Pin),
];

impl Session {
    /// Opens the device for administration.
    pub(super) fn authenticate(&mut self, management_key: &Secret) -> Result<(), DeviceError> {
        let algorithm = self.management_algorithm()?;
        let key = self.key(management_key, algorithm)?;
        self.yubikey
            .authenticate(&key)
            .map_err(|error| self.error(error))
    }

    /// Replaces the factory's management key, and proves that the new one opens
    /// the device.
    fn set_management_key(&mut self, management_key: &Secret) -> Result<(), DeviceError> {
        let algorithm = if self.firmware() >= AES_MANAGEMENT_KEYS {
            MgmAlgorithmId::Aes192
        } else {
            MgmAlgorithmId::ThreeDes
        };
        let new = self.key(management_key, algorithm)?;
        let current = self.management_algorithm()?;
        let factory = self.factory_key(current)?;
        self.yubikey
            .authenticate(&factory)
            .map_err(|error| self.error(error))?;
        new.set_manual(&mut self.yubikey, false)
            .map_err(|error| self.error(error))?;
        self.yubikey
            .authenticate(&new)
            .map_err(|error| self.error(error))
    }

    fn key(&self, bytes: &Secret, algorithm: MgmAlgorithmId) -> Result<MgmKey, DeviceError> {
        MgmKey::from_bytes(bytes.expose(), Some(algorithm))
            .map_err(|_| self.failed(ErrorKind::NotAuthenticated))
    }

    /// The bytes of the factory's management key, as a key of this kind.
    fn factory_key(&self, algorithm: MgmAlgorithmId) -> Result<MgmKey, DeviceError> {
        MgmKey::get_default(&self.yubikey)
            .and_then(|factory| MgmKey::from_bytes(factory, Some(algorithm)))
            .map_err(|error| self.error(error))
    }

    fn demand_fresh(&mut self) -> Result<(), DeviceError> {
        for (credential, slot) in CREDENTIALS {
            if self.credential(slot)?.factory != Some(true) {
                return Err(self.failed(ErrorKind::NotFresh(credential)));
            }
        }
        Ok(())
    }

    fn demand_changed(
        &mut self,
        credential: Credential,
        slot: ManagementSlotId,
    ) -> Result<(), DeviceError> {
        if self.credential(slot)?.factory == Some(false) {
            return Ok(());
        }
        Err(self.failed(ErrorKind::FactoryCredential(credential)))
    }

    /// Proves that the factory's management key does not open the device.
    fn demand_no_factory_key(&mut self) -> Result<(), DeviceError> {
        let algorithm = self.management_algorithm()?;
        // A management key of another kind has another length than the factory's.
        if !matches!(algorithm, MgmAlgorithmId::ThreeDes | MgmAlgorithmId::Aes192) {
            return Ok(());
        }
        let factory = self.factory_key(algorithm)?;
        match self.yubikey.authenticate(&factory) {
            Err(Error::AuthenticationError) => Ok(()),
            Err(error) => Err(self.error(error)),
            Ok(()) => Err(self.failed(ErrorKind::FactoryCredential(Credential::ManagementKey))),
        }
    }
}
