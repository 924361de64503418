//! The simulated YubiHSM 2s: the connector's requests, and the messages inside
//! them, in the secure channel and outside.
//!
//! The bytes are sent to the connector as they are; and once more to a unit, as
//! messages in hexadecimal, one on each line. A few words do what no fuzzer would
//! guess:
//!
//! ```text
//! open            a session is opened with the factory's password
//! in MESSAGE      this message is sent in that session
//! power           power off and on
//! later           half a minute passes
//! ```
//!
//! - A client that says anything at all gets its connection ended and nothing else.
//! - A unit answers every message with a whole message, no longer than it may be, and
//!   what it remembers can be written down and read back.
//! - Every message in a session is answered in it, readable by the client that opened it.

use std::{
    io::{self, Cursor, Read, Write},
    sync::LazyLock,
    time::Duration,
};

use hsm_sim::yubihsm::{
    Hsm,
    channel::Channel,
    code::command as codes,
    connector::converse,
    device::Store,
    fault::Plan,
    frame::{Frame, message},
    object::Kind,
    room::Room,
    state::State,
};

static STORE: LazyLock<Store> = LazyLock::new(|| {
    let versions = ["2.4.1".parse().expect("a version")];
    Store::open(None, Some(7), 1, &versions).expect("units can be made")
});

/// How many messages a unit gets at most, so that no input takes long.
const MOST: usize = 64;
/// The longest message that a unit takes or gives, with its head, in bytes.
const LONGEST: usize = 3200;

/// Sends the bytes as requests, and as messages.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    requests(data);
    messages(data);
}

/// A connection on which everything was said already.
struct Said<'d> {
    input: Cursor<&'d [u8]>,
    output: Vec<u8>,
}

impl Read for Said<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Write for Said<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn requests(data: &[u8]) {
    let room = Room::new(STORE.clone(), Plan::default());
    room.insert(1).expect("a device that is there");
    let mut connection = Said {
        input: Cursor::new(data),
        output: Vec::new(),
    };
    let address = ([127, 0, 0, 1], 12345).into();
    converse(&mut connection, address, &room).expect("a connection that does not break");
    assert!(
        connection.output.is_empty() || connection.output.starts_with(b"HTTP/1.1 "),
        "an answer that is none"
    );
}

fn messages(data: &[u8]) {
    let device = &STORE.devices()[0];
    let mut hsm = Hsm::new(
        device.plate.clone(),
        device.factory.clone(),
        device.state.clone(),
        STORE.seed().clone(),
    );
    let mut now = Duration::from_secs(1);
    hsm.power_up(now);
    let mut session = None;
    let lines = data.split(|byte| *byte == b'\n');
    for line in lines
        .filter_map(|line| std::str::from_utf8(line).ok())
        .take(MOST)
    {
        match line.trim() {
            "power" => hsm.power_up(now),
            "later" => now += Duration::from_secs(30),
            "open" => session = Session::open(&mut hsm, now),
            text => {
                let inner = text.strip_prefix("in ");
                let bytes = hexadecimal(inner.unwrap_or(text));
                match (inner, &mut session) {
                    (Some(_), Some(open)) if !is_slow(&bytes) => {
                        if !open.send(&mut hsm, &bytes, now) {
                            session = None;
                        }
                    }
                    (Some(_), _) => {}
                    (None, _) => drop(answered(&mut hsm, &bytes, now)),
                }
            }
        }
    }
    let kept = serde_json::to_vec(hsm.state()).expect("it can be written down");
    let again: State = serde_json::from_slice(&kept).expect("and read back");
    assert_eq!(
        serde_json::to_vec(&again).expect("again"),
        kept,
        "it comes back as something else"
    );
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| u8::try_from(c.to_digit(16)?).ok())
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Whether a command makes an RSA key, which takes seconds.
fn is_slow(message: &[u8]) -> bool {
    let makes_a_key = matches!(
        message.first(),
        Some(&(codes::GENERATE_ASYMMETRIC_KEY | codes::GENERATE_WRAP_KEY))
    );
    makes_a_key
        && message
            .iter()
            .skip(3 + 52)
            .any(|algorithm| (9..=11).contains(algorithm))
}

fn answered(hsm: &mut Hsm, message: &[u8], now: Duration) -> Vec<u8> {
    let answer = hsm.transmit(message, now);
    assert!(
        Frame::parse(&answer).is_ok(),
        "an answer that is no message: {answer:02x?}"
    );
    assert!(
        answer.len() <= LONGEST,
        "an answer of {} bytes",
        answer.len()
    );
    answer
}

/// The host's end of a session.
struct Session {
    number: u8,
    channel: Channel,
}

impl Session {
    /// Opens one with the factory's authentication key; `None` where that is gone or no
    /// seat is free.
    fn open(hsm: &mut Hsm, now: Duration) -> Option<Self> {
        let key = hsm.state().find(1, Kind::AuthenticationKey)?.data.clone();
        let (encryption, mac) = (key.first_chunk::<16>()?, key.last_chunk::<16>()?);
        let challenge = [0x5a; 8];
        let create = message(codes::CREATE_SESSION, &[&[0, 1][..], &challenge].concat());
        let answer = answered(hsm, &create, now);
        let [code, _, _, number, card @ ..] = answer.as_slice() else {
            return None;
        };
        let card = card.first_chunk::<8>()?;
        if *code != codes::CREATE_SESSION | 0x80 {
            return None;
        }
        let context: Vec<u8> = challenge.iter().chain(card).copied().collect();
        let context = context.first_chunk::<16>()?;
        let channel = Channel::symmetric(encryption, mac, context);
        let mut session = Self {
            number: *number,
            channel,
        };
        let shown = session.channel.host_cryptogram(context);
        let authenticate = session.coded(codes::AUTHENTICATE_SESSION, &shown);
        let answer = answered(hsm, &authenticate, now);
        (answer.first() == Some(&(codes::AUTHENTICATE_SESSION | 0x80))).then_some(session)
    }

    /// A message of this session with its code, from which the chain continues.
    fn coded(&mut self, code: u8, content: &[u8]) -> Vec<u8> {
        let mut whole = message(code, &[&[self.number], content, &[0; 8]].concat());
        whole.truncate(whole.len() - 8);
        let [half @ .., _, _, _, _, _, _, _, _] = self.channel.command_code(&whole);
        whole.extend(half);
        assert!(self.channel.accept(&whole), "a code of our own");
        whole
    }

    /// Sends a message and reads the answer; false when the session is over.
    fn send(&mut self, hsm: &mut Hsm, inner: &[u8], now: Duration) -> bool {
        let Some(sealed) = self.channel.clone().encrypt(inner) else {
            return false;
        };
        let outer = self.coded(codes::SESSION_MESSAGE, &sealed);
        let answer = answered(hsm, &outer, now);
        let [code, _, _, number, sealed @ .., _, _, _, _, _, _, _, _] = answer.as_slice() else {
            return false;
        };
        if *code != codes::SESSION_MESSAGE | 0x80 {
            return false;
        }
        assert_eq!(*number, self.number, "the answer of another session");
        let inner = self
            .channel
            .decrypt(sealed)
            .expect("an answer that can be read");
        assert!(
            Frame::parse(&inner).is_ok(),
            "an answer that is no message: {inner:02x?}"
        );
        self.channel.encrypt(&[]).is_some()
    }
}
