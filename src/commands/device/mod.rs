//! `keymoot device`: the devices that are plugged in, their contents, and a blocked PIN.

mod check;
mod unblock;

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::device::piv::{self, Contents, CredentialState, KeyInSlot, Origin};
use crate::device::yubihsm::Place;
use crate::device::{DeviceError, DeviceInfo, ErrorKind, Operation, Slots, Who};
use clap::Subcommand;
use keymoot_attestation::{Family, TrustStore};
use keymoot_core::text::escape;
use keymoot_record::transcript::{DeviceSetting, PinTries, Tries};

/// Show the devices that are plugged in, or unblock a PIN.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line for each device: serial, firmware, form factor, reader; or why it cannot be read.
    List {
        /// Show YubiHSM 2 units, too: `usb`, or address and port of a connector on this machine.
        #[arg(long, value_name = "PLACE", value_parser = super::arguments::place)]
        connector: Option<Place>,
    },
    /// What is on the one device that is plugged in: PIN and PUK, keys.
    Info,
    /// Unblock the PIN of the one YubiKey that is plugged in, with its PUK, and set a new one.
    Unblock(unblock::Args),
    /// Make every call of a ceremony on a YubiKey that may be erased, and report what it answers.
    Check(check::Args),
}

/// Runs the command: exit code 0, or 1 when there is no device or one cannot be read.
pub(crate) fn run(args: &Args, vendor: &TrustStore) -> ExitCode {
    let done = match &args.action {
        Action::List { connector } => list(*connector),
        Action::Info => info().map(|text| (text, ExitCode::SUCCESS)),
        Action::Unblock(args) => return unblock::run(args),
        Action::Check(args) => return check::run(args, vendor),
    };
    match done {
        // A reader may close the pipe early: then nobody is left to read an error.
        Ok((text, code)) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => code,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("keymoot: {error}\nhelp: {}", error.help());
            ExitCode::FAILURE
        }
    }
}

/// Every device, or what keeps it from being read.
fn list(connector: Option<Place>) -> Result<(String, ExitCode), DeviceError> {
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
        Err(error) => format!("{:>10}  {error}\n{:>10}  help: {}\n", "!", "", error.help()),
    });
    Ok((lines.collect(), code))
}

fn none(kind: ErrorKind) -> DeviceError {
    DeviceError::new(Who::Unknown, Operation::Identify, kind)
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

/// The one YubiKey that is plugged in.
fn only_yubikey() -> Result<DeviceInfo, DeviceError> {
    let mut devices = Slots::YubiKeys.present()?;
    match (devices.pop(), devices.len()) {
        (None, _) => Err(none(ErrorKind::NotPresent)),
        (Some(one), 0) => one,
        (Some(_), others) => Err(none(ErrorKind::Several(others + 1))),
    }
}

fn info() -> Result<String, DeviceError> {
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
