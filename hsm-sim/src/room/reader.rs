//! What readers are called.

use crate::pcsc::wire;
use std::fmt;
use std::str::FromStr;

/// The name of a reader, before its numbers.
#[derive(Clone, Debug)]
pub struct ReaderName(String);

/// A name that no reader can have.
#[derive(Debug, thiserror::Error)]
#[error("a reader's name has 1 to {LONGEST} bytes, none of them zero")]
pub struct BadReaderName;

/// The end of the name: the number of the reader, and of its slot.
const NUMBERS: usize = " 00 00".len();
/// The longest name, so that its numbers and a final zero still fit in.
const LONGEST: usize = wire::NAME - 1 - NUMBERS;

impl ReaderName {
    /// The whole name, as pcscd would give it.
    #[must_use]
    pub fn of(&self, seat: usize) -> String {
        format!("{} {seat:02X} 00", self.0)
    }
}

impl Default for ReaderName {
    /// How pcscd calls a YubiKey: by what clients recognise one, and its interfaces.
    fn default() -> Self {
        Self("Yubico YubiKey OTP+FIDO+CCID".to_owned())
    }
}

impl FromStr for ReaderName {
    type Err = BadReaderName;

    fn from_str(text: &str) -> Result<Self, BadReaderName> {
        let fits = (1..=LONGEST).contains(&text.len()) && !text.contains('\0');
        fits.then(|| Self(text.to_owned())).ok_or(BadReaderName)
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_fits_into_a_reader_state_with_its_numbers() {
        let name: ReaderName = "n".repeat(LONGEST).parse().unwrap();
        assert_eq!(name.of(15).len(), wire::NAME - 1);
        assert!("n".repeat(LONGEST + 1).parse::<ReaderName>().is_err());
    }

    #[test]
    fn a_name_of_nothing_or_with_a_zero_in_it_is_refused() {
        assert!("".parse::<ReaderName>().is_err());
        assert!("a\0b".parse::<ReaderName>().is_err());
    }
}
