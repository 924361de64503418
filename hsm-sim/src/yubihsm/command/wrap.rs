//! Objects and data under a wrap key, in and out.
//!
//! What is inside: the wrap key's algorithm, then what a device reports of an object
//! (capabilities, identifier, length, domains, type, algorithm, sequence, origin, label), then for
//! keys that delegate what they delegate, then the data. Source: Yubico's `yubihsm-wrap`, which
//! makes such objects outside of a device.

use super::objects::check_data;
use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::Family;
use crate::yubihsm::key::aes::{Tag, ccm_open, ccm_seal};
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::{Kind, LABEL, Object, origin, within};
use crate::yubihsm::session::Caller;

/// The object as it goes under the wrap.
pub(super) fn inside(object: &Object, wrap_algorithm: u8) -> Vec<u8> {
    let delegated = object.delegated.to_be_bytes();
    let delegated = if object.kind.delegates() {
        &delegated[..]
    } else {
        &[]
    };
    let length = u16::try_from(object.data.len() + delegated.len()).unwrap_or(u16::MAX);
    [
        &[wrap_algorithm][..],
        &object.capabilities.to_be_bytes(),
        &object.id.to_be_bytes(),
        &length.to_be_bytes(),
        &object.domains.to_be_bytes(),
        &[
            object.kind as u8,
            object.algorithm,
            object.sequence,
            object.origin,
        ],
        &object.label,
        delegated,
        &object.data,
    ]
    .concat()
}

/// The object that was under a wrap.
pub(super) fn outside(bytes: &[u8]) -> Result<Object, Failure> {
    let mut fields = Fields(bytes);
    fields.u8()?;
    let capabilities = fields.u64()?;
    let id = fields.u16()?;
    fields.u16()?;
    let domains = fields.u16()?;
    let kind = Kind::of(fields.u8()?)?;
    let algorithm = fields.u8()?;
    let sequence = fields.u8()?;
    let origin = fields.u8()? | origin::WRAPPED;
    let label = fields.array::<LABEL>()?.to_vec();
    let delegated = if kind.delegates() { fields.u64()? } else { 0 };
    Ok(Object {
        id,
        kind,
        algorithm,
        sequence,
        origin,
        domains,
        capabilities,
        delegated,
        label,
        data: fields.rest().to_vec(),
    })
}

impl Hsm {
    /// A wrap key for AES-CCM: those that hold RSA keys are for other commands.
    fn ccm_key(&self, caller: &Caller, id: u16, capability: u64) -> Result<&Object, Failure> {
        let key = self.visible(caller, id, Kind::WrapKey)?;
        if Family::of(key.algorithm).is_some() {
            return Err(Failure::InvalidData);
        }
        self.usable(caller, id, Kind::WrapKey, capability)
    }

    /// The object to export under a key, when both allow it.
    pub(super) fn exportable(
        &self,
        caller: &Caller,
        key: &Object,
        id: u16,
        kind: Kind,
    ) -> Result<&Object, Failure> {
        let object = self.visible(caller, id, kind)?;
        let allowed = within(capability::EXPORTABLE_UNDER_WRAP, object.capabilities)
            && within(object.capabilities, key.delegated);
        if allowed {
            Ok(object)
        } else {
            Err(Failure::InsufficientPermissions)
        }
    }

    pub(super) fn export_wrapped(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = fields.u16()?;
        let kind = Kind::of(fields.u8()?)?;
        let id = fields.u16()?;
        trace.target = key;
        trace.second = id;
        match fields.rest() {
            [] => {}
            // Whether to include an Ed25519 key's seed; it always is.
            [_] if self.plate.firmware.since(4, 0) => {}
            _ => return Err(Failure::WrongLength),
        }
        let nonce = self.random::<13>();
        let key = self.ccm_key(caller, key, capability::EXPORT_WRAPPED)?;
        let object = self.exportable(caller, key, id, kind)?;
        let plain = inside(object, key.algorithm);
        let sealed =
            ccm_seal(&key.data, &nonce, Tag::Sixteen, &plain).ok_or(Failure::InvalidData)?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub(super) fn import_wrapped(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let key = fields.u16()?;
        trace.target = key;
        let nonce = fields.array()?;
        let key = self.ccm_key(caller, key, capability::IMPORT_WRAPPED)?;
        let plain =
            ccm_open(&key.data, &nonce, Tag::Sixteen, fields.rest()).ok_or(Failure::InvalidData)?;
        if plain.first() != Some(&key.algorithm) {
            return Err(Failure::InvalidData);
        }
        let delegated = key.delegated;
        let object = outside(&plain)?;
        self.take_in(caller, object, delegated, trace)
    }

    /// Stores an object that was under a wrap; the answer is its type and identifier.
    pub(super) fn take_in(
        &mut self,
        caller: &Caller,
        object: Object,
        delegated: u64,
        trace: &mut Trace,
    ) -> Reply {
        trace.second = object.id;
        check_data(object.kind, object.algorithm, &object.data)?;
        let allowed = within(object.capabilities, delegated)
            && within(object.delegated, delegated)
            && within(object.domains.into(), caller.domains.into());
        if !allowed {
            return Err(Failure::InsufficientPermissions);
        }
        let [high, low] = object.id.to_be_bytes();
        let answer = vec![object.kind as u8, high, low];
        self.state.insert(object)?;
        Ok(answer)
    }

    pub(super) fn wrap_data(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let nonce = self.random::<13>();
        let key = self.data_key(caller, id, capability::WRAP_DATA)?;
        let sealed =
            ccm_seal(&key.data, &nonce, Tag::Sixteen, fields.rest()).ok_or(Failure::InvalidData)?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub(super) fn unwrap_data(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let nonce = fields.array()?;
        let key = self.data_key(caller, id, capability::UNWRAP_DATA)?;
        ccm_open(&key.data, &nonce, Tag::Sixteen, fields.rest()).ok_or(Failure::InvalidData)
    }

    /// A wrap key for data. A key that may not be used for it makes the data invalid, up to
    /// firmware 2.4.
    fn data_key(&self, caller: &Caller, id: u16, capability: u64) -> Result<&Object, Failure> {
        self.ccm_key(caller, id, capability)
            .map_err(|failure| match failure {
                Failure::InsufficientPermissions => Failure::InvalidData,
                other => other,
            })
    }
}
