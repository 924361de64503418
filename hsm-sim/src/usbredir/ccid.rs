//! Messages of the smart card class (CCID 1.1, chapter 6).

/// What the host asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Power for the card; the answer is its ATR.
    PowerOn,
    /// No more power.
    PowerOff,
    /// Whether there is a card.
    SlotStatus,
    /// The parameters of T=1, read or set: they are always the same.
    Parameters,
    /// A command for the card.
    Command(Vec<u8>),
    /// Give up the command that is under way.
    Abort,
    /// Something that this device does not do.
    Unsupported,
}

/// A request, and the number that the answer repeats.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Its number.
    pub sequence: u8,
    /// The command.
    pub request: Request,
}

const HEADER: usize = 10;

/// Takes the first whole message off the bytes that have arrived.
#[must_use]
pub(super) fn take(arrived: &mut Vec<u8>) -> Option<Message> {
    let header = arrived.first_chunk::<HEADER>()?;
    let [kind, a, b, c, d, _, sequence, _, level, level_high] = *header;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if arrived.len() - HEADER < length {
        return None;
    }
    let data: Vec<u8> = arrived.drain(..HEADER + length).skip(HEADER).collect();
    let request = match kind {
        0x62 => Request::PowerOn,
        0x63 => Request::PowerOff,
        0x65 => Request::SlotStatus,
        0x61 | 0x6c => Request::Parameters,
        // A command in several messages is for hosts with more to send than the longest one.
        0x6f if level == 0 && level_high == 0 => Request::Command(data),
        0x72 => Request::Abort,
        _ => Request::Unsupported,
    };
    Some(Message { sequence, request })
}

fn message(kind: u8, sequence: u8, status: u8, error: u8, last: u8, data: &[u8]) -> Vec<u8> {
    let [a, b, c, d] = (data.len() as u32).to_le_bytes();
    [
        &[kind, a, b, c, d, 0, sequence, status, error, last][..],
        data,
    ]
    .concat()
}

/// Bytes from the card: its ATR, or its answer.
#[must_use]
pub(super) fn data(sequence: u8, data: &[u8]) -> Vec<u8> {
    message(0x80, sequence, 0, 0, 0, data)
}

/// The card needs more time; the host waits on.
#[must_use]
pub(super) fn more_time(sequence: u8) -> Vec<u8> {
    message(0x80, sequence, 0x80, 1, 0, &[])
}

/// The card did not answer (ICC_MUTE).
#[must_use]
pub(super) fn mute(sequence: u8) -> Vec<u8> {
    message(0x80, sequence, 0x42, 0xfe, 0, &[])
}

/// There is a card, with power or without.
#[must_use]
pub(super) fn slot(sequence: u8, power: bool) -> Vec<u8> {
    message(0x81, sequence, u8::from(!power), 0, 0, &[])
}

/// The device does not do that.
#[must_use]
pub(super) fn unsupported(sequence: u8) -> Vec<u8> {
    message(0x81, sequence, 0x40, 0, 0, &[])
}

/// The parameters of T=1 (chapter 6.1.7).
#[must_use]
pub(super) fn parameters(sequence: u8) -> Vec<u8> {
    message(0x82, sequence, 0, 0, 1, &[0x11, 0x10, 0, 0x4d, 0, 0xfe, 0])
}

/// There is a card, and that is new (`RDR_to_PC_NotifySlotChange`).
pub(super) const CARD_CAME: [u8; 2] = [0x50, 0x03];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_two_transfers_is_taken_when_it_is_whole() {
        let whole = [0x6f, 3, 0, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3];
        let mut arrived = whole[..11].to_vec();
        assert_eq!(take(&mut arrived), None);
        arrived.extend(&whole[11..]);
        let message = take(&mut arrived).unwrap();
        assert_eq!(message.sequence, 9);
        assert_eq!(message.request, Request::Command(vec![1, 2, 3]));
        assert!(arrived.is_empty());
    }

    #[test]
    fn part_of_a_command_is_not_taken_for_a_command() {
        let mut arrived = vec![0x6f, 0, 0, 0, 0, 0, 1, 0, 1, 0];
        assert_eq!(take(&mut arrived).unwrap().request, Request::Unsupported);
    }
}
