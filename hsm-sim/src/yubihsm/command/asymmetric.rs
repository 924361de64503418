//! Elliptic-curve keys at work: public keys, signatures, key agreement.

use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::{Family, PrivateKey};
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::{Kind, Object};
use crate::yubihsm::session::Caller;

/// The private key in an object.
pub(super) fn private_key(object: &Object) -> Result<PrivateKey, Failure> {
    Family::of(object.algorithm)
        .and_then(|family| PrivateKey::from_bytes(family, &object.data))
        .ok_or(Failure::InvalidData)
}

impl Hsm {
    /// The key a command names first, when it may be used for what the capability says.
    pub(super) fn asymmetric_key(
        &self,
        caller: &Caller,
        fields: &mut Fields,
        trace: &mut Trace,
        capability: u64,
    ) -> Result<PrivateKey, Failure> {
        let id = fields.u16()?;
        trace.target = id;
        private_key(self.usable(caller, id, Kind::AsymmetricKey, capability)?)
    }

    pub(super) fn public_key(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let kind = match fields.rest() {
            [] => Kind::AsymmetricKey,
            [kind] if self.plate.firmware.since(4, 0) => Kind::of(*kind)?,
            _ => return Err(Failure::WrongLength),
        };
        let object = self.visible(caller, id, kind)?;
        let public = match kind {
            Kind::PublicWrapKey => object.data.clone(),
            Kind::AsymmetricKey | Kind::WrapKey => {
                private_key(object)?.public().ok_or(Failure::InvalidData)?
            }
            _ => return Err(Failure::InvalidData),
        };
        Ok([&[object.algorithm], &public[..]].concat())
    }

    pub(super) fn sign_ecdsa(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.asymmetric_key(caller, &mut fields, trace, capability::SIGN_ECDSA)?;
        let digest = fields.rest();
        if !matches!(digest.len(), 20 | 28 | 32 | 48 | 64 | 66) {
            return Err(Failure::WrongLength);
        }
        key.sign_ecdsa(digest, &mut self.rng)
            .ok_or(Failure::InvalidData)
    }

    pub(super) fn sign_eddsa(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        self.asymmetric_key(caller, &mut fields, trace, capability::SIGN_EDDSA)?
            .sign_eddsa(fields.rest())
            .ok_or(Failure::InvalidData)
    }

    pub(super) fn derive_ecdh(
        &self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = self.asymmetric_key(caller, &mut fields, trace, capability::DERIVE_ECDH)?;
        match (key, fields.rest()) {
            (PrivateKey::Ec(curve, secret), [4, point @ ..]) => {
                curve.agree(&secret, point).ok_or(Failure::InvalidData)
            }
            _ => Err(Failure::InvalidData),
        }
    }
}
