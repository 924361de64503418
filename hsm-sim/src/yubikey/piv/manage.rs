//! The management key: authentication by challenge, and changing it.

use super::Piv;
use super::session::Challenge;
use super::state::{Cipher, ManagementKey, TouchPolicy};
use crate::tlv::{find, split, tlv};
use crate::yubikey::apdu::{Answer, Command, status};
use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use chacha20::rand_core::Rng;

impl Cipher {
    fn from_id(id: u8) -> Option<Self> {
        match id {
            // 00 is the old name of triple DES (SP 800-78).
            0x00 | 0x03 => Some(Self::TripleDes),
            0x08 => Some(Self::Aes128),
            0x0a => Some(Self::Aes192),
            0x0c => Some(Self::Aes256),
            _ => None,
        }
    }

    /// Its PIV algorithm identifier.
    #[must_use]
    pub fn id(self) -> u8 {
        match self {
            Self::TripleDes => 0x03,
            Self::Aes128 => 0x08,
            Self::Aes192 => 0x0a,
            Self::Aes256 => 0x0c,
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    fn block_length(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }
}

fn encrypt_with<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    let mut block: Block<C> = block.try_into().ok()?;
    C::new_from_slice(key).ok()?.encrypt_block(&mut block);
    Some(block.to_vec())
}

fn decrypt_with<C: KeyInit + BlockCipherDecrypt>(key: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    let mut block: Block<C> = block.try_into().ok()?;
    C::new_from_slice(key).ok()?.decrypt_block(&mut block);
    Some(block.to_vec())
}

impl ManagementKey {
    /// One block, encrypted; `None` when it is not one block long.
    #[must_use]
    pub fn encrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        match self.cipher {
            Cipher::TripleDes => encrypt_with::<des::TdesEde3>(&self.bytes, block),
            Cipher::Aes128 => encrypt_with::<aes::Aes128>(&self.bytes, block),
            Cipher::Aes192 => encrypt_with::<aes::Aes192>(&self.bytes, block),
            Cipher::Aes256 => encrypt_with::<aes::Aes256>(&self.bytes, block),
        }
    }

    /// One block, decrypted; `None` when it is not one block long.
    #[must_use]
    pub fn decrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        match self.cipher {
            Cipher::TripleDes => decrypt_with::<des::TdesEde3>(&self.bytes, block),
            Cipher::Aes128 => decrypt_with::<aes::Aes128>(&self.bytes, block),
            Cipher::Aes192 => decrypt_with::<aes::Aes192>(&self.bytes, block),
            Cipher::Aes256 => decrypt_with::<aes::Aes256>(&self.bytes, block),
        }
    }
}

impl Piv {
    fn draw(&mut self) -> Vec<u8> {
        let mut block = vec![0; self.state.management.cipher.block_length()];
        self.entropy.fill_bytes(&mut block);
        block
    }

    pub(super) fn authenticate_management(&mut self, command: &Command) -> Answer {
        let key = self.state.management.clone();
        if Cipher::from_id(command.p1) != Some(key.cipher) {
            return Err(status::DATA.into());
        }
        let Some((0x7c, template, _)) = split(&command.data) else {
            return Err(status::DATA.into());
        };
        let witness = find(template, 0x80);
        let challenge = find(template, 0x81);
        let response = find(template, 0x82);
        match (witness, challenge, response) {
            (Some([]), None, None) => {
                let secret = self.draw();
                let shown = key.encrypt(&secret).ok_or(status::FAILED)?;
                self.session.challenge = Some(Challenge::Witness(secret));
                Ok(tlv(0x7c, &tlv(0x80, &shown)))
            }
            (None, Some([]), None) => {
                let secret = self.draw();
                let answer = tlv(0x7c, &tlv(0x81, &secret));
                self.session.challenge = Some(Challenge::Plain(secret));
                Ok(answer)
            }
            (witness, challenge, response) => {
                let proven = match (&self.session.challenge, witness, response) {
                    (Some(Challenge::Witness(secret)), Some(shown), None) => {
                        shown == secret.as_slice()
                    }
                    (Some(Challenge::Plain(secret)), None, Some(shown)) => {
                        key.encrypt(secret).as_deref() == Some(shown)
                    }
                    _ => false,
                };
                if proven && key.touch {
                    self.require_touch(TouchPolicy::Always)?;
                }
                self.session.challenge = None;
                self.session.management = proven;
                if !proven {
                    return Err(status::SECURITY.into());
                }
                match challenge {
                    Some(block) => Ok(tlv(
                        0x7c,
                        &tlv(0x82, &key.encrypt(block).ok_or(status::DATA)?),
                    )),
                    None => Ok(Vec::new()),
                }
            }
        }
    }

    pub(super) fn set_management(&mut self, command: &Command) -> Answer {
        self.require_management()?;
        let touch = match (command.p1, command.p2) {
            (0xff, 0xff) => false,
            (0xff, 0xfe) => true,
            _ => return Err(status::PARAMETERS.into()),
        };
        let [algorithm, 0x9b, length, bytes @ ..] = command.data.as_slice() else {
            return Err(status::DATA.into());
        };
        let cipher = Cipher::from_id(*algorithm).ok_or(status::DATA)?;
        if cipher != Cipher::TripleDes {
            self.since(5, 4, 0).map_err(|_| status::DATA)?;
        }
        if bytes.len() != cipher.key_length() || usize::from(*length) != bytes.len() {
            return Err(status::DATA.into());
        }
        self.state.management = ManagementKey {
            cipher,
            bytes: bytes.to_vec(),
            touch,
            factory: false,
        };
        Ok(Vec::new())
    }
}
