//! RSA keys at work: signatures and decryption.

use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::PrivateKey;
use crate::yubihsm::key::padding::{
    Hash, oaep_decode, pkcs1_decode, private_operation, pss_encode,
};
use crate::yubihsm::log::Trace;
use crate::yubihsm::session::Caller;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

impl Hsm {
    fn rsa_key(
        &self,
        caller: &Caller,
        fields: &mut Fields,
        trace: &mut Trace,
        capability: u64,
    ) -> Result<RsaPrivateKey, Failure> {
        match self.asymmetric_key(caller, fields, trace, capability)? {
            PrivateKey::Rsa(key) => Ok(*key),
            _ => Err(Failure::InvalidData),
        }
    }

    pub(super) fn sign_pkcs1(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.rsa_key(caller, &mut fields, trace, capability::SIGN_PKCS)?;
        let digest = fields.rest();
        let scheme = match Hash::of_length(digest.len()).ok_or(Failure::WrongLength)? {
            Hash::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        key.sign(scheme, digest).map_err(|_| Failure::InvalidData)
    }

    pub(super) fn sign_pss(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.rsa_key(caller, &mut fields, trace, capability::SIGN_PSS)?;
        let mask = Hash::of_mask(fields.u8()?).ok_or(Failure::InvalidData)?;
        let salt = usize::from(fields.u16()?);
        let digest = fields.rest();
        let hash = Hash::of_length(digest.len()).ok_or(Failure::WrongLength)?;
        pss_encode(&key, digest, hash, mask, salt, &mut self.rng)
            .and_then(|block| private_operation(&key, &block))
            .ok_or(Failure::InvalidData)
    }

    pub(super) fn decrypt_pkcs1(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.rsa_key(caller, &mut fields, trace, capability::DECRYPT_PKCS)?;
        private_operation(&key, fields.rest())
            .and_then(|block| pkcs1_decode(&block))
            .ok_or(Failure::InvalidData)
    }

    pub(super) fn decrypt_oaep(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.rsa_key(caller, &mut fields, trace, capability::DECRYPT_OAEP)?;
        let mask = Hash::of_mask(fields.u8()?).ok_or(Failure::InvalidData)?;
        let ciphertext = fields.take(key.size())?;
        let label = fields.rest();
        Hash::of_length(label.len()).ok_or(Failure::WrongLength)?;
        private_operation(&key, ciphertext)
            .and_then(|block| oaep_decode(&block, label, mask))
            .ok_or(Failure::InvalidData)
    }
}
