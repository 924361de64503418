//! The management application, and of the OTP application the one command by which a YubiKey 4
//! reports its serial number over the card interface.

use super::apdu::{Answer, Command, status};
use super::plate::{Firmware, Plate};
use crate::tlv::tlv;

/// PIV, in Yubico's capability bits.
const CAPABILITIES: [u8; 2] = [0x00, 0x10];
/// PIV, in the bits by which FIPS series devices name applications.
const FIPS_PIV: u8 = 0x02;

pub(super) fn selected(plate: &Plate) -> Vec<u8> {
    format!("Virtual mgr - FW version {}", plate.model.firmware).into_bytes()
}

pub(super) fn command(plate: &Plate, command: &Command) -> Answer {
    match (command.instruction, command.p1, command.p2) {
        (0x1d, 0, 0) => {
            let model = plate.model;
            let enabled = if model.no_piv { [0, 0] } else { CAPABILITIES };
            let mut parts = vec![tlv(0x01, &CAPABILITIES)];
            if !model.no_serial {
                parts.push(tlv(0x02, &plate.serial.to_be_bytes()));
            }
            parts.extend([
                tlv(0x03, &enabled),
                tlv(0x04, &[plate.form_factor()]),
                tlv(0x05, &model.firmware.bytes()),
                tlv(0x0a, &[0]),
            ]);
            if model.firmware >= Firmware::new(5, 0, 0) {
                parts.extend([tlv(0x0d, &CAPABILITIES), tlv(0x0e, &CAPABILITIES)]);
            }
            if model.firmware >= Firmware::new(5, 7, 0) {
                let fips = if model.fips { FIPS_PIV } else { 0 };
                // Capable of the mode, and not in it: the PIN is the factory's.
                parts.extend([tlv(0x14, &[0, fips]), tlv(0x15, &[0, 0])]);
                parts.push(tlv(0x16, &[u8::from(model.complexity)]));
            }
            let body = parts.concat();
            let length = u8::try_from(body.len()).map_err(|_| status::FAILED)?;
            Ok([&[length], body.as_slice()].concat())
        }
        (0x1d, ..) => Err(status::PARAMETERS.into()),
        _ => Err(status::INSTRUCTION.into()),
    }
}

/// The OTP application's status: version, program sequence, touch level; no slot is configured.
pub(super) fn otp_selected(plate: &Plate) -> Vec<u8> {
    [&plate.model.firmware.bytes()[..], &[0, 0, 0]].concat()
}

pub(super) fn otp_command(plate: &Plate, command: &Command) -> Answer {
    match (command.instruction, command.p1) {
        (0x01, 0x10) if plate.model.no_serial => Err(status::CONDITIONS.into()),
        (0x01, 0x10) => Ok(plate.serial.to_be_bytes().to_vec()),
        (0x03, _) => Ok(otp_selected(plate)),
        _ => Err(status::INSTRUCTION.into()),
    }
}
