//! What can go wrong with a YubiKey.

use crate::fault;

/// What goes wrong, and when.
pub type Plan = fault::Plan<Kind>;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The device is pulled out before it sees the command.
    Unplug,
    /// The device carries the command out and is pulled out before it can answer.
    UnplugAfter,
    /// Every byte of the answer's data is changed (of the status word when there is no data).
    Corrupt,
    /// The second half of the answer's data is missing; the status word stays.
    Truncate,
    /// The answer's data has bytes behind it that do not belong there.
    Long,
    /// The first byte of the answer's data, a tag as a rule, is changed.
    Tag,
    /// The second byte of the answer's data, a length as a rule, is changed.
    Length,
    /// The last byte of the answer's data is changed: of a public key a coordinate, so that it is
    /// no point of its curve, of a signature or a certificate the signature.
    Last,
    /// The command is carried out with the key of another slot, 9A, which has one for this once: a
    /// signature or an attestation that is whole, and of another key.
    OtherSlot,
    /// The answer has no bytes at all, not even a status word.
    Empty,
    /// The answer is its status word alone.
    Bare,
    /// The device answers this status word instead of carrying the command out.
    Error(u16),
    /// The service reports this result code of pcsc-lite instead of handing the command over.
    Service(u32),
    /// No answer, until the device is pulled out or the program goes away.
    Hang,
}

impl Kind {
    /// The effect on an answer; faults that are not about the answer leave it alone.
    #[must_use]
    pub fn spoil(self, mut answer: Vec<u8>) -> Vec<u8> {
        let data = answer.len().saturating_sub(2);
        match self {
            Self::Corrupt => {
                let end = if data == 0 { answer.len() } else { data };
                for byte in answer.iter_mut().take(end) {
                    *byte ^= 0xa5;
                }
            }
            Self::Long => drop(answer.splice(data..data, [0x5a; 16])),
            Self::Tag => answer.iter_mut().take(data.min(1)).for_each(|b| *b ^= 1),
            Self::Length => answer
                .iter_mut()
                .take(data)
                .skip(1)
                .take(1)
                .for_each(|b| *b ^= 1),
            Self::Last => answer
                .iter_mut()
                .take(data)
                .rev()
                .take(1)
                .for_each(|b| *b ^= 1),
            Self::Truncate => drop(answer.drain(data / 2..data)),
            Self::Bare => drop(answer.drain(..data)),
            Self::Empty => answer.clear(),
            Self::Unplug
            | Self::UnplugAfter
            | Self::OtherSlot
            | Self::Error(_)
            | Self::Service(_)
            | Self::Hang => {}
        }
        answer
    }
}

impl fault::Kind for Kind {
    const COUNTED: &'static str = "commands (APDUs)";
    const NAMES: &'static str = "unplug, unplug-after, corrupt, truncate, long, tag, length, last, empty, bare, other-slot, hang, \
error (written error@WHEN=6F00), service (written service@WHEN=80100016)";
    const EXAMPLE: &'static str = "2:unplug@12,corrupt@20,hang@0x87#2";

    fn named(name: &str, value: Option<&str>) -> Option<Self> {
        Some(match (name, value) {
            ("unplug", None) => Self::Unplug,
            ("unplug-after", None) => Self::UnplugAfter,
            ("corrupt", None) => Self::Corrupt,
            ("truncate", None) => Self::Truncate,
            ("long", None) => Self::Long,
            ("tag", None) => Self::Tag,
            ("length", None) => Self::Length,
            ("last", None) => Self::Last,
            ("other-slot", None) => Self::OtherSlot,
            ("empty", None) => Self::Empty,
            ("bare", None) => Self::Bare,
            ("hang", None) => Self::Hang,
            ("error", Some(word)) => Self::Error(u16::from_str_radix(word, 16).ok()?),
            ("service", Some(code)) => Self::Service(u32::from_str_radix(code, 16).ok()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoiled_answers_keep_or_lose_what_their_names_say() {
        let answer = vec![1, 2, 3, 4, 0x90, 0];
        assert_eq!(Kind::Truncate.spoil(answer.clone()), [1, 2, 0x90, 0]);
        assert_eq!(Kind::Bare.spoil(answer.clone()), [0x90, 0]);
        assert!(Kind::Empty.spoil(answer.clone()).is_empty());
        assert_eq!(Kind::Tag.spoil(answer.clone()), [0, 2, 3, 4, 0x90, 0]);
        assert_eq!(Kind::Length.spoil(answer.clone()), [1, 3, 3, 4, 0x90, 0]);
        assert_eq!(Kind::Last.spoil(answer.clone()), [1, 2, 3, 5, 0x90, 0]);
        assert_eq!(Kind::Last.spoil(vec![0x90, 0]), [0x90, 0]);
        assert_eq!(Kind::Long.spoil(answer.clone()).len(), answer.len() + 16);
        assert_eq!(Kind::Corrupt.spoil(answer)[4..], [0x90, 0]);
        assert_eq!(Kind::Corrupt.spoil(vec![0x90, 0]), [0x35, 0xa5]);
    }
}
