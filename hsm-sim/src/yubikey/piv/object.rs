//! Data objects: certificates and other things that clients keep in a device.

use super::Piv;
use super::state::HexBytes;
use crate::tlv::{find, list, tlv};
use crate::yubikey::apdu::{Answer, Command, status};

/// The discovery object (SP 800-73-4 part 1, 3.3.2): this is PIV, and the PIN is its own.
const DISCOVERY: [u8; 20] = [
    0x7e, 0x12, 0x4f, 0x0b, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5f,
    0x2f, 0x02, 0x40, 0x00,
];
/// Printed information, fingerprints, facial image, iris: read only after the PIN (SP 800-73-4 part
/// 1, table 2).
const BEHIND_PIN: [u32; 4] = [0x5f_c109, 0x5f_c103, 0x5f_c108, 0x5f_c121];
const LONGEST: usize = 3052;

fn identifier(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0x5f, a, b] => Some(u32::from_be_bytes([0, 0x5f, *a, *b])),
        _ => None,
    }
}

impl Piv {
    pub(super) fn get_data(&self, command: &Command) -> Answer {
        let wanted = find(&command.data, 0x5c).ok_or(status::DATA)?;
        if wanted == [0x7e] {
            return Ok(DISCOVERY.to_vec());
        }
        let id = identifier(wanted).ok_or(status::NOT_FOUND)?;
        if BEHIND_PIN.contains(&id) && !self.pin_verified() {
            return Err(status::SECURITY.into());
        }
        let object = self.state.objects.get(&id).ok_or(status::NOT_FOUND)?;
        Ok(tlv(0x53, &object.0))
    }

    pub(super) fn put_data(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        let parts = list(&command.data).ok_or(status::DATA)?;
        let [(0x5c, id), (0x53, content)] = parts.as_slice() else {
            return Err(status::DATA.into());
        };
        let id = identifier(id).ok_or(status::DATA)?;
        if content.len() > LONGEST {
            return Err(status::NO_SPACE.into());
        }
        if content.is_empty() {
            self.state.objects.remove(&id);
        } else {
            self.state.objects.insert(id, HexBytes(content.to_vec()));
        }
        Ok(Vec::new())
    }
}
