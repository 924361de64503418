//! One simulated YubiKey, from its contacts inward: commands in, answers out.

pub mod apdu;
pub mod device;
pub mod fault;
mod management;
pub mod piv;
pub mod plate;

use crate::seed::Seed;
use apdu::{Answer, Command, Stop, status};
use piv::Piv;
use piv::state::PivState;
use plate::Plate;

/// What a YubiKey 5 sends on power-up: T=1, and "YubiKey" in its historical bytes.
pub const ATR: [u8; 23] = [
    0x3b, 0xfd, 0x13, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x15, 0x80, 0x73, 0xc0, 0x21, 0xc0, 0x57, 0x59,
    0x75, 0x62, 0x69, 0x4b, 0x65, 0x79, 0x40,
];

const PIV_AID: &[u8] = &[0xa0, 0x00, 0x00, 0x03, 0x08];
const MANAGEMENT_AID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17];
const OTP_AID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01];

/// The longest command data a device takes, chained or extended.
const LONGEST: usize = 3072;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applet {
    None,
    Piv,
    Management,
    Otp,
}

/// What a device has to say to a command.
pub enum Outcome {
    /// This.
    Answer(Vec<u8>),
    /// Nothing before it is touched; continue with [`Card::resume`].
    AwaitTouch,
}

/// A device under power.
pub struct Card {
    plate: Plate,
    applet: Applet,
    piv: Piv,
    /// The parts of a chained command so far.
    chain: Vec<u8>,
    /// The rest of an answer that is too long for one reply.
    rest: Vec<u8>,
    /// The command that waits for a touch.
    waiting: Option<Command>,
}

impl Card {
    /// The device with this plate and this memory.
    #[must_use]
    pub fn new(plate: Plate, state: PivState, seed: Seed) -> Self {
        let piv = Piv::new(plate.clone(), state, seed);
        Self {
            plate,
            applet: Applet::None,
            piv,
            chain: Vec::new(),
            rest: Vec::new(),
            waiting: None,
        }
    }

    /// What it remembers without power.
    #[must_use]
    pub fn state(&self) -> &PivState {
        &self.piv.state
    }

    /// Power off and on, or a reset: the device forgets verified PINs and unfinished commands.
    pub fn power_cycle(&mut self) {
        self.applet = Applet::None;
        self.piv.power_cycle();
        self.chain.clear();
        self.rest.clear();
        self.waiting = None;
    }

    /// Whether the commands that come use the key of another slot than they name.
    pub fn use_other_slot(&mut self, other: bool) {
        self.piv.other_slot = other;
    }

    /// One command.
    pub fn transmit(&mut self, bytes: &[u8]) -> Outcome {
        let Some(mut command) = Command::parse(bytes) else {
            return Outcome::Answer(status::WRONG_LENGTH.to_be_bytes().to_vec());
        };
        if command.class & !0x10 != 0 {
            return Outcome::Answer(status::CLASS.to_be_bytes().to_vec());
        }
        if command.instruction == 0xc0 {
            return Outcome::Answer(self.next_part(command.limit));
        }
        self.rest.clear();
        if self.chain.len() + command.data.len() > LONGEST {
            self.chain.clear();
            return Outcome::Answer(status::WRONG_LENGTH.to_be_bytes().to_vec());
        }
        self.chain.append(&mut command.data);
        if command.class & 0x10 != 0 {
            return Outcome::Answer(status::OK.to_be_bytes().to_vec());
        }
        command.data = std::mem::take(&mut self.chain);
        self.execute(command)
    }

    /// Continues the command that waited for a touch.
    pub fn resume(&mut self, touched: bool) -> Vec<u8> {
        self.piv.touched(touched);
        match self.waiting.take().map(|command| self.execute(command)) {
            Some(Outcome::Answer(answer)) => answer,
            _ => status::FAILED.to_be_bytes().to_vec(),
        }
    }

    fn execute(&mut self, command: Command) -> Outcome {
        match self.dispatch(&command) {
            Ok(data) => {
                self.rest = data;
                Outcome::Answer(self.next_part(command.limit))
            }
            Err(Stop::Status(word)) => Outcome::Answer(word.to_be_bytes().to_vec()),
            Err(Stop::AwaitTouch) => {
                self.waiting = Some(command);
                Outcome::AwaitTouch
            }
        }
    }

    fn next_part(&mut self, limit: usize) -> Vec<u8> {
        let mut part: Vec<u8> = self.rest.drain(..self.rest.len().min(limit)).collect();
        let word = match self.rest.len() {
            0 => status::OK,
            // The low byte says how many more bytes there are; 00 stands for 256 and above.
            left @ 1..=255 => 0x6100 | left as u16,
            _ => 0x6100,
        };
        part.extend(word.to_be_bytes());
        part
    }

    fn dispatch(&mut self, command: &Command) -> Answer {
        if command.instruction == 0xa4 {
            return self.select(command);
        }
        match self.applet {
            Applet::Piv => self.piv.command(command),
            Applet::Management => management::command(&self.plate, command),
            Applet::Otp => management::otp_command(&self.plate, command),
            Applet::None => Err(status::INSTRUCTION.into()),
        }
    }

    fn select(&mut self, command: &Command) -> Answer {
        if command.p1 != 0x04 {
            return Err(status::PARAMETERS.into());
        }
        let aid = command.data.as_slice();
        let (applet, answer) = if aid.starts_with(PIV_AID) && !self.plate.model.no_piv {
            (Applet::Piv, piv::SELECTED.to_vec())
        } else if aid.starts_with(MANAGEMENT_AID) {
            (Applet::Management, management::selected(&self.plate))
        } else if aid.starts_with(OTP_AID) {
            (Applet::Otp, management::otp_selected(&self.plate))
        } else {
            return Err(status::NOT_FOUND.into());
        };
        // Selecting, even the same application again, ends what was verified before.
        self.piv.deselect();
        self.applet = applet;
        Ok(answer)
    }
}
