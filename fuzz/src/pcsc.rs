//! The simulated YubiKeys: pcsc-lite's frames, and the commands inside them.
//!
//! The bytes are sent down a socket as they are, and what comes back is read until
//! nothing more does; and once more as commands to a card, in hexadecimal, one on each
//! line. A few words do what no fuzzer would guess:
//!
//! ```text
//! power           power off and on
//! touch | leave   anyone who is asked touches the device from now on, or does not
//! manage          the management key is used, whichever it is
//! ```
//!
//! - A client that says anything at all gets its connection ended and nothing else.
//! - A card answers every command, with a status word and no more data than was asked
//!   for, and what it remembers can be written down and read back.

use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use hsm_sim::{
    pcsc::{Writers, converse},
    room::Room,
    tlv,
    yubikey::{Card, Outcome, apdu::Command, device::Store, fault::Plan, piv::state::PivState},
};

static STORE: LazyLock<Store> = LazyLock::new(|| {
    let models = ["5.7.4".parse().expect("a model")];
    Store::open(None, Some(7), 1, &models).expect("devices can be made")
});

/// How many bytes of frames are sent at most.
const MOST_SAID: usize = 64 << 10;
/// How many commands a card gets at most, so that no input takes long.
const MOST: usize = 64;

/// Sends the bytes as frames, and as commands.
///
/// # Panics
/// Where a promise does not hold.
pub fn run(data: &[u8]) {
    frames(data);
    commands(data);
}

fn frames(data: &[u8]) {
    let room = Arc::new(Room::new(STORE.clone(), Plan::default(), Duration::ZERO));
    room.insert(1).expect("a device that is there");
    let (mut client, service) = UnixStream::pair().expect("a pair of sockets");
    // As much as a socket holds, so that everything is said before it is heard.
    client
        .write_all(data.get(..MOST_SAID).unwrap_or(data))
        .expect("a socket with room");
    client.shutdown(Shutdown::Write).expect("a socket");
    let reading = thread::spawn(move || {
        let mut all = Vec::new();
        // The service may be gone before everything was read.
        let _ = client.read_to_end(&mut all);
    });
    converse(1, service, &room, &Writers::default());
    reading.join().expect("a client that reads");
    assert!(
        room.readers().iter().all(|reader| reader.sharing == 0),
        "its card is held"
    );
}

fn commands(data: &[u8]) {
    let device = &STORE.devices()[0];
    let mut card = Card::new(
        device.plate.clone(),
        device.piv.clone(),
        STORE.seed().clone(),
    );
    let mut touched = false;
    let lines = data.split(|byte| *byte == b'\n');
    for line in lines
        .filter_map(|line| std::str::from_utf8(line).ok())
        .take(MOST)
    {
        match line.trim() {
            "power" => card.power_cycle(),
            "touch" => touched = true,
            "leave" => touched = false,
            "manage" => manage(&mut card, touched),
            text => {
                if let Some(command) = command(text) {
                    send(&mut card, &command, touched);
                }
            }
        }
    }
    let kept = serde_json::to_vec(card.state()).expect("it can be written down");
    let again: PivState = serde_json::from_slice(&kept).expect("and read back");
    assert!(again == *card.state(), "it comes back as something else");
}

/// A command out of hexadecimal. RSA keys take seconds to make and are left out, and so is
/// everything that continues a command that might make one.
fn command(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| u8::try_from(c.to_digit(16)?).ok())
        .collect();
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    let makes_a_key = Command::parse(&bytes).is_some_and(|command| command.instruction == 0x47);
    let of_rsa = bytes
        .windows(3)
        .any(|w| matches!(w, [0x80, 1, 5..=7 | 0x16]));
    let continued = bytes.first().is_some_and(|class| class & 0x10 != 0);
    (!makes_a_key || !of_rsa && !continued).then_some(bytes)
}

fn send(card: &mut Card, command: &[u8], touched: bool) -> Vec<u8> {
    let limit = Command::parse(command).map_or(0, |command| command.limit);
    let answer = match card.transmit(command) {
        Outcome::Answer(answer) => answer,
        Outcome::AwaitTouch => card.resume(touched),
    };
    assert!(
        (2..=limit + 2).contains(&answer.len()),
        "{} bytes where {limit} and a status word were asked for",
        answer.len()
    );
    answer
}

/// Single authentication: the device's challenge, encrypted.
fn manage(card: &mut Card, touched: bool) {
    let key = card.state().management.clone();
    let id = key.cipher.id();
    let answer = send(card, &[0, 0x87, id, 0x9b, 4, 0x7c, 2, 0x81, 0], touched);
    let challenge = tlv::find(&answer, 0x7c).and_then(|template| tlv::find(template, 0x81));
    let proof = challenge.and_then(|challenge| key.encrypt(challenge));
    if let Some(proof) = proof {
        let template = tlv::tlv(0x7c, &tlv::tlv(0x82, &proof));
        let length = u8::try_from(template.len()).expect("a block is short");
        let head = [0, 0x87, id, 0x9b, length];
        let answer = send(card, &[&head, &template[..]].concat(), touched);
        assert!(key.touch || answer == [0x90, 0], "the right key is refused");
    }
}
