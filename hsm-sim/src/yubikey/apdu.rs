//! Commands and status words (ISO 7816-4).

pub use status::Status;

/// Status words a YubiKey answers.
pub mod status {
    /// A status word.
    pub type Status = u16;

    /// Done.
    pub const OK: Status = 0x9000;
    /// Wrong PIN or PUK; the low digit is the number of tries left.
    pub const TRIES_LEFT: Status = 0x63c0;
    /// The length of the command is wrong.
    pub const WRONG_LENGTH: Status = 0x6700;
    /// PIN, touch or management key authentication is missing.
    pub const SECURITY: Status = 0x6982;
    /// PIN or PUK is blocked.
    pub const BLOCKED: Status = 0x6983;
    /// Not in this state.
    pub const CONDITIONS: Status = 0x6985;
    /// The data of the command makes no sense.
    pub const DATA: Status = 0x6a80;
    /// No such application or object.
    pub const NOT_FOUND: Status = 0x6a82;
    /// It does not fit.
    pub const NO_SPACE: Status = 0x6a84;
    /// P1 or P2 is wrong.
    pub const PARAMETERS: Status = 0x6a86;
    /// The slot is empty.
    pub const NO_REFERENCE: Status = 0x6a88;
    /// No such instruction.
    pub const INSTRUCTION: Status = 0x6d00;
    /// No such class.
    pub const CLASS: Status = 0x6e00;
    /// The device failed.
    pub const FAILED: Status = 0x6f00;
}

/// A command in any of the forms clients send: bare header, short or extended, with or without Le.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Class; 0x10 means more of the same command follows.
    pub class: u8,
    /// Instruction.
    pub instruction: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// The data field.
    pub data: Vec<u8>,
    /// The most data bytes one answer may carry.
    pub limit: usize,
}

/// The answer to a short command carries at most this many data bytes, with Le absent too.
const SHORT: usize = 256;
const EXTENDED: usize = 65536;

impl Command {
    /// Reads a command; `None` when its lengths do not add up.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[class, instruction, p1, p2], body) = bytes.split_first_chunk::<4>()?;
        let short = |le: u8| if le == 0 { SHORT } else { usize::from(le) };
        let long = |le: u16| if le == 0 { EXTENDED } else { usize::from(le) };
        let (data, limit): (&[u8], usize) = match body {
            [] => (&[], SHORT),
            [le] => (&[], short(*le)),
            // An extended length cut short.
            [0, _] => return None,
            [0, a, b] => (&[], long(u16::from_be_bytes([*a, *b]))),
            [0, a, b, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*a, *b]));
                let (data, le) = rest.split_at_checked(length)?;
                match le {
                    [] => (data, EXTENDED),
                    [a, b] => (data, long(u16::from_be_bytes([*a, *b]))),
                    _ => return None,
                }
            }
            [length, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(*length))?;
                match le {
                    [] => (data, SHORT),
                    [le] => (data, short(*le)),
                    _ => return None,
                }
            }
        };
        Some(Self {
            class,
            instruction,
            p1,
            p2,
            data: data.to_vec(),
            limit,
        })
    }
}

/// Why a command has no answer with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is answered with this status word.
    Status(Status),
    /// It waits until somebody touches the device, or the time for that has passed.
    AwaitTouch,
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// The data of an answer, or why there is none.
pub type Answer = Result<Vec<u8>, Stop>;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_command_is_read() {
        let parse =
            |text: &str| Command::parse(&hex::decode(text).unwrap()).map(|c| (c.data, c.limit));
        assert_eq!(parse("00fd0000"), Some((vec![], 256)));
        assert_eq!(parse("00fd000000"), Some((vec![], 256)));
        assert_eq!(parse("00fd000003"), Some((vec![], 3)));
        assert_eq!(
            parse("00cb3fff03aabbcc"),
            Some((vec![0xaa, 0xbb, 0xcc], 256))
        );
        assert_eq!(
            parse("00cb3fff03aabbcc00"),
            Some((vec![0xaa, 0xbb, 0xcc], 256))
        );
        assert_eq!(parse("00cb3fff000000"), Some((vec![], 65536)));
        assert_eq!(parse("00cb3fff000002aabb"), Some((vec![0xaa, 0xbb], 65536)));
        assert_eq!(
            parse("00cb3fff000002aabb0100"),
            Some((vec![0xaa, 0xbb], 256))
        );
    }

    #[test]
    fn a_command_whose_lengths_do_not_add_up_is_refused() {
        for text in [
            "00",
            "00cb3fff03aabb",
            "00cb3fff01aabbcc",
            "00cb3fff0000",
            "00cb3fff000003aabb",
        ] {
            assert_eq!(Command::parse(&hex::decode(text).unwrap()), None, "{text}");
        }
    }
}
