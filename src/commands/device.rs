//! `keymoot device`: what is plugged in, and what is on it.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::device::piv::{self, Contents, CredentialState, KeyInSlot, Origin};
use crate::device::{DeviceError, DeviceInfo, ErrorKind, Operation, Slots, Who};
use clap::Subcommand;
use keymoot_core::text::escape;

/// Show the devices that are plugged in; changes nothing on them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line for each device: serial, firmware, form factor, reader.
    List,
    /// What is on the one device that is plugged in: PIN and PUK, keys.
    Info,
}

/// Runs the command: exit code 0, or 1 when there is no device or it cannot be
/// read.
pub(crate) fn run(args: &Args) -> ExitCode {
    let outcome = match args.action {
        Action::List => list(),
        Action::Info => info(),
    };
    match outcome {
        // Nobody reading on is the reader's choice; there is nobody to tell.
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("keymoot: {error}.\n{}", error.help());
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<String, DeviceError> {
    let devices = Slots::YubiKeys.present()?;
    if devices.is_empty() {
        return Err(none(ErrorKind::NotPresent));
    }
    devices
        .iter()
        .map(|device| Ok(line(device.as_ref().map_err(Clone::clone)?)))
        .collect()
}

fn none(kind: ErrorKind) -> DeviceError {
    DeviceError::new(Who::Unknown, Operation::Identify, kind)
}

fn line(device: &DeviceInfo) -> String {
    let form_factor = device
        .config
        .form_factor
        .map_or("form not told".to_owned(), |form| form.to_string());
    format!(
        "{:>10}  firmware {:<7}  {form_factor}  [{}]\n",
        device.serial,
        device.firmware.to_string(),
        escape(&device.place),
    )
}

fn info() -> Result<String, DeviceError> {
    let mut devices = Slots::YubiKeys.present()?;
    let device = match (devices.pop(), devices.len()) {
        (None, _) => return Err(none(ErrorKind::NotPresent)),
        (Some(one), 0) => one?,
        (Some(_), others) => return Err(none(ErrorKind::Several(others + 1))),
    };
    Ok(format!(
        "{}{}",
        line(&device),
        describe(&piv::contents(device.serial)?)
    ))
}

fn describe(contents: &Contents) -> String {
    let mut text = format!(
        "PIN             {}\nPUK             {}\nmanagement key  {}\n",
        credential(contents.pin),
        credential(contents.puk),
        factory(contents.factory_management_key),
    );
    match &contents.keys {
        None => text.push_str("keys            not told by this firmware\n"),
        Some(keys) if keys.is_empty() => text.push_str("keys            none\n"),
        Some(keys) => text.extend(keys.iter().map(key)),
    }
    text
}

fn credential(state: CredentialState) -> String {
    let tries = match state.tries {
        None => "tries not told".to_owned(),
        Some(0) => "blocked".to_owned(),
        Some(1) => "1 try left".to_owned(),
        Some(tries) => format!("{tries} tries left"),
    };
    format!("{tries}, {}", factory(state.factory))
}

fn factory(factory: Option<bool>) -> &'static str {
    match factory {
        Some(true) => "still the one it was delivered with",
        Some(false) => "its owner's",
        None => "not told whether still the one it was delivered with",
    }
}

fn key(key: &KeyInSlot) -> String {
    let origin = match key.origin {
        Some(Origin::Generated) => "generated on the device",
        Some(Origin::Imported) => "imported",
        None => "origin not told",
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
