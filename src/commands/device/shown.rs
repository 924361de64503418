//! The devices that are plugged in, and the contents of one, as text.

use std::process::ExitCode;

use super::only::{none, only_yubikey};
use crate::device::piv::{self, Contents, CredentialState, KeyInSlot, Origin};
use crate::device::yubihsm::Place;
use crate::device::{DeviceError, DeviceInfo, ErrorKind, Slots};
use keymoot_attestation::Family;
use keymoot_core::text::escape;
use keymoot_record::transcript::{DeviceSetting, PinTries, Tries};

/// Every device, or what keeps it from being read.
pub(super) fn list(connector: Option<Place>) -> Result<(String, ExitCode), DeviceError> {
    let mut devices = match (Slots::YubiKeys.present(), connector) {
        (Ok(yubikeys), _) => yubikeys,
        // The units are shown all the same.
        (Err(error), Some(_)) => vec![Err(error)],
        (Err(error), None) => return Err(error),
    };
    if let Some(place) = connector {
        match Slots::YubiHsms(vec![place]).present() {
            Ok(units) => devices.extend(units),
            Err(error) => devices.push(Err(error)),
        }
    }
    if devices.is_empty() {
        return Err(none(ErrorKind::NotPresent));
    }
    let code = match devices.iter().all(Result::is_ok) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    };
    let lines = devices.iter().map(|device| match device {
        Ok(device) => line(device),
        Err(error) => format!("{:>10}  {error}\n{:>10}  help: {}\n", "!", "", error.next()),
    });
    Ok((lines.collect(), code))
}

fn line(device: &DeviceInfo) -> String {
    let shape = match (device.family, device.config.form_factor) {
        (Family::YubiHsm, _) => device.family.to_string(),
        (Family::YubiKey, Some(form)) => form.to_string(),
        (Family::YubiKey, None) => "form unknown".to_owned(),
    };
    format!(
        "{:>10}  firmware {:<7}  {shape}  [{}]\n",
        device.serial,
        device.firmware.to_string(),
        escape(&device.place),
    )
}

/// What is on the one YubiKey that is plugged in.
pub(super) fn info() -> Result<String, DeviceError> {
    let device = only_yubikey()?;
    Ok(format!(
        "{}{}",
        line(&device),
        describe(&device, &piv::contents(device.serial)?)
    ))
}

fn describe(device: &DeviceInfo, contents: &Contents) -> String {
    let total = |which: fn(&PinTries) -> Tries| device.tries.as_ref().map(|t| which(t).total);
    let mut text = format!(
        "PIN             {}\nPUK             {}\nmanagement key  {}\n",
        credential(contents.pin, total(|tries| tries.pin)),
        credential(contents.puk, total(|tries| tries.puk)),
        factory(contents.factory_management_key),
    );
    match &contents.keys {
        None => text.push_str("keys            not listed by this firmware\n"),
        Some(keys) if keys.is_empty() => text.push_str("keys            none\n"),
        Some(keys) => text.extend(keys.iter().map(key)),
    }
    for object in &contents.objects {
        text.push_str(&format!("object          {object}\n"));
    }
    if !device.config.applications.is_empty() {
        let switched_on = device.config.applications.join(", ");
        text.push_str(&format!("switched on     {switched_on}\n"));
    }
    for setting in &device.config.settings {
        text.push_str(match setting {
            DeviceSetting::PinComplexity => "PIN complexity  enforced\n",
            DeviceSetting::Fips => "series          FIPS\n",
            DeviceSetting::LongPins => "new PINs        8 characters\n",
        });
    }
    text
}

fn credential(state: CredentialState, total: Option<u8>) -> String {
    let tries = match state.tries {
        None => "tries unknown".to_owned(),
        Some(0) => "blocked".to_owned(),
        Some(1) => "1 try left".to_owned(),
        Some(tries) => format!("{tries} tries left"),
    };
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    format!("{tries}{of}, {}", factory(state.factory))
}

fn factory(factory: Option<bool>) -> &'static str {
    match factory {
        Some(true) => "still the one from the factory",
        Some(false) => "its owner's",
        None => "unknown whether it is the one from the factory",
    }
}

fn key(key: &KeyInSlot) -> String {
    let origin = match key.origin {
        Some(Origin::Generated) => "generated on the device",
        Some(Origin::Imported) => "imported",
        None => "origin unknown",
    };
    let demands = match (key.pin_always, key.touch_always) {
        (true, true) => "PIN and touch for every use",
        (true, false) => "PIN for every use",
        (false, true) => "touch for every use",
        (false, false) => "neither PIN nor touch for every use",
    };
    format!(
        "key in slot {:02x}  {}, {origin}, {demands}\n",
        key.slot, key.algorithm
    )
}
