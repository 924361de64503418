//! Where every simulated secret comes from: one seed, and a label for each use.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The root of all keys and serial numbers of one set of simulated devices.
///
/// Two runs with the same seed make the same devices. Without a seed given by the user it is drawn
/// from the operating system and kept in the state file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(#[serde(with = "crate::hex_bytes")] Vec<u8>);

impl Seed {
    /// The seed a user named by a number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(digest(b"hsm-sim seed", &[&number.to_be_bytes()]).to_vec())
    }

    /// A seed nobody knows, from the operating system.
    ///
    /// # Errors
    /// When the operating system has no entropy to give.
    pub fn from_entropy() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.to_vec()))
    }

    /// The stream of random bytes that belongs to `labels`; different labels give unrelated
    /// streams.
    #[must_use]
    pub fn rng(&self, labels: &[&[u8]]) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(digest(&self.0, labels))
    }

    /// The first 32 bytes of [`Seed::rng`].
    #[must_use]
    pub fn bytes(&self, labels: &[&[u8]]) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.rng(labels).fill_bytes(&mut bytes);
        bytes
    }
}

/// Lengths go in with the parts, so that no two lists of labels run together.
fn digest(key: &[u8], labels: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&key).chain(labels) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_bytes() {
        let bytes = |n| Seed::from_number(n).bytes(&[b"x"]);
        assert_eq!(bytes(7), bytes(7));
        assert_ne!(bytes(7), bytes(8));
    }

    #[test]
    fn labels_do_not_run_together() {
        let seed = Seed::from_number(1);
        assert_ne!(seed.bytes(&[b"ab", b"c"]), seed.bytes(&[b"a", b"bc"]));
    }
}
