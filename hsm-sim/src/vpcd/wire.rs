//! vpcd's messages: two bytes of length, big-endian, then so many bytes.
//!
//! Source: vsmartcard's `virtualsmartcard/src/vpcd/vpcd.h` and its manual, "Virtual PCD's
//! protocol".

use std::io::{self, Read, Write};

/// What the driver wants of the card.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Power off.
    PowerOff,
    /// Power on.
    PowerOn,
    /// Reset.
    Reset,
    /// The answer to reset. The driver also learns by it that the card is there.
    Atr,
    /// A command (APDU).
    Command(Vec<u8>),
}

/// Reads the next request; `None` at the end of the stream.
///
/// # Errors
/// When the connection fails, or asks for something the protocol does not have.
pub fn read_request(stream: &mut impl Read) -> io::Result<Option<Request>> {
    let mut length = [0; 2];
    if stream.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..])?;
    let mut bytes = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut bytes)?;
    // A command has at least four bytes, so a single one can only be a request about power.
    Ok(Some(match bytes.as_slice() {
        [0] => Request::PowerOff,
        [1] => Request::PowerOn,
        [2] => Request::Reset,
        [4] => Request::Atr,
        [_, _, ..] => Request::Command(bytes),
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a request that the protocol does not have",
            ));
        }
    }))
}

/// Answers a command or the question for the answer to reset; the other requests have no answer.
///
/// # Errors
/// When the connection fails, or the answer is longer than the protocol allows.
pub fn write_answer(stream: &mut impl Write, answer: &[u8]) -> io::Result<()> {
    let length = u16::try_from(answer.len()).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "an answer longer than the protocol allows",
        )
    })?;
    // In one piece, so that the driver never waits for the second.
    stream.write_all(&[&length.to_be_bytes(), answer].concat())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_one_after_another_until_the_stream_ends() {
        let mut stream = &[0, 1, 2, 0, 1, 4, 0, 4, 0, 0xfd, 0, 0][..];
        let mut next = || read_request(&mut stream).unwrap();
        assert_eq!(next(), Some(Request::Reset));
        assert_eq!(next(), Some(Request::Atr));
        assert_eq!(next(), Some(Request::Command(vec![0, 0xfd, 0, 0])));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_request_that_is_unknown_or_cut_off_is_an_error() {
        for bytes in [&[0, 1, 3][..], &[0, 0], &[0], &[0, 2, 0]] {
            assert!(read_request(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
