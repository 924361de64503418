//! Keys in slots: making, importing, using, attesting, moving.

use super::Piv;
use super::key::{Algorithm, Material};
use super::state::{F9, F9_CERTIFICATE, PinPolicy, SlotKey, TouchPolicy};
use crate::tlv::{find, split, tlv};
use crate::vendor::{Statement, device_certificate};
use crate::yubikey::apdu::{Answer, Command, Stop, status};
use crate::yubikey::plate::Firmware;
use chacha20::rand_core::Rng;

/// 9A, 9C, 9D, 9E and the twenty retired slots.
fn is_slot(slot: u8) -> bool {
    matches!(slot, 0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95)
}

/// The policies a command asks for, or those its slot has by default.
fn policies(slot: u8, data: &[u8]) -> Result<(PinPolicy, TouchPolicy), Stop> {
    let pin = match (find(data, 0xaa), slot) {
        (Some([1]), _) | (None | Some([0]), 0x9e) => PinPolicy::Never,
        (Some([3]), _) | (None | Some([0]), 0x9c) => PinPolicy::Always,
        (Some([2]) | None | Some([0]), _) => PinPolicy::Once,
        _ => return Err(status::DATA.into()),
    };
    let touch = match find(data, 0xab) {
        None | Some([0 | 1]) => TouchPolicy::Never,
        Some([2]) => TouchPolicy::Always,
        Some([3]) => TouchPolicy::Cached,
        _ => return Err(status::DATA.into()),
    };
    Ok((pin, touch))
}

impl Piv {
    fn algorithm(&self, id: u8) -> Result<Algorithm, Stop> {
        Algorithm::from_id(id, self.plate.model.firmware).ok_or(Stop::Status(status::DATA))
    }

    /// The slot a key may be put into.
    fn writable(slot: u8) -> Result<u8, Stop> {
        if is_slot(slot) || slot == F9 {
            Ok(slot)
        } else {
            Err(status::PARAMETERS.into())
        }
    }

    pub(super) fn generate(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        let slot = Self::writable(command.p2)?;
        let Some((0xac, request, _)) = split(&command.data) else {
            return Err(status::DATA.into());
        };
        let Some([id]) = find(request, 0x80) else {
            return Err(status::DATA.into());
        };
        let algorithm = self.algorithm(*id)?;
        // YSA-2017-01: these versions made RSA keys that can be factored; the clients refuse to ask
        // them.
        let firmware = self.plate.model.firmware;
        if matches!(algorithm, Algorithm::Rsa(_)) && firmware < Firmware::new(4, 3, 5) {
            return Err(status::DATA.into());
        }
        let (pin, touch) = policies(slot, request)?;
        self.state.generated += 1;
        let serial = self.plate.serial.to_be_bytes();
        let labels: [&[u8]; 4] = [
            b"slot key",
            &serial,
            &[slot],
            &self.state.generated.to_be_bytes(),
        ];
        let material = Material::generate(algorithm, &self.seed, &labels).ok_or(status::FAILED)?;
        let public = material.public().ok_or(status::FAILED)?;
        self.state.keys.insert(
            slot,
            SlotKey {
                material,
                pin,
                touch,
                generated: true,
            },
        );
        Ok(tlv(0x7f49, &public))
    }

    pub(super) fn import(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        let slot = Self::writable(command.p2)?;
        let algorithm = self.algorithm(command.p1)?;
        let (pin, touch) = policies(slot, &command.data)?;
        let material = Material::import(algorithm, &command.data).ok_or(status::DATA)?;
        self.state.keys.insert(
            slot,
            SlotKey {
                material,
                pin,
                touch,
                generated: false,
            },
        );
        Ok(Vec::new())
    }

    pub(super) fn use_key(&mut self, command: &Command) -> Answer {
        let key = self
            .state
            .keys
            .get(&command.p2)
            .filter(|_| is_slot(command.p2))
            .ok_or(status::DATA)?;
        if key.material.algorithm().id() != command.p1 {
            return Err(status::DATA.into());
        }
        let Some((0x7c, template, _)) = split(&command.data) else {
            return Err(status::DATA.into());
        };
        let input = find(template, 0x81).ok_or(status::DATA)?;
        let allowed = match key.pin {
            PinPolicy::Never => true,
            PinPolicy::Once => self.session.pin,
            PinPolicy::Always => self.session.pin_fresh,
        };
        if !allowed {
            return Err(status::SECURITY.into());
        }
        let touch = key.touch;
        let touched = self.require_touch(touch);
        if touched != Err(Stop::AwaitTouch) {
            // One verified PIN serves one use, whether or not the touch came.
            self.session.pin_fresh = false;
        }
        touched?;
        let key = self.state.keys.get(&command.p2).ok_or(status::FAILED)?;
        let output = key.material.sign(input).ok_or(status::DATA)?;
        Ok(tlv(0x7c, &tlv(0x82, &output)))
    }

    pub(super) fn attest(&mut self, command: &Command) -> Answer {
        let slot = command.p1;
        let mut serial = [0; 16];
        self.entropy.fill_bytes(&mut serial);
        let state = &self.state;
        // A key from outside cannot be attested: that is the whole point of attesting.
        let key = state
            .keys
            .get(&slot)
            .filter(|key| is_slot(slot) && key.generated)
            .ok_or(status::DATA)?;
        let f9 = state.keys.get(&F9).ok_or(status::DATA)?;
        let object = state.objects.get(&F9_CERTIFICATE).ok_or(status::DATA)?;
        let certificate = find(&object.0, 0x70).ok_or(status::DATA)?;
        let statement = Statement {
            plate: &self.plate,
            slot,
            spki: key.material.spki().ok_or(status::FAILED)?,
            policy: [key.pin as u8, key.touch as u8],
            serial,
        };
        Ok(device_certificate(&statement, certificate, &f9.material).ok_or(status::DATA)?)
    }

    /// Carries out a command that uses or attests a key with one of slot 9A, which is there for
    /// this once and in all else like the one that is meant.
    pub(super) fn elsewhere(&mut self, command: &Command) -> Answer {
        const OTHER: u8 = 0x9a;
        let named = match command.instruction {
            0xf9 => command.p1,
            _ => command.p2,
        };
        let key = self.state.keys.get(&named).ok_or(status::DATA)?;
        let (algorithm, pin, touch) = (key.material.algorithm(), key.pin, key.touch);
        let serial = self.plate.serial.to_be_bytes();
        let labels: [&[u8]; 2] = [b"key of another slot", &serial];
        let material = Material::generate(algorithm, &self.seed, &labels).ok_or(status::FAILED)?;
        let other = SlotKey {
            material,
            pin,
            touch,
            generated: true,
        };
        let before = self.state.keys.insert(OTHER, other);
        let mut command = command.clone();
        let answer = match command.instruction {
            0xf9 => {
                command.p1 = OTHER;
                self.attest(&command)
            }
            _ => {
                command.p2 = OTHER;
                self.use_key(&command)
            }
        };
        match before {
            Some(key) => self.state.keys.insert(OTHER, key),
            None => self.state.keys.remove(&OTHER),
        };
        answer
    }

    pub(super) fn move_key(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        let (to, from) = (command.p1, command.p2);
        // The attestation key can be deleted, but it does not move, and nothing moves onto it.
        let allowed = if to == 0xff {
            is_slot(from) || from == F9
        } else {
            is_slot(from) && is_slot(to) && from != to
        };
        if !allowed {
            return Err(status::PARAMETERS.into());
        }
        let key = self.state.keys.remove(&from).ok_or(status::NO_REFERENCE)?;
        if to != 0xff {
            self.state.keys.insert(to, key);
        }
        Ok(Vec::new())
    }
}
