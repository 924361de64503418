//! Commands about the device as a whole: what it is, its options, its log, its light.

use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, command};
use crate::yubihsm::frame::{Fields, Frame};
use crate::yubihsm::key::curve::Curve;
use crate::yubihsm::log::{CAPACITY, may_change};
use chacha20::rand_core::Rng;
use std::time::Duration;

/// Numbers of the options.
mod option {
    pub(super) const FORCE_AUDIT: u8 = 1;
    pub(super) const COMMAND_AUDIT: u8 = 3;
    pub(super) const ALGORITHMS: u8 = 4;
}

impl Hsm {
    /// The commands anybody may give, in a session or outside.
    pub(in crate::yubihsm) fn public_command(&self, frame: Frame) -> Reply {
        match frame.code {
            command::ECHO => Ok(frame.data.to_vec()),
            command::DEVICE_INFO => self.device_info(frame.data),
            command::GET_DEVICE_PUBLIC_KEY if self.plate.firmware.since(3, 0) => {
                let public = Curve::P256
                    .public(&self.factory.agreement)
                    .ok_or(Failure::InvalidData)?;
                Ok([&[49], &public[..]].concat())
            }
            _ => Err(Failure::InvalidCommand),
        }
    }

    fn device_info(&self, page: &[u8]) -> Reply {
        let pages = self.plate.firmware.since(4, 0);
        match page {
            [] => {}
            [0] if pages => {}
            // The second page names the chip.
            [1] if pages => return Ok(b"SIMULATED".to_vec()),
            [_] if pages => return Err(Failure::InvalidData),
            _ => return Err(Failure::WrongLength),
        }
        let count = |number| u8::try_from(number).unwrap_or(u8::MAX);
        Ok([
            &self.plate.firmware.bytes()[..],
            &self.plate.serial.to_be_bytes(),
            &[count(CAPACITY), count(self.state.log.used())],
            &self.algorithms(),
        ]
        .concat())
    }

    /// The numbers of the algorithms the firmware has.
    pub(super) fn algorithms(&self) -> Vec<u8> {
        let last = if self.plate.firmware.since(4, 0) {
            55
        } else if self.plate.firmware.since(3, 0) {
            54
        } else {
            47
        };
        (1..=last)
            .filter(|algorithm| *algorithm != 48 || last == 55)
            .collect()
    }

    pub(super) fn pseudo_random(&mut self, mut fields: Fields) -> Reply {
        let length = fields.u16()?;
        fields.end()?;
        // Three bytes of head, and what the session adds, have to fit beside it.
        if usize::from(length) > self.plate.firmware.longest_message() - 31 {
            return Err(Failure::WrongLength);
        }
        let mut bytes = vec![0; usize::from(length)];
        self.rng.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    pub(super) fn blink(&mut self, mut fields: Fields, now: Duration) -> Reply {
        let seconds = fields.u8()?;
        fields.end()?;
        self.blinking_until = now + Duration::from_secs(u64::from(seconds));
        Ok(Vec::new())
    }

    pub(super) fn set_log_index(&mut self, mut fields: Fields) -> Reply {
        let number = fields.u16()?;
        fields.end()?;
        if self.state.log.forget(number) {
            Ok(Vec::new())
        } else {
            Err(Failure::InvalidData)
        }
    }

    pub(super) fn option(&self, mut fields: Fields) -> Reply {
        let option = fields.u8()?;
        fields.end()?;
        match option {
            option::FORCE_AUDIT => Ok(vec![self.state.auditing.force]),
            option::COMMAND_AUDIT => Ok(self.state.auditing.read()),
            option::ALGORITHMS if self.plate.firmware.since(2, 0) => {
                let state = |algorithm| u8::from(!self.state.disabled.contains(algorithm));
                Ok(self
                    .algorithms()
                    .iter()
                    .flat_map(|algorithm| [*algorithm, state(algorithm)])
                    .collect())
            }
            _ => Err(Failure::InvalidData),
        }
    }

    pub(super) fn set_option(&mut self, mut fields: Fields) -> Reply {
        let option = fields.u8()?;
        let length = fields.u16()?;
        let value = fields.take(usize::from(length))?;
        fields.end()?;
        let auditing = &mut self.state.auditing;
        match (option, value) {
            (option::FORCE_AUDIT, [value]) if may_change(auditing.force, *value) => {
                auditing.force = *value;
            }
            (option::COMMAND_AUDIT, pairs) if auditing.set(pairs) => {}
            (option::ALGORITHMS, pairs) if self.plate.firmware.since(2, 0) => {
                self.toggle_algorithms(pairs)?;
            }
            _ => return Err(Failure::InvalidData),
        }
        Ok(Vec::new())
    }

    /// Algorithms can be switched while the default key is the only object.
    fn toggle_algorithms(&mut self, pairs: &[u8]) -> Result<(), Failure> {
        let (pairs, []) = pairs.as_chunks::<2>() else {
            return Err(Failure::InvalidData);
        };
        let known = self.algorithms();
        let sensible = |[algorithm, on]: &[u8; 2]| known.contains(algorithm) && *on <= 1;
        if self.state.objects().len() > 1 || !pairs.iter().all(sensible) {
            return Err(Failure::InvalidData);
        }
        for [algorithm, on] in pairs {
            self.state.disabled.retain(|other| other != algorithm);
            if *on == 0 {
                self.state.disabled.push(*algorithm);
            }
        }
        Ok(())
    }
}
