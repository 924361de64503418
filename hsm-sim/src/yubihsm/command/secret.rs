//! Keys of one piece at work: HMAC, AES, and what validates YubiKeys' one-time passwords.

use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability, command};
use crate::yubihsm::frame::{Fields, Frame};
use crate::yubihsm::key::aes::{Aes, Tag, ccm_open, ccm_seal};
use crate::yubihsm::key::padding::Hash;
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::{Kind, Object};
use crate::yubihsm::session::Caller;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A YubiKey's secret and its private identity, sealed: nonce of 6 bytes, 22 bytes, and a code of
/// 8.
const RECORD: usize = 36;

fn hmac(key: &Object, data: &[u8]) -> Result<Vec<u8>, Failure> {
    fn run<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
        mac.update(data);
        Some(mac.finalize().into_bytes().to_vec())
    }
    match Hash::of_hmac(key.algorithm) {
        Some(Hash::Sha1) => run::<Hmac<Sha1>>(&key.data, data),
        Some(Hash::Sha256) => run::<Hmac<Sha256>>(&key.data, data),
        Some(Hash::Sha384) => run::<Hmac<Sha384>>(&key.data, data),
        Some(Hash::Sha512) => run::<Hmac<Sha512>>(&key.data, data),
        None => None,
    }
    .ok_or(Failure::InvalidData)
}

/// The nonce of a record: the key's nonce identifier, the record's own six bytes, and zeros.
fn otp_nonce(key: &Object, own: &[u8]) -> [u8; 13] {
    let mut nonce = [0; 13];
    let parts = key.data.iter().take(4).chain(own.iter().take(6));
    nonce
        .iter_mut()
        .zip(parts)
        .for_each(|(to, from)| *to = *from);
    nonce
}

fn otp_seal(key: &Object, own: [u8; 6], secret: &[u8]) -> Reply {
    let sealing = key.data.get(4..).unwrap_or_default();
    let sealed =
        ccm_seal(sealing, &otp_nonce(key, &own), Tag::Eight, secret).ok_or(Failure::InvalidData)?;
    Ok([&own[..], &sealed].concat())
}

fn otp_open(key: &Object, record: &[u8]) -> Reply {
    let (own, sealed) = record.split_at_checked(6).ok_or(Failure::WrongLength)?;
    let sealing = key.data.get(4..).unwrap_or_default();
    ccm_open(sealing, &otp_nonce(key, own), Tag::Eight, sealed).ok_or(Failure::InvalidData)
}

/// CRC-16 of ISO 13239, which is `f0b8` over a whole one-time password.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x8408 } else { 0 }
        })
    })
}

impl Hsm {
    fn named(
        &self,
        caller: &Caller,
        kind: Kind,
        capability: u64,
        fields: &mut Fields,
        trace: &mut Trace,
    ) -> Result<&Object, Failure> {
        let id = fields.u16()?;
        trace.target = id;
        self.usable(caller, id, kind, capability)
    }

    pub(super) fn sign_hmac(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.named(
            caller,
            Kind::HmacKey,
            capability::SIGN_HMAC,
            &mut fields,
            trace,
        )?;
        hmac(key, fields.rest())
    }

    pub(super) fn verify_hmac(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.named(
            caller,
            Kind::HmacKey,
            capability::VERIFY_HMAC,
            &mut fields,
            trace,
        )?;
        let length = Hash::of_hmac(key.algorithm).map_or(0, Hash::length);
        let claimed = fields.take(length)?;
        let right = hmac(key, fields.rest())? == claimed;
        Ok(vec![u8::from(right)])
    }

    pub(super) fn encrypt_or_decrypt(
        &self,
        caller: &Caller,
        frame: Frame,
        trace: &mut Trace,
    ) -> Reply {
        let (capability, encrypt, chained) = match frame.code {
            command::ENCRYPT_ECB => (capability::ENCRYPT_ECB, true, false),
            command::DECRYPT_ECB => (capability::DECRYPT_ECB, false, false),
            command::ENCRYPT_CBC => (capability::ENCRYPT_CBC, true, true),
            _ => (capability::DECRYPT_CBC, false, true),
        };
        let mut fields = Fields(frame.data);
        let key = self.named(caller, Kind::SymmetricKey, capability, &mut fields, trace)?;
        let cipher = Aes::new(&key.data).ok_or(Failure::InvalidData)?;
        if chained {
            let iv = fields.array()?;
            cipher.cbc(iv, fields.rest(), encrypt)
        } else {
            cipher.ecb(fields.rest(), encrypt)
        }
        .ok_or(Failure::WrongLength)
    }

    pub(super) fn create_otp_aead(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let own = self.random();
        let key = self.named(
            caller,
            Kind::OtpAeadKey,
            capability::CREATE_OTP_AEAD,
            &mut fields,
            trace,
        )?;
        let secret = fields.take(22)?;
        fields.end()?;
        otp_seal(key, own, secret)
    }

    pub(super) fn randomize_otp_aead(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let (own, secret) = (self.random(), self.random::<22>());
        let key = self.named(
            caller,
            Kind::OtpAeadKey,
            capability::RANDOMIZE_OTP_AEAD,
            &mut fields,
            trace,
        )?;
        fields.end()?;
        otp_seal(key, own, &secret)
    }

    pub(super) fn rewrap_otp_aead(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let own = self.random();
        let from = fields.u16()?;
        let to = fields.u16()?;
        trace.target = from;
        trace.second = to;
        let record = fields.take(RECORD)?;
        fields.end()?;
        let from = self.usable(
            caller,
            from,
            Kind::OtpAeadKey,
            capability::REWRAP_FROM_OTP_AEAD_KEY,
        )?;
        let to = self.usable(
            caller,
            to,
            Kind::OtpAeadKey,
            capability::REWRAP_TO_OTP_AEAD_KEY,
        )?;
        otp_seal(to, own, &otp_open(from, record)?)
    }

    /// The counters in a one-time password, when it is one of the YubiKey whose secret the record
    /// holds.
    pub(super) fn decrypt_otp(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.named(
            caller,
            Kind::OtpAeadKey,
            capability::DECRYPT_OTP,
            &mut fields,
            trace,
        )?;
        let record = fields.take(RECORD)?;
        let password = fields.array::<16>()?;
        fields.end()?;
        let secret = otp_open(key, record)?;
        let (aes_key, identity) = secret.split_at_checked(16).ok_or(Failure::InvalidData)?;
        let plain = Aes::new(aes_key)
            .ok_or(Failure::InvalidData)?
            .decrypt(password);
        let [rest @ .., _, _, _, _] = &plain;
        let (claimed, counters) = rest.split_at_checked(6).ok_or(Failure::InvalidData)?;
        match counters {
            // Use counter, time stamp low and high, session counter; returned in another order.
            [use_low, use_high, low_low, low_high, high, session]
                if claimed == identity && crc16(&plain) == 0xf0b8 =>
            {
                Ok(vec![
                    *use_low, *use_high, *session, *high, *low_low, *low_high,
                ])
            }
            _ => Err(Failure::InvalidOtp),
        }
    }
}
