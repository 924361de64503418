//! Messages: a code, the length of the data in two bytes, the data. And reading fields out of data.

use super::code::{Failure, command};

/// A message in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The command's code.
    pub code: u8,
    /// What comes with it.
    pub data: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Failure::WrongLength`] when it is shorter or longer than it says.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Failure> {
        let mut fields = Fields(bytes);
        let code = fields.u8()?;
        let length = fields.u16()?;
        let data = fields.take(usize::from(length))?;
        fields.end()?;
        Ok(Self { code, data })
    }
}

/// A message of this code with these data, which always fit: no message is longer than a device's
/// buffer.
#[must_use]
pub fn message(code: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    [&[code][..], &length.to_be_bytes(), data].concat()
}

/// The answer to a command.
#[must_use]
pub fn answer(code: u8, reply: &Result<Vec<u8>, Failure>) -> Vec<u8> {
    match reply {
        Ok(data) => message(code | 0x80, data),
        Err(failure) => message(command::ERROR, &[*failure as u8]),
    }
}

/// Fields of data, read one after the other; each read fails with [`Failure::WrongLength`] when too
/// little is left.
#[derive(Clone, Copy)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `length` bytes.
    ///
    /// # Errors
    /// Too little is left.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Failure::WrongLength)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next bytes, as many as the array has.
    ///
    /// # Errors
    /// Too little is left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Failure::WrongLength)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// Nothing is left.
    pub fn u8(&mut self) -> Result<u8, Failure> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number of two bytes.
    ///
    /// # Errors
    /// Too little is left.
    pub fn u16(&mut self) -> Result<u16, Failure> {
        self.array().map(u16::from_be_bytes)
    }

    /// A number of eight bytes.
    ///
    /// # Errors
    /// Too little is left.
    pub fn u64(&mut self) -> Result<u64, Failure> {
        self.array().map(u64::from_be_bytes)
    }

    /// The remaining bytes.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// All but the last `length` bytes, which stay.
    ///
    /// # Errors
    /// Too little is left.
    pub fn all_but(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let ahead = self
            .0
            .len()
            .checked_sub(length)
            .ok_or(Failure::WrongLength)?;
        self.take(ahead)
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&self) -> Result<(), Failure> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Failure::WrongLength)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_not_as_long_as_it_says_is_refused() {
        assert_eq!(Frame::parse(&[1, 0, 1, 9]).unwrap().data, [9]);
        for bytes in [&[][..], &[1], &[1, 0], &[1, 0, 1], &[1, 0, 1, 9, 9]] {
            assert_eq!(Frame::parse(bytes), Err(Failure::WrongLength));
        }
    }
}
