//! The door through the real smart card service: vpcd, vsmartcard's driver for pcscd.
//!
//! The driver listens on a port for each slot of its reader, and takes anyone who connects for a
//! card that was inserted. So a connection lasts while the device is plugged in: seat 1 of
//! the room is the driver's first slot, seat 2 the second. A pcscd that goes away is waited for.

pub mod wire;

use crate::pcsc::code::Code;
use crate::peer;
use crate::room::{Held, Room, SEATS};
use crate::yubikey::ATR;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wire::{Request, read_request, write_answer};

/// How often a driver that does not listen yet is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// How long a slot stays empty between two cards. pcscd looks every 400 ms. If a card is exchanged
/// between two looks, pcscd notices neither that the first went nor that the second came. The
/// reader then stays useless.
const EMPTY: Duration = Duration::from_millis(420);

/// Serves the driver that listens at `first` and the ports above it, as long as the program runs.
pub fn serve(room: &Arc<Room>, first: SocketAddr) {
    let mut lines: [Option<Arc<Line>>; SEATS] = Default::default();
    let mut emptied: [Option<Instant>; SEATS] = Default::default();
    room.follow(|seat, device| {
        let (Some(place), Some(emptied)) = (lines.get_mut(seat), emptied.get_mut(seat)) else {
            return;
        };
        if let Some(line) = place.take() {
            line.cut();
            *emptied = Some(Instant::now());
        }
        if let Some(device) = device {
            let line = Arc::new(Line::default());
            *place = Some(Arc::clone(&line));
            let mut address = first;
            let number = u16::try_from(seat).unwrap_or(u16::MAX);
            address.set_port(first.port().saturating_add(number));
            let empty = emptied.map_or(Duration::ZERO, |since| {
                EMPTY.saturating_sub(since.elapsed())
            });
            std::thread::spawn(move || {
                std::thread::sleep(empty);
                stay_in(&device, address, &line);
            });
        }
    });
}

/// The connection of one insertion, which is cut when the device is pulled out.
#[derive(Default)]
struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    cut: bool,
    stream: Option<TcpStream>,
}

impl Line {
    fn cut(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.cut = true;
        if let Some(stream) = state.stream.take() {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Keeps the stream to cut; false when the device has been pulled out.
    fn keep(&self, stream: Option<TcpStream>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stream = stream;
        !state.cut
    }
}

/// The device is the card in the slot at this address until the line is cut.
fn stay_in(device: &Held, address: SocketAddr, line: &Line) {
    while line.keep(None) {
        let Ok(stream) = TcpStream::connect(address) else {
            std::thread::sleep(TRY_AGAIN);
            continue;
        };
        if stream.try_clone().is_ok_and(|end| line.keep(Some(end))) {
            // However it ends: either the device is out, or pcscd is waited for.
            let _ = converse(device, stream);
        }
    }
}

fn converse(device: &Held, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        // The driver sends length and content apart, and the kernel holds the second back until the
        // first is acknowledged (RFC 896): 40 ms for each command, unless it is at once.
        rustix::net::sockopt::set_tcp_quickack(&stream, true)?;
        let Some(request) = read_request(&mut stream)? else {
            return Ok(());
        };
        match request {
            Request::PowerOn => {}
            Request::PowerOff | Request::Reset => device.reset().map_err(pulled_out)?,
            Request::Atr => write_answer(&mut stream, &ATR)?,
            Request::Command(command) => {
                let answer = device.transmit(&command, || peer::listens(&stream));
                write_answer(&mut stream, &answer.map_err(pulled_out)?)?;
            }
        }
    }
}

/// A device that cannot answer is one that is not there: the driver knows no other failure.
fn pulled_out(code: Code) -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        format!("the device does not answer: {code:#x}"),
    )
}
