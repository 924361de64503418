//! The secure channel: GlobalPlatform's SCP03 as YubiHSMs have it, and its variant with
//! elliptic-curve keys.
//!
//! Sources: GlobalPlatform Card Specification v2.3 Amendment D; Yubico's Python SDK.

use super::key::aes::{Aes, cmac};
use super::key::curve::Curve;
use sha2::{Digest, Sha256};

/// Constants of the key derivation.
mod purpose {
    pub(super) const CARD_CRYPTOGRAM: u8 = 0x00;
    pub(super) const HOST_CRYPTOGRAM: u8 = 0x01;
    pub(super) const ENCRYPTION: u8 = 0x04;
    pub(super) const COMMAND_MAC: u8 = 0x06;
    pub(super) const RESPONSE_MAC: u8 = 0x07;
}

/// The keys of one session, and its progress.
#[derive(Clone)]
pub struct Channel {
    encryption: [u8; 16],
    command_mac: [u8; 16],
    response_mac: [u8; 16],
    /// The full code of the last command; the next command's code covers it.
    chain: [u8; 16],
    /// Counts exchanges, from 1.
    counter: u128,
}

fn derive(key: &[u8; 16], purpose: u8, bits: u16, context: &[u8; 16]) -> [u8; 16] {
    let [high, low] = bits.to_be_bytes();
    cmac(key, &[&[0; 11], &[purpose, 0, high, low, 1], context])
}

fn first_half(code: [u8; 16]) -> [u8; 8] {
    let mut half = [0; 8];
    half.iter_mut().zip(code).for_each(|(to, from)| *to = from);
    half
}

impl Channel {
    /// A channel from an authentication key of two symmetric keys, and both sides' challenges.
    #[must_use]
    pub fn symmetric(encryption: &[u8; 16], mac: &[u8; 16], context: &[u8; 16]) -> Self {
        Self {
            encryption: derive(encryption, purpose::ENCRYPTION, 0x80, context),
            command_mac: derive(mac, purpose::COMMAND_MAC, 0x80, context),
            response_mac: derive(mac, purpose::RESPONSE_MAC, 0x80, context),
            chain: [0; 16],
            counter: 1,
        }
    }

    /// A channel from key agreement, twice: between the ephemeral keys and between the lasting
    /// ones. With it comes the receipt by which the device proves itself.
    #[must_use]
    pub fn asymmetric(
        ephemeral: &[u8],
        lasting: &[u8],
        device_point: &[u8],
        host_point: &[u8],
    ) -> Option<(Self, [u8; 16])> {
        // ANSI X9.63 with SHA-256; the shared information is a key usage, a type and a length.
        let block = |counter: u32| -> [u8; 32] {
            Sha256::new()
                .chain_update(ephemeral)
                .chain_update(lasting)
                .chain_update(counter.to_be_bytes())
                .chain_update([0x3c, 0x88, 0x10])
                .finalize()
                .into()
        };
        let [first, second] = [block(1), block(2)];
        let key = |bytes: &[u8]| bytes.first_chunk::<16>().copied();
        let (receipt_key, encryption) = (key(&first)?, key(first.get(16..)?)?);
        let (command_mac, response_mac) = (key(&second)?, key(second.get(16..)?)?);
        let receipt = cmac(&receipt_key, &[device_point, host_point]);
        let channel = Self {
            encryption,
            command_mac,
            response_mac,
            chain: receipt,
            counter: 1,
        };
        Some((channel, receipt))
    }

    /// What the device shows to prove that it knows the keys.
    #[must_use]
    pub fn card_cryptogram(&self, context: &[u8; 16]) -> [u8; 8] {
        first_half(derive(
            &self.command_mac,
            purpose::CARD_CRYPTOGRAM,
            0x40,
            context,
        ))
    }

    /// What the host has to show.
    #[must_use]
    pub fn host_cryptogram(&self, context: &[u8; 16]) -> [u8; 8] {
        first_half(derive(
            &self.command_mac,
            purpose::HOST_CRYPTOGRAM,
            0x40,
            context,
        ))
    }

    /// Checks the code at the end of a message from the host, and continues in the chain when it is
    /// right.
    #[must_use]
    pub fn accept(&mut self, message: &[u8]) -> bool {
        let Some((content, code)) = message.split_last_chunk::<8>() else {
            return false;
        };
        let full = self.command_code(content);
        let right = first_half(full) == *code;
        if right {
            self.chain = full;
        }
        right
    }

    /// The full code over a message from the host; the first half of it travels.
    #[must_use]
    pub fn command_code(&self, content: &[u8]) -> [u8; 16] {
        cmac(&self.command_mac, &[&self.chain, content])
    }

    /// Decrypts what a host sent in this exchange, and takes the padding off.
    #[must_use]
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let cipher = Aes::new(&self.encryption)?;
        let mut plain = cipher.cbc(self.iv(&cipher), ciphertext, false)?;
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        if plain.get(end) != Some(&0x80) {
            return None;
        }
        plain.truncate(end);
        Some(plain)
    }

    /// Encrypts the answer of this exchange, and continues to the next.
    #[must_use]
    pub fn encrypt(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        let cipher = Aes::new(&self.encryption)?;
        let mut padded = [plain, &[0x80]].concat();
        padded.resize(padded.len().next_multiple_of(16), 0);
        let sealed = cipher.cbc(self.iv(&cipher), &padded, true)?;
        self.counter += 1;
        Some(sealed)
    }

    /// The code over an answer. It covers the command's code, and the chain ends.
    #[must_use]
    pub fn response_code(&self, answer: &[u8]) -> [u8; 8] {
        first_half(cmac(&self.response_mac, &[&self.chain, answer]))
    }

    fn iv(&self, cipher: &Aes) -> [u8; 16] {
        cipher.encrypt(self.counter.to_be_bytes())
    }
}

/// Key agreement on P-256 between a private key and a point written with its leading 04.
#[must_use]
pub fn agree(secret: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    match point.split_first() {
        Some((4, coordinates)) => Curve::P256.agree(secret, coordinates),
        _ => None,
    }
}
