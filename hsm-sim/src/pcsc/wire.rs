//! pcsc-lite's messages (`winscard_msg.h`): fixed structures of little-endian numbers.

use crate::yubikey::ATR;
use std::io::{self, Read};

/// The commands of a client.
pub mod command {
    #![allow(missing_docs)]
    pub const ESTABLISH_CONTEXT: u32 = 0x01;
    pub const RELEASE_CONTEXT: u32 = 0x02;
    pub const CONNECT: u32 = 0x04;
    pub const RECONNECT: u32 = 0x05;
    pub const DISCONNECT: u32 = 0x06;
    pub const BEGIN_TRANSACTION: u32 = 0x07;
    pub const END_TRANSACTION: u32 = 0x08;
    pub const TRANSMIT: u32 = 0x09;
    pub const CONTROL: u32 = 0x0a;
    pub const STATUS: u32 = 0x0b;
    pub const CANCEL: u32 = 0x0d;
    pub const GET_ATTRIBUTE: u32 = 0x0f;
    pub const SET_ATTRIBUTE: u32 = 0x10;
    pub const VERSION: u32 = 0x11;
    pub const GET_READERS_STATE: u32 = 0x12;
    pub const WAIT_READER_STATE_CHANGE: u32 = 0x13;
    pub const STOP_WAITING: u32 = 0x14;
    pub const GET_READER_EVENTS: u32 = 0x15;
    pub const GET_READERS_STATE_SIZE: u32 = 0x16;
    pub const GET_READERS_STATE_ARRAY: u32 = 0x17;
}

/// Longest reader name, with its final zero.
pub const NAME: usize = 128;
/// Longest attribute.
pub const ATTRIBUTE: usize = 264;
/// The longest body a client may send: the largest structure, and a longest extended command after
/// it.
const LONGEST_BODY: u32 = 1024;

/// Reads one header and its body: the command and its structure's bytes. `None` at the end of the
/// stream.
///
/// # Errors
/// When the connection fails or announces a body longer than any structure.
pub fn read_request(stream: &mut impl Read) -> io::Result<Option<(u32, Vec<u8>)>> {
    let mut header = [0; 8];
    if stream.read(&mut header[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[1..])?;
    let [s0, s1, s2, s3, c0, c1, c2, c3] = header;
    let size = u32::from_le_bytes([s0, s1, s2, s3]);
    if size > LONGEST_BODY {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a message longer than any the protocol has",
        ));
    }
    let mut body = vec![0; size as usize];
    stream.read_exact(&mut body)?;
    Ok(Some((u32::from_le_bytes([c0, c1, c2, c3]), body)))
}

/// A structure as it came from a client, whose fields are read and answered in place.
pub struct Body(Vec<u8>);

impl Body {
    /// Takes a structure of exactly `size` bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>, size: usize) -> Option<Self> {
        (bytes.len() == size).then_some(Self(bytes))
    }

    /// The number at this offset.
    #[must_use]
    pub fn get(&self, offset: usize) -> u32 {
        self.0
            .get(offset..)
            .and_then(|b| b.first_chunk())
            .map_or(0, |four| u32::from_le_bytes(*four))
    }

    /// Writes the number at this offset.
    pub fn set(&mut self, offset: usize, value: u32) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Writes bytes at this offset, as many as fit.
    pub fn put(&mut self, offset: usize, bytes: &[u8]) {
        for (place, byte) in self.0.iter_mut().skip(offset).zip(bytes) {
            *place = *byte;
        }
    }

    /// The text in the field of `length` bytes at this offset, up to its first zero.
    #[must_use]
    pub fn text(&self, offset: usize, length: usize) -> String {
        let field: Vec<u8> = self
            .0
            .iter()
            .skip(offset)
            .take(length)
            .copied()
            .take_while(|b| *b != 0)
            .collect();
        String::from_utf8_lossy(&field).into_owned()
    }

    /// The bytes to send back.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// One element of the reader state array.
pub struct ReaderState {
    /// The reader's name; none when nothing is plugged in here.
    pub name: Option<String>,
    /// Insertions and removals so far.
    pub events: u32,
    /// How many clients share the card; -1 for one alone.
    pub sharing: i32,
}

impl ReaderState {
    /// The 184 bytes of `READER_STATE`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        const ABSENT: u32 = 0x02;
        const PRESENT_POWERED_NEGOTIABLE: u32 = 0x04 | 0x10 | 0x20;
        let mut out = self.name.clone().unwrap_or_default().into_bytes();
        out.resize(NAME, 0);
        let present = self.name.is_some();
        let state = if present {
            PRESENT_POWERED_NEGOTIABLE
        } else {
            ABSENT
        };
        let atr: &[u8] = if present { &ATR } else { &[] };
        out.extend(self.events.to_le_bytes());
        out.extend(state.to_le_bytes());
        out.extend(self.sharing.to_le_bytes());
        out.extend_from_slice(atr);
        out.resize(NAME + 12 + 33 + 3, 0);
        out.extend((atr.len() as u32).to_le_bytes());
        out.extend((if present { super::code::T1 } else { 0 }).to_le_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_state_is_184_bytes_with_or_without_a_reader() {
        for name in [None, Some("Yubico".to_owned())] {
            assert_eq!(
                ReaderState {
                    name,
                    events: 1,
                    sharing: 0
                }
                .to_bytes()
                .len(),
                184
            );
        }
    }

    #[test]
    fn a_body_longer_than_any_structure_is_refused_before_it_is_read() {
        let header = [0xff, 0xff, 0xff, 0xff, 9, 0, 0, 0];
        assert!(read_request(&mut &header[..]).is_err());
    }
}
