//! BER-TLV as PIV and X.509 use it: short tags in one byte, lengths up to 65535.

/// `tag`, the shortest length, `value`. A tag above 255 is written in two bytes (`7F49`).
#[must_use]
pub fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    if tag > 0xff {
        out.push((tag >> 8) as u8);
    }
    out.push(tag as u8);
    match value.len() {
        length @ 0..=0x7f => out.push(length as u8),
        length @ 0x80..=0xff => out.extend([0x81, length as u8]),
        length @ 0x100..=0xffff => out.extend([0x82, (length >> 8) as u8, length as u8]),
        length => {
            out.push(0x84);
            out.extend((length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
    out
}

/// The first object of `input`: its tag, its value, and what follows. `None` when it is not whole.
#[must_use]
pub fn split(input: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (&first, mut rest) = input.split_first()?;
    let mut tag = u16::from(first);
    if first & 0x1f == 0x1f {
        let (&second, after) = rest.split_first()?;
        tag = tag << 8 | u16::from(second);
        rest = after;
    }
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => {
            let (bytes, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*bytes)), rest)
        }
        _ => return None,
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

/// Every object of `input` in order; `None` when anything is left over.
#[must_use]
pub fn list(mut input: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let (tag, value, rest) = split(input)?;
        found.push((tag, value));
        input = rest;
    }
    Some(found)
}

/// The value of the first object tagged `tag` in `input`.
#[must_use]
pub fn find(input: &[u8], tag: u16) -> Option<&[u8]> {
    list(input)?
        .into_iter()
        .find(|(found, _)| *found == tag)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in proptest::collection::vec(any::<u8>(), 0..700)) {
            let bytes = tlv(0x7f49, &value);
            prop_assert_eq!(split(&bytes), Some((0x7f49, &value[..], &[][..])));
            prop_assert_eq!(split(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = list(&bytes);
        }
    }
}
