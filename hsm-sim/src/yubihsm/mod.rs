//! One simulated YubiHSM 2, from its plug inward: messages in, answers out.

pub mod channel;
pub mod clock;
pub mod code;
mod command;
pub mod connector;
pub mod device;
pub mod fault;
pub mod frame;
pub mod key;
pub mod log;
pub mod object;
pub mod plate;
pub mod room;
pub mod session;
pub mod state;

use crate::seed::Seed;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::Rng;
use code::{Failure, Reply, command as codes};
use frame::{Fields, Frame, answer, message};
use log::{Record, Trace};
use object::Kind;
use plate::Plate;
use session::{Caller, Sessions};
use state::{Factory, State};
use std::time::Duration;

/// A device. Times are counted from any moment that the caller likes.
pub struct Hsm {
    plate: Plate,
    factory: Factory,
    state: State,
    seed: Seed,
    sessions: Sessions,
    rng: ChaCha20Rng,
    powered: Duration,
    blinking_until: Duration,
}

impl Hsm {
    /// The device with this plate and this memory, without power.
    #[must_use]
    pub fn new(plate: Plate, factory: Factory, state: State, seed: Seed) -> Self {
        Self {
            rng: randomness(&seed, &plate, state.boots),
            plate,
            factory,
            state,
            seed,
            sessions: Sessions::default(),
            powered: Duration::ZERO,
            blinking_until: Duration::ZERO,
        }
    }

    /// What it remembers without power.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether its light blinks because somebody asked for that.
    #[must_use]
    pub fn is_blinking(&self, now: Duration) -> bool {
        now < self.blinking_until
    }

    /// Power off and on: sessions are gone, and the log gets an entry.
    pub fn power_up(&mut self, now: Duration) {
        self.restart(now);
        self.state.log.boot(self.state.auditing.forced());
    }

    /// Fills the log with power-ups, as in a device that nobody ever audited.
    pub fn fill_log(&mut self) {
        while !self.state.log.is_full() {
            self.state.log.boot(false);
        }
    }

    fn restart(&mut self, now: Duration) {
        self.state.boots += 1;
        self.rng = randomness(&self.seed, &self.plate, self.state.boots);
        self.sessions.clear();
        self.powered = now;
        self.blinking_until = Duration::ZERO;
    }

    /// Resets the device as somebody does who touches it for ten seconds while plugging
    /// it in; no password is asked.
    pub fn reset_by_hand(&mut self, now: Duration) {
        self.reset(now);
    }

    fn reset(&mut self, now: Duration) {
        self.restart(now);
        let random = self.random();
        self.state = State::after_reset(self.plate.firmware, self.state.boots, random);
        self.state.log.boot(false);
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// The command a message brings, seen through its encryption; nothing is changed by looking.
    #[must_use]
    pub fn command_in(&self, bytes: &[u8]) -> Option<u8> {
        let frame = Frame::parse(bytes).ok()?;
        if frame.code != codes::SESSION_MESSAGE {
            return Some(frame.code);
        }
        let (number, rest) = frame.data.split_first()?;
        let (ciphertext, _) = rest.split_last_chunk::<8>()?;
        let session = self.sessions.peek(*number)?;
        session.channel.decrypt(ciphertext)?.first().copied()
    }

    /// One message, and the answer to it.
    pub fn transmit(&mut self, bytes: &[u8], now: Duration) -> Vec<u8> {
        let parsed = if bytes.len() > self.plate.firmware.longest_message() {
            Err(Failure::WrongLength)
        } else {
            Frame::parse(bytes)
        };
        let frame = match parsed {
            Ok(frame) => frame,
            Err(failure) => return answer(0, &Err(failure)),
        };
        if frame.code == codes::SESSION_MESSAGE {
            return self
                .session_message(bytes, now)
                .unwrap_or_else(|failure| answer(0, &Err(failure)));
        }
        let reply = self.audited(None, frame, now, |hsm, trace| match frame.code {
            codes::CREATE_SESSION => hsm.create_session(frame.data, trace, now),
            codes::AUTHENTICATE_SESSION => hsm.authenticate_session(bytes, trace, now),
            codes::ECHO | codes::DEVICE_INFO | codes::GET_DEVICE_PUBLIC_KEY => {
                hsm.public_command(frame)
            }
            _ => Err(Failure::InvalidCommand),
        });
        answer(frame.code, &reply)
    }

    /// A message in a session. What goes wrong with the session is answered in plain, what goes
    /// wrong with the command inside is answered inside.
    fn session_message(&mut self, bytes: &[u8], now: Duration) -> Reply {
        let mut fields = Fields(bytes);
        fields.take(3)?;
        let number = fields.u8()?;
        let ciphertext = fields.all_but(8)?;
        let session = self
            .sessions
            .get(number, now)
            .filter(|session| session.awaited.is_none())
            .ok_or(Failure::InvalidSession)?;
        if !session.channel.accept(bytes) {
            self.sessions.close(number);
            return Err(Failure::SessionFailed);
        }
        let inner = session
            .channel
            .decrypt(ciphertext)
            .ok_or(Failure::SessionFailed)?;
        let caller = session.caller;
        // The answer travels in the session as it was before the command.
        let mut channel = session.channel.clone();

        let reply = match Frame::parse(&inner) {
            Ok(frame) => {
                let reply = self.audited(Some(&caller), frame, now, |hsm, trace| {
                    hsm.command(&caller, frame, trace, now)
                });
                match (frame.code, &reply) {
                    (codes::CLOSE_SESSION, Ok(_)) => self.sessions.close(number),
                    (codes::RESET_DEVICE, Ok(_)) => self.reset(now),
                    _ => {}
                }
                answer(frame.code, &reply)
            }
            Err(failure) => answer(0, &Err(failure)),
        };

        let sealed = channel.encrypt(&reply).ok_or(Failure::SessionFailed)?;
        let body = [&[number], &sealed[..], &[0; 8]].concat();
        let mut outer = message(codes::SESSION_MESSAGE | 0x80, &body);
        outer.truncate(outer.len().saturating_sub(8));
        outer.extend(channel.response_code(&outer));
        if let Some(session) = self.sessions.get(number, now) {
            session.channel = channel;
        }
        Ok(outer)
    }

    /// Carries out a command, and logs it when commands of its kind are logged.
    fn audited(
        &mut self,
        caller: Option<&Caller>,
        frame: Frame,
        now: Duration,
        run: impl FnOnce(&mut Self, &mut Trace) -> Reply,
    ) -> Reply {
        if self.state.refuses(frame.code) {
            return Err(Failure::LogFull);
        }
        let mut trace = Trace::default();
        let reply = run(self, &mut trace);
        if !self.state.auditing.audits(frame.code) {
            return reply;
        }
        if self.state.has_no_room_to_log() {
            if frame.code == codes::AUTHENTICATE_SESSION {
                let count = &mut self.state.log.unlogged_authentications;
                *count = count.saturating_add(1);
            }
            return reply;
        }
        let tick = now.saturating_sub(self.powered).as_millis();
        self.state.log.append(&Record {
            code: frame.code,
            length: u16::try_from(frame.data.len()).unwrap_or(u16::MAX),
            session_key: caller.map_or(0xffff, |caller| caller.key),
            target: trace.target,
            second: trace.second,
            result: match &reply {
                Ok(_) => frame.code | 0x80,
                Err(failure) => *failure as u8,
            },
            tick: u32::try_from(tick).unwrap_or(u32::MAX),
        });
        reply
    }

    fn create_session(&mut self, data: &[u8], trace: &mut Trace, now: Duration) -> Reply {
        let mut fields = Fields(data);
        let id = fields.u16()?;
        trace.target = id;
        let key = self
            .state
            .find(id, Kind::AuthenticationKey)
            .ok_or(Failure::ObjectNotFound)?
            .clone();
        let caller = Caller {
            key: id,
            capabilities: key.capabilities,
            delegated: key.delegated,
            domains: key.domains,
        };
        if key.algorithm == 49 {
            return self.agree_on_session(caller, &key.data, fields, now);
        }
        let host = fields.array::<8>()?;
        fields.end()?;
        let card = self.random::<8>();
        let mut context = [0; 16];
        context
            .iter_mut()
            .zip(host.iter().chain(&card))
            .for_each(|(to, from)| *to = *from);
        let mut halves = Fields(&key.data);
        let (encryption, mac) = (halves.array::<16>()?, halves.array::<16>()?);
        let channel = channel::Channel::symmetric(&encryption, &mac, &context);
        let shown = channel.card_cryptogram(&context);
        let awaited = channel.host_cryptogram(&context);
        let number = self
            .sessions
            .open(caller, channel, Some(awaited), now)
            .ok_or(Failure::SessionsFull)?;
        Ok([&[number][..], &card, &shown].concat())
    }

    fn agree_on_session(
        &mut self,
        caller: Caller,
        key: &[u8],
        mut fields: Fields,
        now: Duration,
    ) -> Reply {
        let host_point = fields.take(65)?;
        fields.end()?;
        let secret =
            key::PrivateKey::generate(key::Family::Ec(key::curve::Curve::P256), &mut self.rng)
                .ok_or(Failure::InvalidData)?;
        let public = key::curve::Curve::P256
            .public(&secret)
            .ok_or(Failure::InvalidData)?;
        let point = [&[4], &public[..]].concat();
        let lasting_point = [&[4], key].concat();
        let ephemeral = channel::agree(&secret, host_point).ok_or(Failure::InvalidData)?;
        let lasting =
            channel::agree(&self.factory.agreement, &lasting_point).ok_or(Failure::InvalidData)?;
        let (channel, receipt) =
            channel::Channel::asymmetric(&ephemeral, &lasting, &point, host_point)
                .ok_or(Failure::InvalidData)?;
        let number = self
            .sessions
            .open(caller, channel, None, now)
            .ok_or(Failure::SessionsFull)?;
        Ok([&[number], &point[..], &receipt].concat())
    }

    fn authenticate_session(&mut self, bytes: &[u8], trace: &mut Trace, now: Duration) -> Reply {
        let mut fields = Fields(bytes);
        fields.take(3)?;
        let number = fields.u8()?;
        let shown = fields.array::<8>()?;
        fields.array::<8>()?;
        fields.end()?;
        let session = self
            .sessions
            .get(number, now)
            .ok_or(Failure::InvalidSession)?;
        trace.target = session.caller.key;
        let Some(awaited) = session.awaited else {
            return Err(Failure::InvalidSession);
        };
        if awaited != shown || !session.channel.accept(bytes) {
            self.sessions.close(number);
            return Err(Failure::AuthenticationFailed);
        }
        session.awaited = None;
        Ok(Vec::new())
    }
}

fn randomness(seed: &Seed, plate: &Plate, boots: u64) -> ChaCha20Rng {
    seed.rng(&[
        b"yubihsm",
        &plate.serial.to_be_bytes(),
        b"boot",
        &boots.to_be_bytes(),
    ])
}
