//! The smart card service's door: pcsc-lite's client protocol, versions 4.4 to 4.6, on a unix
//! socket.
//!
//! The structures are those of pcsc-lite's `winscard_msg.h`, the behaviour that of its daemon as
//! its client library expects it.

pub mod code;
pub mod wire;

use crate::peer;
use crate::room::{ClientId, Room, SEATS, Share};
use crate::yubikey::ATR;
use code::Code;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wire::{ATTRIBUTE, Body, NAME, ReaderState, command, read_request};

/// The longest command or answer a client may send or have room for.
const LONGEST_DATA: u32 = 65536 + 16;

const ATTRIBUTE_ATR: u32 = 0x0009_0303;
const ATTRIBUTE_VENDOR_NAME: u32 = 0x0001_0100;
const ATTRIBUTE_FRIENDLY_NAME: u32 = 0x7fff_0003;

/// The writing ends of all connections: an event is written by the one who causes it.
pub type Writers = Arc<Mutex<HashMap<ClientId, Arc<Mutex<UnixStream>>>>>;

/// Serves clients as long as the program runs.
pub fn serve(listener: &UnixListener, room: &Arc<Room>) {
    let writers = Writers::default();
    for (id, stream) in (1..).zip(listener.incoming()) {
        // A connection that failed before it began concerns only its client.
        let (Ok(stream), room, writers) = (stream, Arc::clone(room), Arc::clone(&writers)) else {
            continue;
        };
        std::thread::spawn(move || converse(id, stream, &room, &writers));
    }
}

/// Serves one client until it hangs up. No two have one `id`.
pub fn converse(id: ClientId, stream: UnixStream, room: &Arc<Room>, writers: &Writers) {
    if let Ok(client) = Client::new(id, stream, Arc::clone(room), Arc::clone(writers)) {
        // However a connection ends, its devices are free again afterwards.
        let _ = client.run();
    }
    locked(writers).remove(&id);
    room.hang_up(id);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The structure of 0x14, and of the event a waiting client is sent: `timeout`, `rv`.
fn wait_reply(rv: Code) -> Vec<u8> {
    [0u32.to_le_bytes(), rv.to_le_bytes()].concat()
}

fn states(readers: &[ReaderState]) -> Vec<u8> {
    readers.iter().flat_map(ReaderState::to_bytes).collect()
}

struct Client {
    id: ClientId,
    stream: UnixStream,
    writer: Arc<Mutex<UnixStream>>,
    room: Arc<Room>,
    writers: Writers,
}

impl Client {
    fn new(
        id: ClientId,
        stream: UnixStream,
        room: Arc<Room>,
        writers: Writers,
    ) -> io::Result<Self> {
        // A client that does not read must not stop the one whose command made the event.
        stream.set_write_timeout(Some(Duration::from_secs(2)))?;
        let writer = Arc::new(Mutex::new(stream.try_clone()?));
        locked(&writers).insert(id, Arc::clone(&writer));
        Ok(Self {
            id,
            stream,
            writer,
            room,
            writers,
        })
    }

    fn run(mut self) -> io::Result<()> {
        while let Some((command, body)) = read_request(&mut self.stream)? {
            let answer = self.answer(command, body)?;
            locked(&self.writer).write_all(&answer)?;
        }
        Ok(())
    }

    fn answer(&mut self, command: u32, body: Vec<u8>) -> io::Result<Vec<u8>> {
        let size = match command {
            command::VERSION
            | command::ESTABLISH_CONTEXT
            | command::DISCONNECT
            | command::END_TRANSACTION => 12,
            command::RELEASE_CONTEXT
            | command::BEGIN_TRANSACTION
            | command::STATUS
            | command::CANCEL => 8,
            command::CONNECT => 24 + NAME,
            command::RECONNECT | command::CONTROL => 24,
            command::TRANSMIT => 32,
            command::GET_ATTRIBUTE | command::SET_ATTRIBUTE => 16 + ATTRIBUTE,
            _ => 0,
        };
        let wrong = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("command {command:#x} of a wrong length"),
            )
        };
        let mut body = Body::new(body, size).ok_or_else(wrong)?;
        let last = size.saturating_sub(4);
        let done = |result: Result<(), Code>| result.err().unwrap_or(code::SUCCESS);
        match command {
            command::VERSION => {
                // 4.4 to 4.6 differ in what clients may ask, not in the structures they share.
                let known = body.get(0) == 4 && (4..=6).contains(&body.get(4));
                body.set(
                    last,
                    if known {
                        code::SUCCESS
                    } else {
                        code::SERVICE_STOPPED
                    },
                );
            }
            command::ESTABLISH_CONTEXT => {
                body.set(4, self.room.establish(self.id));
                body.set(last, code::SUCCESS);
            }
            command::RELEASE_CONTEXT => {
                body.set(last, done(self.room.release(self.id, body.get(0))))
            }
            command::CONNECT => self.connect(&mut body),
            command::RECONNECT => {
                let result = Share::from_wire(body.get(4))
                    .ok_or(code::INVALID_PARAMETER)
                    .and_then(|share| {
                        self.room
                            .reconnect(self.id, body.get(0).cast_signed(), share, body.get(12))
                    });
                body.set(16, code::T1);
                body.set(last, done(result));
            }
            command::DISCONNECT => {
                body.set(
                    last,
                    done(
                        self.room
                            .disconnect(self.id, body.get(0).cast_signed(), body.get(4)),
                    ),
                );
            }
            command::BEGIN_TRANSACTION => body.set(
                last,
                done(self.room.begin(self.id, body.get(0).cast_signed())),
            ),
            command::END_TRANSACTION => {
                body.set(
                    last,
                    done(
                        self.room
                            .end(self.id, body.get(0).cast_signed(), body.get(4)),
                    ),
                );
            }
            command::STATUS => body.set(
                last,
                done(
                    self.room
                        .status(self.id, body.get(0).cast_signed())
                        .map(drop),
                ),
            ),
            command::TRANSMIT => return self.transmit(body),
            command::CONTROL => return self.control(body),
            command::CANCEL => self.cancel(&mut body),
            command::GET_ATTRIBUTE => self.attribute(&mut body),
            command::SET_ATTRIBUTE => body.set(last, code::UNSUPPORTED_FEATURE),
            command::GET_READERS_STATE | command::GET_READERS_STATE_ARRAY => {
                return Ok(states(&self.room.readers()));
            }
            command::GET_READERS_STATE_SIZE => return Ok((SEATS as u32).to_le_bytes().to_vec()),
            command::WAIT_READER_STATE_CHANGE => return self.wait().map(|()| Vec::new()),
            command::STOP_WAITING => {
                // Nothing is answered when the event went out already: the client takes it for the
                // answer.
                let waiting = self.room.stop_waiting(self.id);
                return Ok(if waiting {
                    wait_reply(code::SUCCESS)
                } else {
                    Vec::new()
                });
            }
            command::GET_READER_EVENTS => {
                let events: u32 = self.room.readers().iter().map(|reader| reader.events).sum();
                return Ok([events.to_le_bytes(), code::SUCCESS.to_le_bytes()].concat());
            }
            unknown => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("unknown command {unknown:#x}"),
                ));
            }
        }
        Ok(body.into_bytes())
    }

    fn connect(&self, body: &mut Body) {
        let reader = body.text(4, NAME);
        let result = Share::from_wire(body.get(4 + NAME))
            .ok_or(code::INVALID_PARAMETER)
            .and_then(|share| {
                self.room
                    .connect(self.id, body.get(0), &reader, share, body.get(8 + NAME))
            });
        match result {
            Ok(handle) => {
                body.set(12 + NAME, handle.cast_unsigned());
                body.set(16 + NAME, code::T1);
                body.set(20 + NAME, code::SUCCESS);
            }
            Err(code) => body.set(20 + NAME, code),
        }
    }

    /// Reads what follows a structure.
    fn more(&mut self, length: u32) -> io::Result<Vec<u8>> {
        if length > LONGEST_DATA {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "more data than the protocol allows",
            ));
        }
        let mut data = vec![0; length as usize];
        self.stream.read_exact(&mut data)?;
        Ok(data)
    }

    fn transmit(&mut self, mut body: Body) -> io::Result<Vec<u8>> {
        let command = self.more(body.get(12))?;
        let room_for = body.get(24) as usize;
        let handle = body.get(0).cast_signed();
        let answer = match self
            .room
            .transmit(self.id, handle, &command, || peer::listens(&self.stream))
        {
            Ok(answer) if answer.len() > room_for => Err(code::INSUFFICIENT_BUFFER),
            other => other,
        };
        body.set(16, code::T1);
        body.set(24, answer.as_ref().map_or(0, |bytes| bytes.len() as u32));
        body.set(28, answer.as_ref().err().copied().unwrap_or(code::SUCCESS));
        let mut out = body.into_bytes();
        out.extend(answer.unwrap_or_default());
        Ok(out)
    }

    fn control(&mut self, mut body: Body) -> io::Result<Vec<u8>> {
        /// `CM_IOCTL_GET_FEATURE_REQUEST`: which features of PC/SC part 10 the reader has; none.
        const FEATURES: u32 = 0x4200_0d48;
        self.more(body.get(8))?;
        let result = self.room.status(self.id, body.get(0).cast_signed());
        let result = result.and(if body.get(4) == FEATURES {
            Ok(())
        } else {
            Err(code::UNSUPPORTED_FEATURE)
        });
        body.set(16, 0);
        body.set(20, result.err().unwrap_or(code::SUCCESS));
        Ok(body.into_bytes())
    }

    fn attribute(&self, body: &mut Body) {
        let reader = self.room.status(self.id, body.get(0).cast_signed());
        let result = reader.and_then(|name| {
            let value = match body.get(4) {
                ATTRIBUTE_ATR => ATR.to_vec(),
                ATTRIBUTE_VENDOR_NAME => b"Yubico\0".to_vec(),
                ATTRIBUTE_FRIENDLY_NAME => name.into_bytes(),
                _ => return Err(code::UNSUPPORTED_FEATURE),
            };
            body.put(8, &value);
            body.set(8 + ATTRIBUTE, value.len() as u32);
            Ok(())
        });
        body.set(12 + ATTRIBUTE, result.err().unwrap_or(code::SUCCESS));
    }

    /// Sends the states, and later the event. Both are written while the room is held, so that the
    /// event cannot overtake the states, and no change falls between.
    fn wait(&self) -> io::Result<()> {
        let writer = Arc::clone(&self.writer);
        let mut sent = Ok(());
        self.room.wait_for_change(
            self.id,
            |readers| sent = locked(&self.writer).write_all(&states(&readers)),
            Box::new(move || drop(locked(&writer).write_all(&wait_reply(code::SUCCESS)))),
        );
        sent
    }

    /// Ends the wait of the context named, on any connection.
    fn cancel(&self, body: &mut Body) {
        let owner = self.room.owner(body.get(0));
        let waiting = owner.filter(|owner| self.room.stop_waiting(*owner));
        let writer = waiting.and_then(|owner| locked(&self.writers).get(&owner).cloned());
        let result = match writer {
            Some(writer)
                if locked(&writer)
                    .write_all(&wait_reply(code::CANCELLED))
                    .is_ok() =>
            {
                code::SUCCESS
            }
            _ => code::INVALID_HANDLE,
        };
        body.set(4, result);
    }
}
