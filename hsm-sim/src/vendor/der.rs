//! As much of a DER writer as certificates need.

use crate::tlv::tlv;

/// `SEQUENCE` of parts already encoded.
#[must_use]
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// `INTEGER` from unsigned big-endian bytes: leading zeros go, and one comes back when the top bit
/// is set.
#[must_use]
pub fn integer(unsigned: &[u8]) -> Vec<u8> {
    let start = unsigned
        .iter()
        .position(|b| *b != 0)
        .unwrap_or(unsigned.len());
    let digits = unsigned.get(start..).unwrap_or_default();
    let mut value = Vec::with_capacity(digits.len() + 1);
    if digits.first().is_none_or(|b| b & 0x80 != 0) {
        value.push(0);
    }
    value.extend_from_slice(digits);
    tlv(0x02, &value)
}

/// `OBJECT IDENTIFIER`.
#[must_use]
pub fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut value = Vec::new();
    if let [first, second, rest @ ..] = arcs {
        value.push((first * 40 + second) as u8);
        for arc in rest {
            for shift in [28, 21, 14, 7] {
                if arc >> shift != 0 {
                    value.push((arc >> shift & 0x7f) as u8 | 0x80);
                }
            }
            value.push((arc & 0x7f) as u8);
        }
    }
    tlv(0x06, &value)
}

/// `NULL`.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// `OCTET STRING`.
#[must_use]
pub fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, value)
}

/// `BIT STRING` of whole bytes.
#[must_use]
pub fn bits(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], value].concat())
}

/// `UTF8String`.
#[must_use]
pub fn utf8(text: &str) -> Vec<u8> {
    utf8_bytes(text.as_bytes())
}

/// `UTF8String` of bytes that should be text and may not be.
#[must_use]
pub fn utf8_bytes(text: &[u8]) -> Vec<u8> {
    tlv(0x0c, text)
}

/// `[number] EXPLICIT`.
#[must_use]
pub fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(u16::from(0xa0 | number), content)
}

/// An X.501 name of one attribute a relative name, in this order.
#[must_use]
pub fn name(attributes: &[(&[u32], &str)]) -> Vec<u8> {
    let names: Vec<_> = attributes
        .iter()
        .map(|(kind, text)| tlv(0x31, &sequence(&[&oid(kind), &utf8(text)])))
        .collect();
    tlv(0x30, &names.concat())
}

/// An X.509 extension.
#[must_use]
pub fn extension(id: &[u32], critical: bool, content: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    sequence(&[&oid(id), flag, &octets(content)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_arc_is_encoded_as_in_real_certificates() {
        let bytes = oid(&[1, 3, 6, 1, 4, 1, 41482, 3, 3]);
        assert_eq!(hex::encode(bytes), "060a2b0601040182c40a0303");
    }

    #[test]
    fn integers_are_shortest_and_positive() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 5]), [2, 1, 5]);
        assert_eq!(integer(&[0, 0xeb, 0x54]), [2, 3, 0, 0xeb, 0x54]);
    }
}
