//! PIN and PUK: verifying, changing, unblocking, and counting tries.

use super::Piv;
use super::state::{Code, Reference};
use crate::yubikey::apdu::{Answer, Command, Status, Stop, status};

/// Yubico's shortest PIN and PUK, and that of a FIPS 140-3 device.
const SHORTEST: usize = 6;
const SHORTEST_FIPS: usize = 8;

/// Values that a device with PIN complexity refuses (after Yubico, "5.7 Firmware Specifics", whose
/// list is longer).
const BLOCKLIST: [&[u8]; 12] = [
    b"123456",
    b"123123",
    b"654321",
    b"123321",
    b"112233",
    b"121212",
    b"520520",
    b"1234567",
    b"12345678",
    b"password",
    b"qwerty",
    b"1q2w3e4r",
];

/// What a device demands of a new PIN or PUK.
#[derive(Clone, Copy)]
struct Demands {
    shortest: usize,
    complexity: bool,
}

/// What a PIN that did not match is answered with.
fn tries_left(left: u8) -> Status {
    // The status word has four bits for the count.
    if left == 0 {
        status::BLOCKED
    } else {
        status::TRIES_LEFT | Status::from(left.min(15))
    }
}

impl Reference {
    /// One try. Success gives all tries back.
    fn check(&mut self, code: Code) -> Result<(), Stop> {
        if self.left == 0 {
            return Err(status::BLOCKED.into());
        }
        if code == self.code {
            self.left = self.tries;
            Ok(())
        } else {
            self.left -= 1;
            Err(tries_left(self.left).into())
        }
    }

    fn set(&mut self, code: Code, demands: Demands) -> Result<(), Stop> {
        let length = code.iter().position(|b| *b == 0xff).unwrap_or(code.len());
        let (value, padding) = code.split_at(length);
        if length < demands.shortest || padding.iter().any(|b| *b != 0xff) {
            return Err(status::DATA.into());
        }
        let alike = value.iter().all(|b| Some(b) == value.first());
        if demands.complexity && (alike || BLOCKLIST.contains(&value)) {
            return Err(status::CONDITIONS.into());
        }
        *self = Self {
            code,
            factory: false,
            left: self.tries,
            ..*self
        };
        Ok(())
    }
}

fn two_codes(command: &Command) -> Result<(Code, Code), Stop> {
    let (old, new) = command.data.split_at_checked(8).ok_or(status::DATA)?;
    match (old.try_into(), new.try_into()) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        _ => Err(status::DATA.into()),
    }
}

impl Piv {
    pub(super) fn verify(&mut self, command: &Command) -> Answer {
        match (command.p1, command.p2, command.data.as_slice()) {
            (0xff, 0x80, []) => {
                self.forget_pin();
                Ok(Vec::new())
            }
            (0, 0x80, []) if self.session.pin => Ok(Vec::new()),
            (0, 0x80, []) => Err(tries_left(self.state.pin.left).into()),
            (0, 0x80, code) => {
                let code = code.try_into().map_err(|_| status::DATA)?;
                self.forget_pin();
                self.state.pin.check(code)?;
                self.session.pin = true;
                self.session.pin_fresh = true;
                Ok(Vec::new())
            }
            (0, ..) => Err(status::NO_REFERENCE.into()),
            _ => Err(status::PARAMETERS.into()),
        }
    }

    fn forget_pin(&mut self) {
        self.session.pin = false;
        self.session.pin_fresh = false;
    }

    fn demands(&self) -> Demands {
        Demands {
            shortest: match self.plate.long_pins() {
                true => SHORTEST_FIPS,
                false => SHORTEST,
            },
            complexity: self.plate.model.complexity,
        }
    }

    pub(super) fn change_reference(&mut self, command: &Command) -> Answer {
        let (old, new) = two_codes(command)?;
        let demands = self.demands();
        let reference = match command.p2 {
            0x80 => &mut self.state.pin,
            0x81 => &mut self.state.puk,
            _ => return Err(status::NO_REFERENCE.into()),
        };
        reference.check(old)?;
        reference.set(new, demands)?;
        Ok(Vec::new())
    }

    pub(super) fn unblock(&mut self, command: &Command) -> Answer {
        let (puk, pin) = two_codes(command)?;
        if command.p2 != 0x80 {
            return Err(status::NO_REFERENCE.into());
        }
        self.state.puk.check(puk)?;
        let demands = self.demands();
        self.state.pin.set(pin, demands)?;
        Ok(Vec::new())
    }

    pub(super) fn set_retries(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        if !self.session.pin {
            return Err(status::SECURITY.into());
        }
        if command.p1 == 0 || command.p2 == 0 {
            return Err(status::PARAMETERS.into());
        }
        // The device puts PIN and PUK back to their factory values with the new counts.
        self.state.pin = Reference::factory_pin(command.p1);
        self.state.puk = Reference::factory_puk(command.p2);
        self.forget_pin();
        Ok(Vec::new())
    }
}
