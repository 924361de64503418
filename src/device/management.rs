//! The form factor, from the YubiKey's management application.
//!
//! The `yubikey` crate reads this record and keeps it to itself, so the two
//! commands are sent here.

use super::exclusive::Exclusive;
use keymoot_attestation::FormFactor;

/// SELECT of the management application (Yubico, "Management application").
const SELECT: &[u8] = &[
    0x00, 0xa4, 0x04, 0x00, 0x08, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17,
];
/// READ CONFIG: a length byte, then tags, lengths and values.
const READ_CONFIG: &[u8] = &[0x00, 0x1d, 0x00, 0x00, 0x00];
/// The tag of the form factor.
const FORM_FACTOR: u8 = 0x04;

/// The form factor of a device, or `None` where it does not say: old firmware, or any failure at
/// all, because nothing depends on it. Another application than PIV is selected afterwards.
pub(super) fn form_factor(device: &Exclusive) -> Option<FormFactor> {
    device.data(SELECT).ok()?;
    let reply = device.data(READ_CONFIG).ok()?;
    let (length, fields) = reply.split_first()?;
    find(fields.get(..usize::from(*length))?)
}

/// Finds the form factor among tag, length, value triples.
fn find(mut fields: &[u8]) -> Option<FormFactor> {
    while let [tag, length, rest @ ..] = fields {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        if let (FORM_FACTOR, [byte]) = (*tag, value) {
            return Some(FormFactor::from_byte(*byte));
        }
        fields = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{FormFactor, find};

    #[test]
    fn the_form_factor_is_found_among_the_other_fields() {
        let fields = [0x01, 2, 0x02, 0x3f, 0x04, 1, 0x03, 0x05, 3, 5, 7, 4];
        assert_eq!(find(&fields), Some(FormFactor::from_byte(0x03)));
    }

    #[test]
    fn the_bit_of_a_fips_device_does_not_hide_its_shape() {
        let shown = find(&[0x04, 1, 0x83]).map(|shape| shape.to_string());
        assert_eq!(shown.as_deref(), Some("USB-C keychain"));
    }

    #[test]
    fn a_record_that_ends_too_early_has_no_form_factor() {
        for fields in [&[][..], &[0x04], &[0x04, 1], &[0x01, 9, 0x04], &[0x04, 0]] {
            assert_eq!(find(fields), None, "{fields:?}");
        }
    }
}
