//! What every turn has in common: devices come and go, a holder touches one,
//! and keymoot checks what it signed.

use super::{Allows, Operator, Work};
use crate::{
    device::{Cancel, Device, DeviceError, DeviceInfo, ErrorKind, Operation, Seen, Serial, Slots},
    host::secret::Secret,
};
use keymoot_attestation::Family;
use keymoot_record::rules::roster::Handle;
use keymoot_tuf::{PublicKey, low_s};

/// Waits until one device is inserted, and reports what it observes. `serial` is the device
/// that is awaited, if a particular one is.
pub(super) fn wait_for_one(
    operator: &mut dyn Operator,
    slots: &Slots,
    holder: &Handle,
    family: Family,
    serial: Option<u32>,
) -> Result<DeviceInfo, DeviceError> {
    wait_for(operator, slots, (holder, family, serial), |_| true)
}

/// Waits until the device with this serial number is the only one inserted, and reports what it
/// observes.
pub(super) fn wait_for_this(
    operator: &mut dyn Operator,
    slots: &Slots,
    holder: &Handle,
    family: Family,
    serial: u32,
) -> Result<DeviceInfo, DeviceError> {
    let awaited = (holder, family, Some(serial));
    wait_for(operator, slots, awaited, |found| found.serial.0 == serial)
}

fn wait_for(
    operator: &mut dyn Operator,
    slots: &Slots,
    (holder, family, serial): (&Handle, Family, Option<u32>),
    is_wanted: impl Fn(&DeviceInfo) -> bool,
) -> Result<DeviceInfo, DeviceError> {
    let cancel = Cancel::new();
    let mut tell = |seen: Option<String>| {
        let work = Work::Insert {
            holder: holder.clone(),
            serial,
            family,
            seen,
        };
        operator.working(&work, Some(&cancel));
    };
    slots.wait_for(&cancel, &is_wanted, |seen| match seen {
        Seen::One(found) if is_wanted(found) => {}
        Seen::One(found) => tell(Some(format!(
            "{} {} is inserted: take it out.",
            found.family, found.serial
        ))),
        Seen::Nothing => tell(None),
        Seen::Several(count) => {
            tell(Some(format!(
                "{count} devices are inserted: leave only one."
            )));
        }
        Seen::Unreadable(error) => tell(Some(format!("{} {}", error.sentence(), error.help()))),
    })
}

/// Waits until every device that is inserted now is out, or the one with this serial number, while
/// this is what somebody has to do.
pub(super) fn wait_until_gone(
    operator: &mut dyn Operator,
    slots: &Slots,
    serial: Option<u32>,
    work: &Work,
) -> Result<(), DeviceError> {
    let cancel = Cancel::new();
    let begun = || operator.working(work, Some(&cancel));
    slots.wait_until_gone(&cancel, serial.map(Serial), begun)
}

/// Has the device sign a message once, and names the effect of the touch.
pub(super) fn sign_once(
    operator: &mut dyn Operator,
    holder: &Handle,
    device: &Device,
    secret: &Secret,
    message: &[u8],
    allows: &Allows,
) -> Result<Vec<u8>, DeviceError> {
    let work = match device.waits_for_touch() {
        true => Work::Touch {
            holder: holder.clone(),
            serial: device.serial().0,
            allows: allows.clone(),
        },
        false => Work::Busy {
            doing: format!("the device makes {}", allows.what),
        },
    };
    device.sign(secret, message, || operator.working(&work, None))
}

/// The signature, once two implementations have verified it: of the two that anybody can write,
/// the one that the rules ask for.
pub(super) fn checked(
    key: &PublicKey,
    device: &Device,
    message: &[u8],
    signature: Vec<u8>,
) -> Result<Vec<u8>, DeviceError> {
    match key.verify_twice(message, &signature) {
        Ok(_) => Ok(low_s(&signature).unwrap_or(signature)),
        Err(error) => Err(DeviceError::new(
            device.who(),
            Operation::Sign,
            ErrorKind::WrongSignature(error.to_string()),
        )),
    }
}
