//! Secrets, in one type that cannot be printed, serialised or cloned.
//!
//! PINs, PUKs and management keys live in a [`Secret`] from the keystroke or
//! the random source to the device. Its memory is allocated once at full size,
//! so that growing leaves no copies behind, and is wiped when it is dropped.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes that must not be printed or copied.
///
/// There is deliberately no `Clone`, no `Display`, no serialisation and no
/// `PartialEq`; `Debug` says only that a secret is there. [`Secret::expose`] is
/// the one place to look.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret {
    room: Box<[u8]>,
    used: usize,
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error(
    "the operating system gave no random bytes ({0}); restart this machine; if that does not help, use another"
)]
pub struct NoRandomness(#[from] getrandom::Error);

impl Secret {
    /// An empty secret for an input field of at most `room` bytes.
    ///
    /// Make the field longer than what is allowed: a one-time password typed by
    /// a touched YubiKey can only be recognised when more of it than a PIN's
    /// length is there to see.
    #[must_use]
    pub fn field(room: usize) -> Self {
        Self {
            room: vec![0; room].into_boxed_slice(),
            used: 0,
        }
    }

    /// A secret of bytes that are already known.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            room: bytes.into(),
            used: bytes.len(),
        }
    }

    /// A secret of parts that are already known, one after another.
    #[must_use]
    pub fn joined(parts: &[&[u8]]) -> Self {
        let mut secret = Self::field(parts.iter().map(|part| part.len()).sum());
        for (place, byte) in secret.room.iter_mut().zip(parts.iter().copied().flatten()) {
            *place = *byte;
        }
        secret.used = secret.room.len();
        secret
    }

    /// `count` random bytes from the operating system.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn random_bytes(count: usize) -> Result<Self, NoRandomness> {
        let mut secret = Self::field(count);
        getrandom::fill(&mut secret.room)?;
        secret.used = count;
        Ok(secret)
    }

    /// `count` random decimal digits, each equally likely. Digits can be typed
    /// on every keyboard layout, also by a locked-out holder years later.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn random_digits(count: usize) -> Result<Self, NoRandomness> {
        /// The largest multiple of ten that a byte can count to: bytes from
        /// here on would make small digits likelier, and are drawn again.
        const FAIR: u8 = 250;
        let mut secret = Self::field(count);
        while secret.used < count {
            let mut drawn = [0];
            getrandom::fill(&mut drawn)?;
            let [byte] = drawn;
            if byte < FAIR {
                secret.push(char::from(b'0' + byte % 10));
            }
            drawn.zeroize();
        }
        Ok(secret)
    }

    /// Appends a typed character. `false` when there is no room for it; the
    /// secret is then unchanged.
    pub fn push(&mut self, typed: char) -> bool {
        let end = self.used + typed.len_utf8();
        match self.room.get_mut(self.used..end) {
            Some(place) => {
                typed.encode_utf8(place);
                self.used = end;
                true
            }
            None => false,
        }
    }

    /// Takes the last character back, if there is one, and wipes its place.
    pub fn pop(&mut self) {
        let start = self
            .expose()
            .iter()
            .rposition(|byte| !is_continuation(*byte))
            .unwrap_or(0);
        if let Some(place) = self.room.get_mut(start..self.used) {
            place.zeroize();
        }
        self.used = start;
    }

    /// Wipes the content and keeps the room.
    pub fn clear(&mut self) {
        self.room.as_mut().zeroize();
        self.used = 0;
    }

    /// How many characters have been typed: what a masked field may show.
    #[must_use]
    pub fn typed(&self) -> usize {
        self.expose()
            .iter()
            .filter(|byte| !is_continuation(**byte))
            .count()
    }

    /// Whether two secrets are the same, in time that depends on their lengths
    /// alone.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let (one, two) = (self.expose(), other.expose());
        one.len() == two.len() && one.iter().zip(two).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
    }

    /// The bytes. Hold them no longer than the call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.room.get(..self.used).unwrap_or_default()
    }

    /// A second copy for a worker that may outlive the caller; wiped like the
    /// first.
    pub(crate) fn duplicate(&self) -> Self {
        Self::of(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Overwrites what the calls before this one left on the thread's stack, below the
/// caller's frame: PINs are copied there by libraries that do not wipe them.
#[inline(never)]
pub fn wipe_stack() {
    /// More than any call to a device was seen to use.
    const DEPTH: usize = 256 << 10;
    let mut room = [0_u8; DEPTH];
    room.zeroize();
    std::hint::black_box(&room);
}

/// Whether a byte continues a character in UTF-8 (RFC 3629 section 3).
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Secret;

    #[test]
    fn debug_says_nothing_about_the_content() {
        assert_eq!(format!("{:?}", Secret::of(b"123456")), "Secret");
    }

    #[test]
    fn a_field_is_typed_into_and_corrected_by_whole_characters() {
        let mut field = Secret::field(8);
        assert!("73é".chars().all(|c| field.push(c)));
        assert_eq!(field.typed(), 3);
        field.pop();
        assert_eq!(field.expose(), b"73");
        field.pop();
        field.pop();
        field.pop();
        assert_eq!(field.expose(), b"");
    }

    #[test]
    fn what_was_taken_back_is_wiped() {
        let mut field = Secret::field(4);
        assert!("1234".chars().all(|c| field.push(c)));
        field.pop();
        assert_eq!(&*field.room, b"123\0");
        field.clear();
        assert_eq!(&*field.room, [0; 4]);
        assert_eq!(field.typed(), 0);
    }

    #[test]
    fn a_full_field_takes_no_more() {
        let mut field = Secret::field(2);
        assert!(field.push('1'));
        assert!(!field.push('é'));
        assert!(field.push('2'));
        assert!(!field.push('3'));
        assert_eq!(field.expose(), b"12");
    }

    #[test]
    fn a_secret_of_parts_is_the_parts_one_after_another() {
        assert_eq!(Secret::joined(&[b"12", b"", b"345"]).expose(), b"12345");
    }

    #[test]
    fn random_digits_are_digits_and_differ() {
        let (one, two) = (
            Secret::random_digits(64).unwrap(),
            Secret::random_digits(64).unwrap(),
        );
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().iter().all(u8::is_ascii_digit));
        assert!(!one.same_as(&two));
    }

    #[test]
    fn random_bytes_differ() {
        let (one, two) = (
            Secret::random_bytes(24).unwrap(),
            Secret::random_bytes(24).unwrap(),
        );
        assert_eq!(one.expose().len(), 24);
        assert!(!one.same_as(&two));
    }

    #[test]
    fn secrets_are_compared_by_content_and_length() {
        assert!(Secret::of(b"12").same_as(&Secret::of(b"12")));
        assert!(!Secret::of(b"12").same_as(&Secret::of(b"13")));
        assert!(!Secret::of(b"12").same_as(&Secret::of(b"123")));
    }
}
