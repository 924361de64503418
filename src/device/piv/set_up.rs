//! Setting a device up, so that only its holder knows its credentials.

use super::alone::{Alone, Judged};
use super::management_key::MANAGEMENT;
use super::session::reports_slots;
use crate::device::contain::contained;
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::exclusive::{PIN, PUK};
use crate::device::identity::{Serial, Who};
use crate::device::operation::{Credential, Operation};
use crate::device::pin_rules::{
    FACTORY_PIN, FACTORY_PUK, PUK_LENGTH, PinRefused, check_new_pin, check_new_puk, check_typed_pin,
};
use crate::host::secret::Secret;
use keymoot_record::transcript::PinTries;

/// The length of a management key in bytes: AES-192, and 3DES on firmware before
/// 5.4.2, have the same.
pub const MANAGEMENT_KEY_LENGTH: usize = 24;

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
    alone(serial, doing, move |device| {
        device.demand_metadata()?;
        for (credential, reference) in CREDENTIALS {
            if !device.is_factory(reference)? {
                return Err(device.error(ErrorKind::NotFresh(credential)));
            }
        }
        device.set_management_key(&management_key)?;
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
        device.demand_changed()?;
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
    let doing = Operation::Read;
    contained(Who::YubiKey(serial), doing, move || {
        let device = Alone::open(serial, doing)?;
        device.demand_metadata()?;
        device.demand_changed()?;
        // Nothing was opened, so nothing has to be closed.
        device.leave();
        Ok(())
    })
}

/// Runs `work` on a device over an exclusive connection, contained. It is reset at the end.
pub(super) fn alone<T: Send + 'static>(
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

/// The credentials and the references of their metadata.
const CREDENTIALS: [(Credential, u8); 3] = [
    (Credential::ManagementKey, MANAGEMENT),
    (Credential::Puk, PUK),
    (Credential::Pin, PIN),
];

impl Alone {
    /// Refuses a device whose firmware reports nothing about its slots.
    fn demand_metadata(&self) -> Result<(), DeviceError> {
        reports_slots(self.firmware()).map_err(|kind| self.error(kind))
    }

    /// Proves that no credential is the factory's.
    fn demand_changed(&self) -> Result<(), DeviceError> {
        for (credential, reference) in CREDENTIALS {
            if self.is_factory(reference)? {
                return Err(self.error(ErrorKind::FactoryCredential(credential)));
            }
        }
        self.demand_no_factory_key()
    }
}
