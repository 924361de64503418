//! What the device reports about its keys, PIN and PUK (from firmware 5.3).

use super::Piv;
use super::state::Reference;
use crate::tlv::tlv;
use crate::yubikey::apdu::{Answer, Command, status};

fn reference(reference: &Reference) -> Vec<u8> {
    [
        tlv(0x01, &[0xff]),
        tlv(0x05, &[u8::from(reference.factory)]),
        tlv(0x06, &[reference.tries, reference.left]),
    ]
    .concat()
}

impl Piv {
    pub(super) fn metadata(&self, command: &Command) -> Answer {
        match command.p2 {
            0x80 => Ok(reference(&self.state.pin)),
            0x81 => Ok(reference(&self.state.puk)),
            0x9b => {
                let key = &self.state.management;
                let touch = if key.touch { 2 } else { 1 };
                Ok([
                    tlv(0x01, &[key.cipher.id()]),
                    tlv(0x02, &[0, touch]),
                    tlv(0x05, &[u8::from(key.factory)]),
                ]
                .concat())
            }
            slot => {
                let key = self.state.keys.get(&slot).ok_or(status::NO_REFERENCE)?;
                let public = key.material.public().ok_or(status::FAILED)?;
                Ok([
                    tlv(0x01, &[key.material.algorithm().id()]),
                    tlv(0x02, &[key.pin as u8, key.touch as u8]),
                    tlv(0x03, &[if key.generated { 1 } else { 2 }]),
                    tlv(0x04, &public),
                ]
                .concat())
            }
        }
    }
}
