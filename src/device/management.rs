//! How a YubiKey is configured, from its management application.
//!
//! The `yubikey` crate reads this record and does not expose it, so the two
//! commands are sent here.

use super::error::DeviceError;
use super::exclusive::{Exclusive, NOT_FOUND, Reply, SUCCESS, UNKNOWN_COMMAND, field};
use super::info::Config;
use keymoot_attestation::FormFactor;
use keymoot_record::transcript::DeviceSetting;

/// SELECT of the management application (Yubico, "Management application").
const SELECT: &[u8] = &[
    0x00, 0xa4, 0x04, 0x00, 0x08, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17,
];

/// The most pages of configuration that are read; a device has two.
const MOST_PAGES: u8 = 8;

/// Tags of the configuration (as `yubikit.management` of ykman 5.9 reads them).
mod tag {
    pub(super) const SERIAL: u8 = 0x02;
    pub(super) const USB_ENABLED: u8 = 0x03;
    pub(super) const FORM_FACTOR: u8 = 0x04;
    pub(super) const MORE: u8 = 0x10;
    pub(super) const FIPS_CAPABLE: u8 = 0x14;
    pub(super) const PIN_COMPLEXITY: u8 = 0x16;
}

/// The bit of PIV among the applications that FIPS 140-3 covers.
const FIPS_PIV: u8 = 0x02;

/// The applications by their bits.
const APPLICATIONS: [(u16, &str); 7] = [
    (0x001, "OTP"),
    (0x002, "U2F"),
    (0x008, "OpenPGP"),
    (0x010, "PIV"),
    (0x020, "OATH"),
    (0x100, "YubiHSM Auth"),
    (0x200, "FIDO2"),
];

/// The configuration of a device, or none where old firmware reports none. A new PIN's length
/// depends on it, so a reply that is garbled or missing is an error. Another application than PIV is
/// selected afterwards.
///
/// # Errors
/// What the device or the service says; [`ErrorKind::Malformed`](super::ErrorKind::Malformed).
pub(super) fn config(device: &Exclusive) -> Result<Config, DeviceError> {
    let mut fields = Vec::new();
    let page = |page| [0x00, 0x1d, page, 0x00, 0x00];
    if reported(device, SELECT)?.is_none() {
        return Ok(Config::default());
    }
    let Some(mut reply) = reported(device, &page(0))? else {
        return Ok(Config::default());
    };
    for next in 1..=MOST_PAGES {
        let read = whole(&reply).ok_or_else(|| device.malformed())?;
        fields.extend(read);
        if field(read, tag::MORE) != Some(&[1]) {
            return of(&fields).ok_or_else(|| device.malformed());
        }
        reply = device.data(&page(next))?;
    }
    Err(device.malformed())
}

/// The reply to a command, or none from a device that has no such application or command.
fn reported(device: &Exclusive, command: &[u8]) -> Result<Option<Vec<u8>>, DeviceError> {
    match device.send(command)? {
        Reply {
            data,
            status: SUCCESS,
        } => Ok(Some(data)),
        Reply {
            status: NOT_FOUND | UNKNOWN_COMMAND,
            ..
        } => Ok(None),
        Reply { status, .. } => Err(device.refused(status)),
    }
}

/// The fields of a page: as long as its first byte says, and each as long as its own length.
fn whole(reply: &[u8]) -> Option<&[u8]> {
    let (length, fields) = reply.split_first()?;
    let mut rest = fields;
    while let [_, length @ ..=0x7f, after @ ..] = rest {
        rest = after.get(usize::from(*length)..)?;
    }
    (usize::from(*length) == fields.len() && rest.is_empty()).then_some(fields)
}

/// The configuration in these fields; none where one has a length that is not its own.
fn of(fields: &[u8]) -> Option<Config> {
    let form_factor = match field(fields, tag::FORM_FACTOR) {
        Some([byte]) => Some(FormFactor::from_byte(*byte)),
        Some(_) => return None,
        None => None,
    };
    let enabled = match field(fields, tag::USB_ENABLED) {
        Some([byte]) => u16::from(*byte),
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        Some(_) => return None,
        None => 0,
    };
    let last = |tag| field(fields, tag).and_then(<[u8]>::last).copied();
    let settings = [
        (
            DeviceSetting::PinComplexity,
            last(tag::PIN_COMPLEXITY) == Some(1),
        ),
        (
            DeviceSetting::Fips,
            form_factor.is_some_and(FormFactor::fips),
        ),
        (
            DeviceSetting::LongPins,
            last(tag::FIPS_CAPABLE).is_some_and(|bits| bits & FIPS_PIV != 0),
        ),
    ];
    Some(Config {
        form_factor,
        serial_visible: field(fields, tag::SERIAL).is_some(),
        applications: APPLICATIONS
            .iter()
            .filter(|(bit, _)| enabled & bit != 0)
            .map(|(_, name)| (*name).to_owned())
            .collect(),
        settings: settings
            .into_iter()
            .filter_map(|(setting, set)| set.then_some(setting))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{DeviceSetting, FormFactor, field, of, whole};

    #[test]
    fn the_configuration_is_read_from_its_fields() {
        let fields = [
            0x01, 2, 0x02, 0x3f, 0x02, 4, 0, 0, 0, 7, 0x03, 2, 0x02, 0x12, 0x04, 1, 0x03, 0x14, 2,
            0, 0x03, 0x16, 1, 1,
        ];
        let config = of(&fields).unwrap();
        assert_eq!(config.form_factor, Some(FormFactor::from_byte(0x03)));
        assert_eq!(config.applications, ["U2F", "PIV", "FIDO2"]);
        assert_eq!(
            config.settings,
            [DeviceSetting::PinComplexity, DeviceSetting::LongPins]
        );
        assert!(config.serial_visible);
        assert!(!of(&[0x03, 2, 0, 0]).unwrap().serial_visible);
    }

    #[test]
    fn the_bit_of_a_fips_device_does_not_hide_its_shape() {
        let config = of(&[0x04, 1, 0x83]).unwrap();
        let shown = config.form_factor.map(|shape| shape.to_string());
        assert_eq!(shown.as_deref(), Some("USB-C keychain"));
        assert_eq!(config.settings, [DeviceSetting::Fips]);
    }

    #[test]
    fn a_page_is_as_long_as_it_says_and_so_is_each_of_its_fields() {
        assert_eq!(whole(&[3, 0x04, 1, 0x03]), Some(&[0x04, 1, 0x03][..]));
        assert_eq!(whole(&[0]), Some(&[][..]));
        for garbled in [
            &[][..],
            &[3, 0x04, 1],
            &[3, 0x04, 1, 0x03, 0x16],
            &[3, 0x04, 2, 0x03],
            &[1, 0x04],
            &[3, 0x04, 0x81, 0x03],
        ] {
            assert_eq!(whole(garbled), None, "{garbled:?}");
        }
        assert_eq!(of(&[0x04, 2, 0, 3]), None);
        assert_eq!(of(&[0x03, 3, 0, 0, 0]), None);
    }

    #[test]
    fn a_record_that_ends_too_early_has_no_such_field() {
        for fields in [&[][..], &[0x04], &[0x04, 1], &[0x01, 9, 0x04]] {
            assert_eq!(field(fields, 0x04), None, "{fields:?}");
        }
    }
}
