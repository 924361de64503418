//! Packets of the usbredir protocol (usbredir's `usb-redir-protocol.txt` and `usbredirproto.h`,
//! version 0.7).
//!
//! Numbers are little-endian. Both sides must have the capabilities that this side has: packets of
//! one shape only.

use std::io::{self, Read};

/// Types of packets. Those from 100 carry data of an endpoint.
pub(super) mod kind {
    pub(crate) const HELLO: u32 = 0;
    pub(crate) const DEVICE_CONNECT: u32 = 1;
    pub(crate) const DEVICE_DISCONNECT: u32 = 2;
    pub(crate) const RESET: u32 = 3;
    pub(crate) const INTERFACE_INFO: u32 = 4;
    pub(crate) const ENDPOINT_INFO: u32 = 5;
    pub(crate) const SET_CONFIGURATION: u32 = 6;
    pub(crate) const GET_CONFIGURATION: u32 = 7;
    pub(crate) const CONFIGURATION_STATUS: u32 = 8;
    pub(crate) const SET_ALT_SETTING: u32 = 9;
    pub(crate) const GET_ALT_SETTING: u32 = 10;
    pub(crate) const ALT_SETTING_STATUS: u32 = 11;
    pub(crate) const START_INTERRUPT_RECEIVING: u32 = 15;
    pub(crate) const STOP_INTERRUPT_RECEIVING: u32 = 16;
    pub(crate) const INTERRUPT_RECEIVING_STATUS: u32 = 17;
    pub(crate) const CANCEL_DATA_PACKET: u32 = 21;
    pub(crate) const CONTROL_PACKET: u32 = 100;
    pub(crate) const BULK_PACKET: u32 = 101;
    pub(crate) const INTERRUPT_PACKET: u32 = 103;
}

/// The outcome of a transfer.
pub(super) mod status {
    pub(crate) const SUCCESS: u8 = 0;
    pub(crate) const CANCELLED: u8 = 1;
    pub(crate) const STALL: u8 = 4;
}

/// The device's release number is in the packet that connects it.
const CONNECT_DEVICE_VERSION: u32 = 1 << 1;
/// Endpoints have a largest packet.
const EP_INFO_MAX_PACKET_SIZE: u32 = 1 << 4;
/// Packets are numbered with 64 bits.
const IDS_64BITS: u32 = 1 << 5;
/// A bulk transfer may be longer than 64 KiB: libccid reads 65,556 bytes.
const BULK_LENGTH_32BITS: u32 = 1 << 6;

const CAPABILITIES: u32 =
    CONNECT_DEVICE_VERSION | EP_INFO_MAX_PACKET_SIZE | IDS_64BITS | BULK_LENGTH_32BITS;

const VERSION: &[u8] = b"hsm-sim";
const VERSION_LENGTH: usize = 64;

/// The longest packet that makes sense here: a CCID message and what is before it.
const LONGEST: u32 = 128 << 10;

/// A packet without its header's length.
pub(super) struct Packet {
    /// One of [`kind`].
    pub kind: u32,
    /// The number that an answer repeats.
    pub id: u64,
    /// What follows the header.
    pub body: Vec<u8>,
}

/// The packet with which this side begins; its header is the short one.
#[must_use]
pub(super) fn hello() -> Vec<u8> {
    let mut version = VERSION.to_vec();
    version.resize(VERSION_LENGTH, 0);
    let length = (VERSION_LENGTH + 4) as u32;
    [
        &kind::HELLO.to_le_bytes()[..],
        &length.to_le_bytes(),
        &[0; 4],
        &version,
        &CAPABILITIES.to_le_bytes(),
    ]
    .concat()
}

/// Reads the other side's first packet.
///
/// # Errors
/// The stream ended, it is no such packet, or the other side lacks a capability.
pub(super) fn read_hello(stream: &mut impl Read) -> io::Result<()> {
    let mut header = [0; 12];
    stream.read_exact(&mut header)?;
    let (kind, length) = (number(&header, 0), number(&header, 4));
    if kind != kind::HELLO || length as usize > 4 * VERSION_LENGTH {
        return Err(invalid("the first packet is not a hello"));
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body)?;
    if number(&body, VERSION_LENGTH) & CAPABILITIES != CAPABILITIES {
        return Err(invalid("the other side speaks an older usbredir"));
    }
    Ok(())
}

/// Reads a packet.
///
/// # Errors
/// The stream ended, or the packet is longer than any that makes sense.
pub(super) fn read(stream: &mut impl Read) -> io::Result<Packet> {
    let mut header = [0; 16];
    stream.read_exact(&mut header)?;
    let length = number(&header, 4);
    if length > LONGEST {
        return Err(invalid("a packet is longer than the device's messages"));
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body)?;
    Ok(Packet {
        kind: number(&header, 0),
        id: u64::from(number(&header, 8)) | u64::from(number(&header, 12)) << 32,
        body,
    })
}

/// The bytes of a packet.
#[must_use]
pub(super) fn packet(kind: u32, id: u64, body: &[u8]) -> Vec<u8> {
    [
        &kind.to_le_bytes()[..],
        &(body.len() as u32).to_le_bytes(),
        &id.to_le_bytes(),
        body,
    ]
    .concat()
}

/// The header of a bulk transfer, which its data follow.
pub(super) struct Bulk {
    /// Its endpoint; 0x80 is set where data go to the host.
    pub endpoint: u8,
    /// How many bytes there are, or how many the host wants.
    pub length: u32,
}

impl Bulk {
    const SIZE: usize = 10;

    /// Reads header and data; nothing when it is too short.
    #[must_use]
    pub(super) fn read(body: &[u8]) -> Option<(Self, &[u8])> {
        let (header, data) = body.split_first_chunk::<{ Self::SIZE }>()?;
        let [endpoint, _, a, b, _, _, _, _, c, d] = *header;
        let length = u32::from_le_bytes([a, b, c, d]);
        Some((Self { endpoint, length }, data))
    }

    /// Header and data of an answer.
    #[must_use]
    pub(super) fn answer(endpoint: u8, status: u8, length: usize, data: &[u8]) -> Vec<u8> {
        let [a, b, c, d] = (length as u32).to_le_bytes();
        [&[endpoint, status, a, b, 0, 0, 0, 0, c, d][..], data].concat()
    }
}

/// The number at a place; 0 where the bytes end before.
fn number(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_as_it_was_written() {
        let bytes = packet(kind::BULK_PACKET, 1 << 40 | 7, &[1, 2, 3]);
        let read = read(&mut bytes.as_slice()).unwrap();
        assert_eq!(
            (read.kind, read.id, read.body),
            (kind::BULK_PACKET, 1 << 40 | 7, vec![1, 2, 3])
        );
    }

    #[test]
    fn a_bulk_transfer_of_more_than_64_kib_keeps_its_length() {
        let (header, data) = Bulk::read(&[0x82, 0, 0x14, 0, 0, 0, 0, 0, 1, 0]).unwrap();
        assert_eq!(
            (header.endpoint, header.length, data.len()),
            (0x82, 65_556, 0)
        );
        assert_eq!(Bulk::answer(0x82, 0, 65_556, &[])[8..10], [1, 0]);
    }

    #[test]
    fn an_endless_packet_and_a_peer_without_the_capabilities_are_refused() {
        assert!(read(&mut [0xff; 16].as_slice()).is_err());
        let mut old = hello();
        let last = old.len() - 4;
        old[last] = 0;
        assert!(read_hello(&mut old.as_slice()).is_err());
        assert!(read_hello(&mut hello().as_slice()).is_ok());
    }
}
