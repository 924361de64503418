//! Serial numbers that a user chooses for new devices.

use std::collections::BTreeSet;
use std::str::FromStr;

/// Serial numbers of new devices, in turn. An empty place leaves the number to the seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serials(Vec<Option<u32>>);

impl Serials {
    /// The places whose number no device has yet, up to the last number.
    #[must_use]
    pub fn missing(&self, is_there: impl Fn(u32) -> bool) -> Vec<Option<u32>> {
        let places = self.0.iter().copied();
        let mut places: Vec<_> = places.filter(|n| !n.is_some_and(&is_there)).collect();
        let last = places.iter().rposition(Option::is_some);
        places.truncate(last.map_or(0, |last| last + 1));
        places
    }

    /// Whether a place has this number.
    #[must_use]
    pub fn contains(&self, serial: u32) -> bool {
        self.0.contains(&Some(serial))
    }
}

impl FromStr for Serials {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut seen = BTreeSet::new();
        let place = |place: &str| match place.trim() {
            "" => Ok(None),
            digits => match digits.parse::<u32>() {
                Ok(0) | Err(_) => Err(format!(
                    "{digits:?} is not a serial number; give numbers from 1 to {}, or leave a place empty",
                    u32::MAX
                )),
                Ok(serial) if !seen.insert(serial) => Err(format!(
                    "{serial} is there twice; each device has its own serial number"
                )),
                Ok(serial) => Ok(Some(serial)),
            },
        };
        text.split(',')
            .map(place)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_a_device_that_is_there_is_left_out_and_an_empty_one_stays() {
        let serials: Serials = "5,,7, 8,".parse().unwrap();
        let missing = |there: &'static [u32]| serials.missing(|n| there.contains(&n));
        assert_eq!(missing(&[]), [Some(5), None, Some(7), Some(8)]);
        assert_eq!(missing(&[5, 8]), [None, Some(7)]);
        assert_eq!(missing(&[5, 7, 8]), []);
    }

    #[test]
    fn what_no_device_can_have_engraved_is_refused() {
        for text in ["0", "5,5", "-1", "4294967296", "5;6", "x"] {
            assert!(text.parse::<Serials>().is_err(), "{text}");
        }
    }
}
