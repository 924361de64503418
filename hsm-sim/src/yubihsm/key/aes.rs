//! AES with a key of any of its three lengths, in the modes a YubiHSM uses.

use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use aes_kw::{KwpAes128, KwpAes192, KwpAes256};
use ccm::Ccm;
use ccm::aead::{Aead, consts};
use cmac::{Cmac, Mac};

/// A key.
#[derive(Clone)]
pub enum Aes {
    /// Of 128 bits.
    Short(Box<Aes128>),
    /// Of 192 bits.
    Middle(Box<Aes192>),
    /// Of 256 bits.
    Long(Box<Aes256>),
}

impl Aes {
    /// The key with these 16, 24 or 32 bytes; `None` for any other number of them.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Some(Self::Short(Box::new(Aes128::new_from_slice(key).ok()?))),
            24 => Some(Self::Middle(Box::new(Aes192::new_from_slice(key).ok()?))),
            _ => Some(Self::Long(Box::new(Aes256::new_from_slice(key).ok()?))),
        }
    }

    /// One block, encrypted.
    #[must_use]
    pub fn encrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = Block::<Aes128>::from(block);
        match self {
            Self::Short(key) => key.encrypt_block(&mut block),
            Self::Middle(key) => key.encrypt_block(&mut block),
            Self::Long(key) => key.encrypt_block(&mut block),
        }
        block.into()
    }

    /// One block, decrypted.
    #[must_use]
    pub fn decrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = Block::<Aes128>::from(block);
        match self {
            Self::Short(key) => key.decrypt_block(&mut block),
            Self::Middle(key) => key.decrypt_block(&mut block),
            Self::Long(key) => key.decrypt_block(&mut block),
        }
        block.into()
    }

    /// Whole blocks, each for itself; `None` when there is a part of one.
    #[must_use]
    pub fn ecb(&self, data: &[u8], encrypt: bool) -> Option<Vec<u8>> {
        let (blocks, []) = data.as_chunks::<16>() else {
            return None;
        };
        let one = |block: &[u8; 16]| {
            if encrypt {
                self.encrypt(*block)
            } else {
                self.decrypt(*block)
            }
        };
        Some(blocks.iter().flat_map(one).collect())
    }

    /// Whole blocks, chained; `None` when there is a part of one.
    #[must_use]
    pub fn cbc(&self, iv: [u8; 16], data: &[u8], encrypt: bool) -> Option<Vec<u8>> {
        let (blocks, []) = data.as_chunks::<16>() else {
            return None;
        };
        let mut last = iv;
        let mut out = Vec::with_capacity(data.len());
        for block in blocks {
            if encrypt {
                last = self.encrypt(xor(*block, last));
                out.extend(last);
            } else {
                out.extend(xor(self.decrypt(*block), last));
                last = *block;
            }
        }
        Some(out)
    }
}

fn xor(mut block: [u8; 16], other: [u8; 16]) -> [u8; 16] {
    for (byte, with) in block.iter_mut().zip(other) {
        *byte ^= with;
    }
    block
}

/// AES-CMAC under a key of 128 bits.
#[must_use]
pub fn cmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as cmac::KeyInit>::new(key.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// How long the code is that AES-CCM appends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Eight bytes, in one-time password records.
    Eight,
    /// Sixteen bytes, in wrapped objects and data.
    Sixteen,
}

/// AES-CCM (RFC 3610) with a nonce of 13 bytes: ciphertext and tag. `None` when the key has no
/// usable length.
#[must_use]
pub fn ccm_seal(key: &[u8], nonce: &[u8; 13], tag: Tag, plain: &[u8]) -> Option<Vec<u8>> {
    ccm(key, nonce, tag, plain, true)
}

/// Opens what [`ccm_seal`] makes; `None` when it was changed.
#[must_use]
pub fn ccm_open(key: &[u8], nonce: &[u8; 13], tag: Tag, sealed: &[u8]) -> Option<Vec<u8>> {
    ccm(key, nonce, tag, sealed, false)
}

fn ccm(key: &[u8], nonce: &[u8; 13], tag: Tag, data: &[u8], seal: bool) -> Option<Vec<u8>> {
    fn run<C: KeyInit + Aead<NonceSize = consts::U13>>(
        key: &[u8],
        nonce: &[u8; 13],
        data: &[u8],
        seal: bool,
    ) -> Option<Vec<u8>> {
        let cipher = C::new_from_slice(key).ok()?;
        if seal {
            cipher.encrypt(nonce.into(), data).ok()
        } else {
            cipher.decrypt(nonce.into(), data).ok()
        }
    }
    use consts::{U8, U13, U16};
    match (key.len(), tag) {
        (16, Tag::Sixteen) => run::<Ccm<Aes128, U16, U13>>(key, nonce, data, seal),
        (24, Tag::Sixteen) => run::<Ccm<Aes192, U16, U13>>(key, nonce, data, seal),
        (32, Tag::Sixteen) => run::<Ccm<Aes256, U16, U13>>(key, nonce, data, seal),
        (16, Tag::Eight) => run::<Ccm<Aes128, U8, U13>>(key, nonce, data, seal),
        (24, Tag::Eight) => run::<Ccm<Aes192, U8, U13>>(key, nonce, data, seal),
        (32, Tag::Eight) => run::<Ccm<Aes256, U8, U13>>(key, nonce, data, seal),
        _ => None,
    }
}

/// AES key wrap with padding (RFC 5649); `None` when the key has no usable length.
#[must_use]
pub fn kwp_wrap(key: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; plain.len().next_multiple_of(8) + 8];
    match key.len() {
        16 => KwpAes128::new_from_slice(key)
            .ok()?
            .wrap_key(plain, &mut out),
        24 => KwpAes192::new_from_slice(key)
            .ok()?
            .wrap_key(plain, &mut out),
        32 => KwpAes256::new_from_slice(key)
            .ok()?
            .wrap_key(plain, &mut out),
        _ => return None,
    }
    .ok()
    .map(<[u8]>::to_vec)
}

/// Undoes [`kwp_wrap`]; `None` when what comes out has not the padding it should.
#[must_use]
pub fn kwp_unwrap(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; wrapped.len()];
    match key.len() {
        16 => KwpAes128::new_from_slice(key)
            .ok()?
            .unwrap_key(wrapped, &mut out),
        24 => KwpAes192::new_from_slice(key)
            .ok()?
            .unwrap_key(wrapped, &mut out),
        32 => KwpAes256::new_from_slice(key)
            .ok()?
            .unwrap_key(wrapped, &mut out),
        _ => return None,
    }
    .ok()
    .map(<[u8]>::to_vec)
}
