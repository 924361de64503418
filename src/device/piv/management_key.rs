//! The management key, and what it opens, over an exclusive connection.
//!
//! On a shared one, every program on the machine could use what the key has opened: replace the key
//! itself, and later the root key. The `yubikey` crate's connection is shared (docs/decisions.md).

use aes::Aes192;
use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use super::alone::{Alone, GET_METADATA};
use crate::device::error::{DeviceError, ErrorKind};
use crate::device::exclusive::{SUCCESS, field};
use crate::device::operation::Credential;
use crate::host::secret::Secret;
use keymoot_attestation::Firmware;

/// The slot of the management key.
pub(super) const MANAGEMENT: u8 = 0x9b;
/// The factory's key, of every kind (Yubico, "PIV extensions").
const FACTORY_KEY: [u8; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
];
/// The first firmware with AES management keys (Yubico, "PIV extensions").
const AES_MANAGEMENT_KEYS: Firmware = Firmware::new(5, 4, 2);

/// The tag of the algorithm in a slot's metadata.
const ALGORITHM: u8 = 0x01;
/// Algorithms of management keys with 24 bytes (Yubico, "PIV extensions").
const TRIPLE_DES: u8 = 0x03;
const AES_192: u8 = 0x0a;

/// Tags of a dynamic authentication template (NIST SP 800-73-4 part 2, table 7).
const TEMPLATE: u8 = 0x7c;
const WITNESS: u8 = 0x80;
const CHALLENGE: u8 = 0x81;
const RESPONSE: u8 = 0x82;

/// The device does not accept the key.
const SECURITY_STATUS: u16 = 0x6982;

/// GENERATE ASYMMETRIC KEY PAIR in slot 9c: P-256, PIN and touch always (Yubico, "PIV extensions").
const GENERATE: &[u8] = &[
    0x00, 0x47, 0x00, 0x9c, 0x0b, 0xac, 0x09, 0x80, 0x01, 0x11, 0xaa, 0x01, 0x03, 0xab, 0x01, 0x02,
    0x00,
];

/// A management key, ready for use. The ciphers wipe it.
enum Cipher {
    TripleDes(TdesEde3),
    Aes192(Aes192),
}

impl Cipher {
    /// `None` for a key of another length than this kind has, and for kinds with other lengths.
    fn new(algorithm: u8, key: &[u8]) -> Option<Self> {
        match algorithm {
            TRIPLE_DES => TdesEde3::new_from_slice(key).ok().map(Self::TripleDes),
            AES_192 => Aes192::new_from_slice(key).ok().map(Self::Aes192),
            _ => None,
        }
    }

    /// One block, decrypted; `None` when it is not one block long.
    fn decrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        fn with<C: BlockCipherDecrypt>(cipher: &C, block: &[u8]) -> Option<Vec<u8>> {
            let mut block = Block::<C>::try_from(block).ok()?;
            cipher.decrypt_block(&mut block);
            Some(block.to_vec())
        }
        match self {
            Self::TripleDes(cipher) => with(cipher, block),
            Self::Aes192(cipher) => with(cipher, block),
        }
    }

    /// The same, encrypted.
    fn encrypt(&self, block: &[u8]) -> Option<Vec<u8>> {
        fn with<C: BlockCipherEncrypt>(cipher: &C, block: &[u8]) -> Option<Vec<u8>> {
            let mut block = Block::<C>::try_from(block).ok()?;
            cipher.encrypt_block(&mut block);
            Some(block.to_vec())
        }
        match self {
            Self::TripleDes(cipher) => with(cipher, block),
            Self::Aes192(cipher) => with(cipher, block),
        }
    }
}

impl Alone {
    /// Opens the device for administration, until it is reset.
    pub(super) fn authenticate(&self, key: &Secret) -> Result<(), DeviceError> {
        match self.opens(key.expose())? {
            true => Ok(()),
            false => Err(self.error(ErrorKind::NotAuthenticated)),
        }
    }

    /// Replaces the factory's management key, and proves that the new one opens the device.
    pub(super) fn set_management_key(&self, key: &Secret) -> Result<(), DeviceError> {
        let algorithm = match self.firmware() >= AES_MANAGEMENT_KEYS {
            true => AES_192,
            false => TRIPLE_DES,
        };
        if Cipher::new(algorithm, key.expose()).is_none() || !self.opens(&FACTORY_KEY)? {
            return Err(self.error(ErrorKind::NotAuthenticated));
        }
        // SET MANAGEMENT KEY, without a touch (Yubico, "PIV extensions").
        let header = [0x00, 0xff, 0xff, 0xff, 27, algorithm, MANAGEMENT, 24];
        let command = Secret::joined(&[&header, key.expose()]);
        self.device.data(command.expose())?;
        self.authenticate(key)
    }

    /// Proves that the factory's management key does not open the device.
    pub(super) fn demand_no_factory_key(&self) -> Result<(), DeviceError> {
        match self.opens(&FACTORY_KEY)? {
            false => Ok(()),
            true => Err(self.error(ErrorKind::FactoryCredential(Credential::ManagementKey))),
        }
    }

    /// Generates a P-256 key in slot 9c that demands PIN and touch for every signature, and returns
    /// its point (SEC 1, section 2.3.3). The management key must have opened the device.
    pub(super) fn generate(&self) -> Result<Vec<u8>, DeviceError> {
        match *self.device.data(GENERATE)?.as_slice() {
            [0x7f, 0x49, 0x43, 0x86, 0x41, ref point @ ..] => Ok(point.to_vec()),
            _ => Err(self.malformed()),
        }
    }

    /// Whether this key opens the device: it proves that it has the key, and so does the program
    /// (NIST SP 800-73-4 part 2, section 3.2.4, mutual authentication).
    fn opens(&self, key: &[u8]) -> Result<bool, DeviceError> {
        let algorithm = self.management_algorithm()?;
        let Some(cipher) = Cipher::new(algorithm, key) else {
            return Ok(false);
        };
        let general_authenticate = |template: &[u8]| {
            let length = u8::try_from(template.len()).unwrap_or(u8::MAX);
            let header = [
                0x00,
                0x87,
                algorithm,
                MANAGEMENT,
                length + 2,
                TEMPLATE,
                length,
            ];
            self.device.send(&[&header[..], template, &[0x00]].concat())
        };
        let asked = general_authenticate(&[WITNESS, 0])?;
        if asked.status != SUCCESS {
            return Err(self.device.refused(asked.status));
        }
        let witness = within(&asked.data, WITNESS).and_then(|witness| cipher.decrypt(witness));
        let witness = witness.ok_or_else(|| self.malformed())?;
        let challenge = Secret::random_bytes(witness.len())
            .map_err(|_| self.not_done("this machine gives no random numbers"))?;
        let length = u8::try_from(witness.len()).unwrap_or(u8::MAX);
        let template = [
            &[WITNESS, length][..],
            &witness,
            &[CHALLENGE, length],
            challenge.expose(),
        ];
        let answered = general_authenticate(&template.concat())?;
        match answered.status {
            SUCCESS => {
                Ok(within(&answered.data, RESPONSE)
                    == cipher.encrypt(challenge.expose()).as_deref())
            }
            SECURITY_STATUS => Ok(false),
            status => Err(self.device.refused(status)),
        }
    }

    /// The kind of management key in the device.
    fn management_algorithm(&self) -> Result<u8, DeviceError> {
        let [class, instruction, p1] = GET_METADATA;
        let told = self.device.data(&[class, instruction, p1, MANAGEMENT, 0])?;
        match field(&told, ALGORITHM) {
            Some([algorithm]) => Ok(*algorithm),
            _ => Err(self.malformed()),
        }
    }
}

/// A value in a dynamic authentication template.
fn within(reply: &[u8], tag: u8) -> Option<&[u8]> {
    field(field(reply, TEMPLATE)?, tag)
}
