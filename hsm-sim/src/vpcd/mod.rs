//! The door through the real smart card service: vpcd, vsmartcard's driver for pcscd.
//!
//! The driver listens on a port for each slot of its reader, and takes whoever connects for a card that was
//! inserted. So a connection stands as long as the device is plugged in: seat 1 of the room is the driver's
//! first slot, seat 2 the second. A pcscd that goes away is waited for.

pub mod wire;

use crate::pcsc::code::Code;
use crate::peer;
use crate::room::{ClientId, Room, SEATS, Share};
use crate::yubikey::ATR;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wire::{Request, read_request, write_answer};

/// How often a driver that does not listen yet is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// How long a slot stays empty between two cards. pcscd looks every 400 ms: of a card that was exchanged
/// meanwhile it notices neither that the first went nor that the second came, and the reader stays useless.
const EMPTY: Duration = Duration::from_millis(500);

/// The one client of the room that watches it.
const WATCHER: ClientId = 0;

/// The reconnect that resets the device (pcsc-lite's `SCARD_RESET_CARD`).
const RESET: u32 = 1;

/// Serves the driver that listens at `first` and the ports above it, as long as the program runs.
pub fn serve(room: &Arc<Room>, first: SocketAddr) {
    let mut next: ClientId = WATCHER;
    let mut seats: [Option<(u32, Arc<Line>)>; SEATS] = Default::default();
    let mut emptied: [Option<Instant>; SEATS] = Default::default();
    loop {
        let (tell, told) = channel();
        let mut readers = Vec::new();
        room.wait_for_change(
            WATCHER,
            |now| readers = now,
            Box::new(move || {
                // Nobody listens any more when the program ends.
                let _ = tell.send(());
            }),
        );
        let slots = seats.iter_mut().zip(&mut emptied);
        for ((number, (seat, emptied)), reader) in (0..).zip(slots).zip(readers) {
            if let Some((_, line)) = seat.take_if(|(events, _)| *events != reader.events) {
                line.cut();
                *emptied = Some(Instant::now());
            }
            if let (None, Some(name)) = (&seat, reader.name) {
                next += 1;
                let line = Arc::new(Line::default());
                *seat = Some((reader.events, Arc::clone(&line)));
                let (client, room, mut address) = (next, Arc::clone(room), first);
                address.set_port(first.port().saturating_add(number));
                let empty = emptied.map_or(Duration::ZERO, |since| {
                    EMPTY.saturating_sub(since.elapsed())
                });
                std::thread::spawn(move || {
                    std::thread::sleep(empty);
                    // A device that was pulled out again meanwhile is in no slot.
                    if let Ok(device) = Device::hold(client, &room, &name) {
                        device.stay_in(address, &line);
                    }
                });
            }
        }
        // Told at the next change; the room keeps its end until then.
        if told.recv().is_err() {
            return;
        }
    }
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

/// A device of the room, held as a client of pcsc-lite holds it.
struct Device<'room> {
    room: &'room Room,
    client: ClientId,
    handle: i32,
}

impl<'room> Device<'room> {
    fn hold(client: ClientId, room: &'room Room, reader: &str) -> Result<Self, Code> {
        let context = room.establish(client);
        let handle = room.connect(
            client,
            context,
            reader,
            Share::Shared,
            crate::pcsc::code::T1,
        );
        if handle.is_err() {
            room.hang_up(client);
        }
        handle.map(|handle| Self {
            room,
            client,
            handle,
        })
    }

    /// Is the card in the slot at this address until the line is cut.
    fn stay_in(&self, address: SocketAddr, line: &Line) {
        while line.keep(None) {
            let Ok(stream) = TcpStream::connect(address) else {
                std::thread::sleep(TRY_AGAIN);
                continue;
            };
            if stream.try_clone().is_ok_and(|end| line.keep(Some(end))) {
                // However it ends: either the device is out, or pcscd is waited for.
                let _ = self.converse(stream);
            }
        }
    }

    fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            // The driver sends length and content apart, and the kernel holds the second back until the first
            // is acknowledged (RFC 896): 40 ms for each command, unless it is at once.
            rustix::net::sockopt::set_tcp_quickack(&stream, true)?;
            let Some(request) = read_request(&mut stream)? else {
                return Ok(());
            };
            match request {
                Request::PowerOn => {}
                Request::PowerOff | Request::Reset => {
                    let reset = self
                        .room
                        .reconnect(self.client, self.handle, Share::Shared, RESET);
                    reset.map_err(pulled_out)?;
                }
                Request::Atr => write_answer(&mut stream, &ATR)?,
                Request::Command(command) => {
                    let answer = self.room.transmit(self.client, self.handle, &command, || {
                        peer::listens(&stream)
                    });
                    write_answer(&mut stream, &answer.map_err(pulled_out)?)?;
                }
            }
        }
    }
}

impl Drop for Device<'_> {
    fn drop(&mut self) {
        self.room.hang_up(self.client);
    }
}

/// A device that cannot answer is one that is not there: the driver knows no other failure.
fn pulled_out(code: Code) -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        format!("the device does not answer: {code:#x}"),
    )
}
