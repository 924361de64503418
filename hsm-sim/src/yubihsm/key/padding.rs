//! RSA's paddings (RFC 8017), which a YubiHSM parameterises more freely than the `rsa` crate does:
//! a mask made with another digest than the message's, and labels of which only the digest is
//! known.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::Rng;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The digest of a mask generation function, by its algorithm number.
    #[must_use]
    pub const fn of_mask(algorithm: u8) -> Option<Self> {
        Self::nth(algorithm.wrapping_sub(32))
    }

    /// The digest of an OAEP variant, by its algorithm number.
    #[must_use]
    pub const fn of_oaep(algorithm: u8) -> Option<Self> {
        Self::nth(algorithm.wrapping_sub(25))
    }

    /// The digest of an HMAC key, by its algorithm number.
    #[must_use]
    pub const fn of_hmac(algorithm: u8) -> Option<Self> {
        Self::nth(algorithm.wrapping_sub(19))
    }

    const fn nth(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Sha1),
            1 => Some(Self::Sha256),
            2 => Some(Self::Sha384),
            3 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest algorithm whose digests have this length.
    #[must_use]
    pub const fn of_length(length: usize) -> Option<Self> {
        match length {
            20 => Some(Self::Sha1),
            32 => Some(Self::Sha256),
            48 => Some(Self::Sha384),
            64 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// How many bytes a digest has.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        let message = parts.concat();
        match self {
            Self::Sha1 => Sha1::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// MGF1: exclusive-or of `data` with the mask that follows from `seed`.
    fn mask(self, seed: &[u8], data: &mut [u8]) {
        let mask = (0u32..).flat_map(|n| self.digest(&[seed, &n.to_be_bytes()]));
        for (byte, mask) in data.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// The private operation on a whole block.
#[must_use]
pub fn private_operation(key: &RsaPrivateKey, block: &[u8]) -> Option<Vec<u8>> {
    if block.len() != key.size() {
        return None;
    }
    let number = BoxedUint::from_be_slice(block, key.n_bits_precision()).ok()?;
    let rng = None::<&mut ChaCha20Rng>;
    let result = rsa::hazmat::rsa_decrypt_and_check(key, rng, &number).ok()?;
    full(&result, key.size())
}

/// The public operation on a whole block.
#[must_use]
pub fn public_operation(modulus: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    let key = RsaPublicKey::new(BoxedUint::from_be_slice_vartime(modulus), 65537u64.into()).ok()?;
    let number = BoxedUint::from_be_slice(block, key.n_bits_precision()).ok()?;
    full(&rsa::hazmat::rsa_encrypt(&key, &number).ok()?, key.size())
}

fn full(number: &BoxedUint, size: usize) -> Option<Vec<u8>> {
    let digits = number.to_be_bytes_trimmed_vartime();
    let mut bytes = vec![0; size.checked_sub(digits.len())?];
    bytes.extend_from_slice(&digits);
    Some(bytes)
}

/// EMSA-PSS over a digest, with a salt of this length; `None` when the key is too short for it.
#[must_use]
pub fn pss_encode(
    key: &RsaPrivateKey,
    digest: &[u8],
    hash: Hash,
    mask: Hash,
    salt_length: usize,
    rng: &mut ChaCha20Rng,
) -> Option<Vec<u8>> {
    let size = key.size();
    let mut salt = vec![0; salt_length];
    rng.fill_bytes(&mut salt);
    let proof = hash.digest(&[&[0; 8], digest, &salt]);
    let zeros = size.checked_sub(proof.len() + salt_length + 2)?;
    let mut block = [&vec![0; zeros][..], &[1], &salt].concat();
    mask.mask(&proof, &mut block);
    // The modulus has all its bits, and the block one less.
    block.iter_mut().take(1).for_each(|first| *first &= 0x7f);
    Some([&block[..], &proof, &[0xbc]].concat())
}

/// Takes the padding of PKCS #1 v1.5 off a decrypted block.
#[must_use]
pub fn pkcs1_decode(block: &[u8]) -> Option<Vec<u8>> {
    let [0, 2, rest @ ..] = block else {
        return None;
    };
    let end = rest.iter().position(|byte| *byte == 0)?;
    // Eight bytes of padding at least.
    (end >= 8).then(|| rest.get(end + 1..).unwrap_or_default().to_vec())
}

/// Takes the padding of OAEP off a decrypted block, whose label has this digest.
#[must_use]
pub fn oaep_decode(block: &[u8], label: &[u8], mask: Hash) -> Option<Vec<u8>> {
    let (first, rest) = block.split_first()?;
    let (seed, data) = rest.split_at_checked(label.len())?;
    let (mut seed, mut data) = (seed.to_vec(), data.to_vec());
    mask.mask(&data, &mut seed);
    mask.mask(&seed, &mut data);
    let (found, padded) = data.split_at_checked(label.len())?;
    let one = padded.iter().position(|byte| *byte != 0)?;
    let right = *first == 0 && found == label && padded.get(one) == Some(&1);
    right.then(|| padded.get(one + 1..).unwrap_or_default().to_vec())
}

/// OAEP for a message, under a label with this digest; `None` when the message is too long.
#[must_use]
pub fn oaep_encode(
    size: usize,
    message: &[u8],
    label: &[u8],
    mask: Hash,
    rng: &mut ChaCha20Rng,
) -> Option<Vec<u8>> {
    let zeros = size.checked_sub(2 * label.len() + message.len() + 2)?;
    let mut data = [label, &vec![0; zeros], &[1], message].concat();
    let mut seed = vec![0; label.len()];
    rng.fill_bytes(&mut seed);
    mask.mask(&seed, &mut data);
    mask.mask(&data, &mut seed);
    Some([&[0], &seed[..], &data].concat())
}
