//! What a YubiKey says of itself as a USB device: 1050:0407 with its smart card interface alone.
//!
//! Values are those of a YubiKey 5 with OTP, FIDO and CCID, except the two interfaces left out. The
//! layouts are of USB 2.0 chapter 9.6 and of CCID 1.1 chapter 5.1.

/// Yubico's number.
pub(super) const VENDOR: u16 = 0x1050;
/// A YubiKey with OTP, FIDO and CCID.
pub(super) const PRODUCT: u16 = 0x0407;
/// The device's release number: 5.74, as firmware 5.7.4 has it.
pub(super) const RELEASE: u16 = 0x0574;
/// The smart card class.
pub(super) const CLASS: u8 = 0x0b;
/// Bytes in a packet of a bulk endpoint at full speed.
pub(super) const PACKET: u16 = 64;
/// Bytes in a packet of the endpoint that reports card changes.
pub(super) const INTERRUPT_PACKET: u16 = 8;
/// How often that one is asked, in milliseconds.
pub(super) const INTERVAL: u8 = 32;
/// Commands arrive here.
pub(super) const OUT: u8 = 0x02;
/// Answers leave here.
pub(super) const IN: u8 = 0x82;
/// The endpoint that reports changes of the card.
pub(super) const INTERRUPT: u8 = 0x83;
/// The longest message in either direction.
pub(super) const LONGEST_MESSAGE: u32 = 3072;

/// The device descriptor.
fn device() -> Vec<u8> {
    let [v0, v1] = VENDOR.to_le_bytes();
    let [p0, p1] = PRODUCT.to_le_bytes();
    let [r0, r1] = RELEASE.to_le_bytes();
    let size = PACKET as u8;
    vec![
        18, 1, 0x00, 0x02, 0, 0, 0, size, v0, v1, p0, p1, r0, r1, 1, 2, 0, 1,
    ]
}

/// The smart card descriptor: one slot, T=1, short and extended APDUs.
fn ccid() -> Vec<u8> {
    /// A reader that does everything by itself, with short and extended APDUs.
    const FEATURES: u32 = 0x0004_00fe;
    let mut out = vec![54, 0x21, 0x10, 0x01, 0, 7];
    let words = |out: &mut Vec<u8>, words: &[u32]| {
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    // T=1; the clock in kHz, and no choice of clocks.
    words(&mut out, &[2, 4000, 4000]);
    out.push(0);
    // The rate in bit/s, and no choice of rates.
    words(&mut out, &[307_200, 307_200]);
    out.push(0);
    // The longest block; no synchronous protocol, nothing mechanical.
    words(&mut out, &[3062, 0, 0, FEATURES, LONGEST_MESSAGE]);
    out.extend([0xff, 0xff, 0, 0, 0, 1]);
    out
}

fn endpoint(address: u8, kind: u8, packet: u16, interval: u8) -> Vec<u8> {
    let [low, high] = packet.to_le_bytes();
    vec![7, 5, address, kind, low, high, interval]
}

/// The configuration descriptor with everything below it.
fn configuration() -> Vec<u8> {
    let interface = [
        vec![9, 4, 0, 0, 3, CLASS, 0, 0, 0],
        ccid(),
        endpoint(OUT, 2, PACKET, 0),
        endpoint(IN, 2, PACKET, 0),
        endpoint(INTERRUPT, 3, INTERRUPT_PACKET, INTERVAL),
    ]
    .concat();
    let [low, high] = (9 + interface.len() as u16).to_le_bytes();
    [vec![9, 2, low, high, 1, 1, 0, 0x80, 15], interface].concat()
}

fn string(content: &[u8]) -> Vec<u8> {
    [&[2 + content.len() as u8, 3], content].concat()
}

fn text(text: &str) -> Vec<u8> {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    string(&utf16)
}

/// The descriptor of a kind and number, where there is one.
#[must_use]
pub(super) fn descriptor(kind: u8, number: u8) -> Option<Vec<u8>> {
    match (kind, number) {
        (1, 0) => Some(device()),
        (2, 0) => Some(configuration()),
        // US English.
        (3, 0) => Some(string(&[0x09, 0x04])),
        (3, 1) => Some(text("Yubico")),
        (3, 2) => Some(text("YubiKey OTP+FIDO+CCID")),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_descriptor_has_the_length_that_it_states() {
        assert_eq!(device().len(), 18);
        assert_eq!(ccid().len(), 54);
        let configuration = configuration();
        let stated = u16::from_le_bytes([configuration[2], configuration[3]]);
        assert_eq!(usize::from(stated), configuration.len());
        for number in 0..3 {
            let string = descriptor(3, number).unwrap();
            assert_eq!(usize::from(string[0]), string.len());
        }
    }
}
