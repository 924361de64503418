//! Objects and keys under RSA wrap keys: a fresh AES key under RSA-OAEP, and what is wrapped under
//! that key (RFC 5649). Either whole objects, which only a YubiHSM reads, or bare keys, which other
//! programs read too.

use super::wrap::{inside, outside};
use crate::vendor::der::{integer, null, octets, oid, sequence};
use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::aes::{kwp_unwrap, kwp_wrap};
use crate::yubihsm::key::padding::{
    Hash, oaep_decode, oaep_encode, private_operation, public_operation,
};
use crate::yubihsm::key::{Family, PrivateKey, primes};
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::{Header, Kind, LABEL, Object, origin, within};
use crate::yubihsm::session::Caller;
use chacha20::rand_core::Rng;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::traits::PublicKeyParts;

/// How the AES key is wrapped: the digest of the mask, and that of the label.
struct Oaep<'a> {
    mask: Hash,
    label: &'a [u8],
}

impl<'a> Oaep<'a> {
    fn new(hash: u8, mask: u8, label: &'a [u8]) -> Result<Self, Failure> {
        let hash = Hash::of_oaep(hash).ok_or(Failure::InvalidData)?;
        let mask = Hash::of_mask(mask).ok_or(Failure::InvalidData)?;
        if label.len() == hash.length() {
            Ok(Self { mask, label })
        } else {
            Err(Failure::WrongLength)
        }
    }
}

/// The private key as PKCS #8 has it, or the bare bytes of a symmetric key.
fn portable(object: &Object) -> Option<Vec<u8>> {
    if object.kind == Kind::SymmetricKey {
        return Some(object.data.clone());
    }
    let (algorithm, key) = match Family::of(object.algorithm)? {
        family @ Family::Rsa(_) => {
            let PrivateKey::Rsa(key) = PrivateKey::from_bytes(family, &object.data)? else {
                return None;
            };
            (
                sequence(&[&oid(&[1, 2, 840, 113549, 1, 1, 1]), &null()]),
                key.to_pkcs1_der().ok()?.as_bytes().to_vec(),
            )
        }
        Family::Ec(curve) => (
            sequence(&[&oid(&[1, 2, 840, 10045, 2, 1]), &oid(curve.oid())]),
            sequence(&[&integer(&[1]), &octets(&object.data)]),
        ),
        Family::Ed25519 => (sequence(&[&oid(&[1, 3, 101, 112])]), octets(&object.data)),
    };
    Some(sequence(&[&integer(&[0]), &algorithm, &octets(&key)]))
}

/// The data of an object of this type and algorithm, from its portable form.
fn from_portable(kind: Kind, algorithm: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    use crate::tlv::{find, list};
    if kind == Kind::SymmetricKey {
        return Some(bytes.to_vec());
    }
    let key = find(find(bytes, 0x30)?, 0x04)?;
    match Family::of(algorithm)? {
        Family::Rsa(_) => primes(&rsa::RsaPrivateKey::from_pkcs1_der(key).ok()?),
        Family::Ec(_) => match list(find(key, 0x30)?)?.as_slice() {
            [(0x02, _), (0x04, secret), ..] => Some(secret.to_vec()),
            _ => None,
        },
        Family::Ed25519 => find(key, 0x04).map(<[u8]>::to_vec),
    }
}

impl Hsm {
    /// The parts the two exporting commands have in common; `content` says what is wrapped.
    fn wrap_under_rsa(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
        content: impl FnOnce(&Object, u8) -> Option<Vec<u8>>,
    ) -> Reply {
        let id = fields.u16()?;
        let kind = Kind::of(fields.u8()?)?;
        let target = fields.u16()?;
        trace.target = id;
        trace.second = target;
        let (_, length) = Kind::SymmetricKey
            .data(fields.u8()?)
            .ok_or(Failure::InvalidData)?;
        let (hash, mask) = (fields.u8()?, fields.u8()?);
        let oaep = Oaep::new(hash, mask, fields.rest())?;
        let key = self
            .usable(caller, id, Kind::PublicWrapKey, capability::EXPORT_WRAPPED)?
            .clone();
        let object = self.exportable(caller, &key, target, kind)?;
        let plain = content(object, key.algorithm).ok_or(Failure::InvalidData)?;
        let mut fresh = vec![0; length];
        self.rng.fill_bytes(&mut fresh);
        let size = key.data.len();
        let block = oaep_encode(size, &fresh, oaep.label, oaep.mask, &mut self.rng);
        let sealed = block.and_then(|block| public_operation(&key.data, &block));
        match (sealed, kwp_wrap(&fresh, &plain)) {
            (Some(sealed), Some(wrapped)) => Ok([sealed, wrapped].concat()),
            _ => Err(Failure::InvalidData),
        }
    }

    /// What is under the wrap, and what the wrap key hands on.
    fn unwrap_under_rsa(
        &self,
        caller: &Caller,
        id: u16,
        oaep: &Oaep,
        wrapped: &[u8],
    ) -> Result<(Vec<u8>, u64), Failure> {
        let object = self.usable(caller, id, Kind::WrapKey, capability::IMPORT_WRAPPED)?;
        let family = Family::of(object.algorithm).ok_or(Failure::InvalidData)?;
        let Some(PrivateKey::Rsa(key)) = PrivateKey::from_bytes(family, &object.data) else {
            return Err(Failure::InvalidData);
        };
        let (sealed, wrapped) = wrapped
            .split_at_checked(key.size())
            .ok_or(Failure::WrongLength)?;
        let plain = private_operation(&key, sealed)
            .and_then(|block| oaep_decode(&block, oaep.label, oaep.mask))
            .and_then(|fresh| kwp_unwrap(&fresh, wrapped))
            .ok_or(Failure::InvalidData)?;
        Ok((plain, object.delegated))
    }

    pub(super) fn export_wrapped_rsa(
        &mut self,
        caller: &Caller,
        fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        self.wrap_under_rsa(caller, fields, trace, |object, algorithm| {
            Some(inside(object, algorithm))
        })
    }

    pub(super) fn wrap_key_rsa(
        &mut self,
        caller: &Caller,
        fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        self.wrap_under_rsa(caller, fields, trace, |object, _| {
            matches!(object.kind, Kind::AsymmetricKey | Kind::SymmetricKey)
                .then(|| portable(object))
                .flatten()
        })
    }

    pub(super) fn import_wrapped_rsa(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let (hash, mask) = (fields.u8()?, fields.u8()?);
        let length = Hash::of_oaep(hash).ok_or(Failure::InvalidData)?.length();
        let wrapped = fields.all_but(length)?;
        let oaep = Oaep::new(hash, mask, fields.rest())?;
        let (plain, delegated) = self.unwrap_under_rsa(caller, id, &oaep, wrapped)?;
        self.take_in(caller, outside(&plain)?, delegated, trace)
    }

    pub(super) fn unwrap_key_rsa(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let kind = Kind::of(fields.u8()?)?;
        let header = Header {
            id: fields.u16()?,
            label: fields.array::<LABEL>()?,
            domains: fields.u16()?,
            capabilities: fields.u64()?,
            algorithm: fields.u8()?,
        };
        let (hash, mask) = (fields.u8()?, fields.u8()?);
        let length = Hash::of_oaep(hash).ok_or(Failure::InvalidData)?.length();
        let wrapped = fields.all_but(length)?;
        let oaep = Oaep::new(hash, mask, fields.rest())?;
        let (plain, delegated) = self.unwrap_under_rsa(caller, id, &oaep, wrapped)?;
        if !matches!(kind, Kind::AsymmetricKey | Kind::SymmetricKey) {
            return Err(Failure::InvalidData);
        }
        if !within(header.capabilities, delegated) {
            return Err(Failure::InsufficientPermissions);
        }
        let data = from_portable(kind, header.algorithm, &plain).ok_or(Failure::InvalidData)?;
        let how = origin::WRAPPED | origin::IMPORTED;
        let mut made = Trace::default();
        let id = self.place(caller, header, kind, 0, how, data, &mut made)?;
        trace.second = made.target;
        Ok([&[kind as u8], &id[..]].concat())
    }
}
