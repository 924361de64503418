//! SHA-256 digests, in hex for machines and in words for people to read aloud.

mod words;

use std::{fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of everything that a reader returns, piece by piece.
    ///
    /// # Errors
    /// The reader's error.
    pub fn of_all(mut reader: impl io::Read) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(read) => hasher.update(piece.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lowercase hexadecimal digits; anything else is `None`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// All 32 bytes as words of the PGP word list, in order.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        self.0
            .iter()
            .enumerate()
            .map(|(offset, &byte)| {
                let list = if offset % 2 == 0 {
                    &words::EVEN
                } else {
                    &words::ODD
                };
                list[usize::from(byte)]
            })
            .collect()
    }

    /// Reads the 32 words of a digest, in any case and with any space between them; anything else
    /// is `None`.
    #[must_use]
    pub fn from_words(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(32);
        for (offset, word) in text.split_whitespace().enumerate() {
            let list = if offset % 2 == 0 {
                &words::EVEN
            } else {
                &words::ODD
            };
            let at = list
                .iter()
                .position(|listed| listed.eq_ignore_ascii_case(word))?;
            bytes.push(u8::try_from(at).ok()?);
        }
        bytes.try_into().ok().map(Self)
    }

    /// The words in four rows of eight.
    #[must_use]
    pub fn word_rows(&self) -> Vec<String> {
        let words = self.words();
        words.chunks(8).map(|row| row.join(" ")).collect()
    }

    /// The rows of words one under the other and indented, for printing.
    #[must_use]
    pub fn in_words(&self) -> String {
        let rows = self.word_rows().into_iter();
        let rows: Vec<_> = rows.map(|row| format!("  {row}")).collect();
        rows.join("\n")
    }

    /// The first four bytes as words separated by spaces: enough to notice
    /// that two screens differ by accident, not enough to rule out malice.
    #[must_use]
    pub fn short_words(&self) -> String {
        let mut words = self.words();
        words.truncate(4);
        words.join(" ")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"64 lowercase hexadecimal digits",
            )
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Digest, words};

    const EXAMPLE: &str = "e58294f2e9a227486e8b061b31cc528fd7fa3f19e58294f2e9a227486e8b061b";

    #[test]
    fn the_published_example_of_the_word_list_reads_the_same() {
        // The fingerprint in the Wikipedia article "PGP word list".
        let digest = Digest::from_hex(EXAMPLE).unwrap();
        assert_eq!(
            digest.words()[..20].join(" "),
            "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa \
             afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
        );
        assert_eq!(digest.short_words(), "topmost Istanbul Pluto vagabond");
    }

    #[test]
    fn words_read_aloud_and_written_down_give_the_digest_again() {
        let digest = Digest::from_hex(EXAMPLE).unwrap();
        let words = digest.in_words();
        assert_eq!(Digest::from_words(&words), Some(digest));
        assert_eq!(Digest::from_words(&words.to_uppercase()), Some(digest));
        assert_eq!(Digest::from_words(&words.replacen("topmost ", "", 1)), None);
        assert_eq!(Digest::from_words(&format!("{words} topmost")), None);
    }

    #[test]
    fn what_is_read_piece_by_piece_has_the_digest_of_the_whole() {
        let whole = vec![7; 200_001];
        let digest = Digest::of_all(whole.as_slice()).unwrap();
        assert_eq!(digest, Digest::of(&whole));
    }

    #[test]
    fn all_five_hundred_and_twelve_words_differ() {
        let all: BTreeSet<_> = words::EVEN.iter().chain(&words::ODD).collect();
        assert_eq!(all.len(), 512);
    }

    #[test]
    fn a_digest_is_a_hex_string_in_json_and_nothing_else_is_read_as_one() {
        let digest = Digest::from_hex(EXAMPLE).unwrap();
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{EXAMPLE}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        for wrong in ["\"\"", "\"E5\"", &json.to_uppercase()] {
            assert!(serde_json::from_str::<Digest>(wrong).is_err());
        }
    }
}
