//! The PIV application with Yubico's extensions.

pub mod key;
mod manage;
mod metadata;
mod object;
mod reference;
mod session;
mod slot;
pub mod state;

use super::apdu::{Answer, Command, Stop, status};
use super::plate::{Firmware, Plate};
use crate::seed::Seed;
use chacha20::ChaCha20Rng;
use session::Session;
use state::{PivState, TouchPolicy};
use std::time::{Duration, Instant};

/// The answer to selecting PIV (SP 800-73-4 part 2, 3.1.1).
pub(super) const SELECTED: [u8; 19] = [
    0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x79, 0x07, 0x4f, 0x05, 0xa0, 0x00,
    0x00, 0x03, 0x08,
];

/// How long one touch serves keys with touch policy "cached" (Yubico's documentation: 15 seconds).
const TOUCH_CACHED: Duration = Duration::from_secs(15);

/// The application of one device.
pub struct Piv {
    plate: Plate,
    /// What it remembers without power.
    pub state: PivState,
    session: Session,
    last_touch: Option<Instant>,
    /// The answer to a request for a touch, until it is used.
    touch: Option<bool>,
    /// Whether keys are used from another slot than the one that is named.
    pub(super) other_slot: bool,
    seed: Seed,
    /// Challenges and certificate serial numbers; other than the keys they need not survive a
    /// restart.
    entropy: ChaCha20Rng,
}

impl Piv {
    pub(super) fn new(plate: Plate, state: PivState, seed: Seed) -> Self {
        let entropy = seed.rng(&[
            b"entropy",
            &plate.serial.to_be_bytes(),
            &state.generated.to_be_bytes(),
        ]);
        Self {
            plate,
            state,
            session: Session::default(),
            last_touch: None,
            touch: None,
            other_slot: false,
            seed,
            entropy,
        }
    }

    pub(super) fn power_cycle(&mut self) {
        self.deselect();
        self.last_touch = None;
    }

    pub(super) fn deselect(&mut self) {
        self.session = Session::default();
        self.touch = None;
    }

    pub(super) fn touched(&mut self, touched: bool) {
        self.touch = Some(touched);
    }

    fn since(&self, major: u8, minor: u8, patch: u8) -> Result<(), Stop> {
        if self.plate.model.firmware >= Firmware::new(major, minor, patch) {
            Ok(())
        } else {
            Err(status::INSTRUCTION.into())
        }
    }

    pub(super) fn command(&mut self, command: &Command) -> Answer {
        match command.instruction {
            0x20 => self.verify(command),
            0x24 => self.change_reference(command),
            0x2c => self.unblock(command),
            0x47 => self.generate(command),
            0x87 if command.p2 == 0x9b => self.authenticate_management(command),
            0x87 | 0xf9 if self.other_slot => self.elsewhere(command),
            0x87 => self.use_key(command),
            0xcb => self.get_data(command),
            0xdb => self.put_data(command),
            0xf6 => self.since(5, 7, 0).and_then(|()| self.move_key(command)),
            0xf7 => self.since(5, 3, 0).and_then(|()| self.metadata(command)),
            0xf8 => self
                .since(5, 0, 0)
                .and_then(|()| match self.plate.model.no_serial {
                    true => Err(status::CONDITIONS.into()),
                    false => Ok(self.plate.serial.to_be_bytes().to_vec()),
                }),
            0xf9 => self.attest(command),
            0xfa => self.set_retries(command),
            0xfb => self.reset(),
            0xfd => Ok(self.plate.model.firmware.bytes().to_vec()),
            0xfe => self.import(command),
            0xff => self.set_management(command),
            _ => Err(status::INSTRUCTION.into()),
        }
    }

    fn pin_verified(&self) -> bool {
        self.session.pin
    }

    fn require_management(&self) -> Result<(), Stop> {
        if self.session.management {
            Ok(())
        } else {
            Err(status::SECURITY.into())
        }
    }

    /// Passes when the policy asks for nothing or somebody touched; stops the command until it is
    /// known.
    fn require_touch(&mut self, policy: TouchPolicy) -> Result<(), Stop> {
        let asked = match policy {
            TouchPolicy::Never => false,
            TouchPolicy::Always => true,
            TouchPolicy::Cached => self
                .last_touch
                .is_none_or(|at| at.elapsed() >= TOUCH_CACHED),
        };
        if !asked {
            return Ok(());
        }
        match self.touch.take() {
            None => Err(Stop::AwaitTouch),
            Some(false) => Err(status::SECURITY.into()),
            Some(true) => {
                self.last_touch = Some(Instant::now());
                Ok(())
            }
        }
    }

    fn reset(&mut self) -> Answer {
        if self.state.pin.left > 0 || self.state.puk.left > 0 {
            return Err(status::CONDITIONS.into());
        }
        self.state.reset(self.plate.model.firmware);
        self.session = Session::default();
        Ok(Vec::new())
    }
}
