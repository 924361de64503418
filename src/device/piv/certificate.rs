//! The certificate of the attestation key F9, in the data object that holds it.

use super::session::Session;
use crate::device::error::DeviceError;

/// The data object of the certificate of the attestation key F9.
const F9_CERTIFICATE: yubikey::ObjectId = 0x005f_ff01;

impl Session {
    /// The certificate of the attestation key, in the object that holds it.
    pub(super) fn device_certificate(&mut self) -> Result<Option<Vec<u8>>, DeviceError> {
        match self.yubikey.fetch_object(F9_CERTIFICATE) {
            Ok(object) => {
                let certificate = certificate_in(&object).ok_or_else(|| self.malformed())?;
                Ok(Some(certificate.to_vec()))
            }
            Err(yubikey::Error::NotFound) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }
}

/// The certificate in a PIV certificate object: tag 70 among the elements (NIST
/// SP 800-73-4 part 1, appendix A), its bytes untouched.
fn certificate_in(mut object: &[u8]) -> Option<&[u8]> {
    while let [tag, rest @ ..] = object {
        let (length, rest) = match rest {
            [length @ ..=0x7f, rest @ ..] => (usize::from(*length), rest),
            [0x81, length, rest @ ..] => (usize::from(*length), rest),
            [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        if *tag == 0x70 {
            return Some(value);
        }
        object = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::certificate_in;

    #[test]
    fn the_certificate_is_found_at_every_place() {
        assert_eq!(
            certificate_in(&[0x70, 2, 0x30, 0, 0x71, 1, 0]),
            Some(&[0x30, 0][..])
        );
        assert_eq!(
            certificate_in(&[0x71, 1, 0, 0x70, 0x81, 2, 0x30, 0]),
            Some(&[0x30, 0][..])
        );
        assert_eq!(
            certificate_in(&[0x70, 0x82, 0, 2, 0x30, 0, 0xfe, 0]),
            Some(&[0x30, 0][..])
        );
    }

    #[test]
    fn an_object_that_ends_too_early_holds_none() {
        for object in [
            &[][..],
            &[0x70],
            &[0x70, 3, 0x30, 0],
            &[0x70, 0x82, 1],
            &[0x70, 0x84, 0, 0, 0, 0],
            &[0x71, 0],
        ] {
            assert_eq!(certificate_in(object), None, "{object:?}");
        }
    }
}
