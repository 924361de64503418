//! Objects: making, finding, reading and deleting them.

use crate::yubihsm::Hsm;
use crate::yubihsm::code::{Failure, Reply, capability};
use crate::yubihsm::frame::Fields;
use crate::yubihsm::key::{Family, PrivateKey};
use crate::yubihsm::log::Trace;
use crate::yubihsm::object::{Header, Kind, LABEL, Object, origin, within};
use crate::yubihsm::session::Caller;
use chacha20::rand_core::Rng;

/// Tags of the filters of a list.
mod filter {
    pub(super) const ID: u8 = 1;
    pub(super) const KIND: u8 = 2;
    pub(super) const DOMAINS: u8 = 3;
    pub(super) const CAPABILITIES: u8 = 4;
    pub(super) const ALGORITHM: u8 = 5;
    pub(super) const LABEL: u8 = 6;
}

/// The identifier nobody can use: it stands for none.
const NONE: u16 = 0xffff;

impl Hsm {
    /// Puts an object in whose data come with the command.
    pub(super) fn put(
        &mut self,
        caller: &Caller,
        kind: Kind,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let header = Header::read(&mut fields)?;
        trace.target = header.id;
        let delegated = if kind.delegates() { fields.u64()? } else { 0 };
        let data = fields.rest().to_vec();
        self.place(
            caller,
            header,
            kind,
            delegated,
            origin::IMPORTED,
            data,
            trace,
        )
    }

    /// Makes a key.
    pub(super) fn generate(
        &mut self,
        caller: &Caller,
        kind: Kind,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let header = Header::read(&mut fields)?;
        trace.target = header.id;
        let delegated = if kind.delegates() { fields.u64()? } else { 0 };
        // A one-time password key begins with the nonce identifier, which is kept the other way
        // round.
        let prefix = if kind == Kind::OtpAeadKey {
            fields.array::<4>()?.iter().rev().copied().collect()
        } else {
            Vec::new()
        };
        fields.end()?;
        let (_, length) = kind.data(header.algorithm).ok_or(Failure::InvalidData)?;
        let asymmetric = Family::of(header.algorithm);
        let key = match asymmetric {
            Some(family) => {
                // Every reason to refuse the key comes before the search for it.
                self.admit(caller, &header, kind, delegated)?;
                PrivateKey::generate(family, &mut self.rng).ok_or(Failure::InvalidData)?
            }
            None => {
                let mut key = vec![0; length - prefix.len()];
                self.rng.fill_bytes(&mut key);
                key
            }
        };
        let data = [prefix, key].concat();
        self.place(
            caller,
            header,
            kind,
            delegated,
            origin::GENERATED,
            data,
            trace,
        )
    }

    /// Whether the caller may make such an object.
    fn admit(
        &self,
        caller: &Caller,
        header: &Header,
        kind: Kind,
        delegated: u64,
    ) -> Result<(), Failure> {
        if header.id == NONE {
            return Err(Failure::InvalidId);
        }
        let known = kind.data(header.algorithm).is_some()
            && self.algorithms().contains(&header.algorithm)
            && (kind != Kind::WrapKey
                || Family::of(header.algorithm).is_none()
                || self.plate.firmware.since(4, 0));
        if header.domains == 0 || !known {
            return Err(Failure::InvalidData);
        }
        if self.state.disabled.contains(&header.algorithm) {
            return Err(Failure::AlgorithmDisabled);
        }
        let granted = within(header.capabilities, caller.delegated)
            && within(delegated, caller.delegated)
            && within(header.domains.into(), caller.domains.into());
        if !granted {
            return Err(Failure::InsufficientPermissions);
        }
        if self.state.find(header.id, kind).is_some() {
            return Err(Failure::ObjectExists);
        }
        Ok(())
    }

    /// Stores a new object; the answer is its identifier.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn place(
        &mut self,
        caller: &Caller,
        header: Header,
        kind: Kind,
        delegated: u64,
        origin: u8,
        data: Vec<u8>,
        trace: &mut Trace,
    ) -> Reply {
        self.admit(caller, &header, kind, delegated)?;
        check_data(kind, header.algorithm, &data)?;
        let id = match header.id {
            0 => self.free_id(kind)?,
            id => id,
        };
        trace.target = id;
        self.state.insert(Object {
            id,
            kind,
            algorithm: header.algorithm,
            sequence: 0,
            origin,
            domains: header.domains,
            capabilities: header.capabilities,
            delegated,
            label: header.label.to_vec(),
            data,
        })?;
        Ok(id.to_be_bytes().to_vec())
    }

    fn free_id(&mut self, kind: Kind) -> Result<u16, Failure> {
        if self.state.objects().len() >= usize::from(NONE) - 1 {
            return Err(Failure::StorageFailed);
        }
        loop {
            let id = u16::from_be_bytes(self.random());
            if id != 0 && id != NONE && self.state.find(id, kind).is_none() {
                return Ok(id);
            }
        }
    }

    pub(super) fn list(&self, caller: &Caller, mut fields: Fields) -> Reply {
        let mut found: Vec<&Object> = self
            .state
            .objects()
            .iter()
            .filter(|object| object.domains & caller.domains != 0)
            .collect();
        while !fields.0.is_empty() {
            match fields.u8()? {
                filter::ID => {
                    let id = fields.u16()?;
                    found.retain(|object| object.id == id);
                }
                filter::KIND => {
                    let kind = fields.u8()?;
                    found.retain(|object| object.kind as u8 == kind);
                }
                filter::DOMAINS => {
                    let domains = fields.u16()?;
                    found.retain(|object| object.domains & domains != 0);
                }
                filter::CAPABILITIES => {
                    let capabilities = fields.u64()?;
                    found.retain(|object| object.capabilities & capabilities != 0);
                }
                filter::ALGORITHM => {
                    let algorithm = fields.u8()?;
                    found.retain(|object| object.algorithm == algorithm);
                }
                filter::LABEL => {
                    let label = fields.array::<LABEL>()?;
                    found.retain(|object| object.label == label);
                }
                _ => return Err(Failure::InvalidData),
            }
        }
        Ok(found
            .iter()
            .flat_map(|object| {
                let [high, low] = object.id.to_be_bytes();
                [high, low, object.kind as u8, object.sequence]
            })
            .collect())
    }

    pub(super) fn info(&self, caller: &Caller, mut fields: Fields, trace: &mut Trace) -> Reply {
        let (id, kind) = handle(&mut fields, trace)?;
        Ok(self.visible(caller, id, kind)?.info())
    }

    pub(super) fn delete(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let (id, kind) = handle(&mut fields, trace)?;
        if !within(kind.deletable_by(), caller.capabilities) {
            return Err(Failure::InsufficientPermissions);
        }
        self.visible(caller, id, kind)?;
        self.state.remove(id, kind);
        Ok(Vec::new())
    }

    pub(super) fn opaque(&self, caller: &Caller, mut fields: Fields, trace: &mut Trace) -> Reply {
        let id = fields.u16()?;
        fields.end()?;
        trace.target = id;
        // The device's own certificate is in every domain, and in no list.
        if id == 0 {
            return Ok(self.factory.certificate.clone());
        }
        Ok(self.visible(caller, id, Kind::Opaque)?.data.clone())
    }

    pub(super) fn template(&self, caller: &Caller, mut fields: Fields, trace: &mut Trace) -> Reply {
        let id = fields.u16()?;
        fields.end()?;
        trace.target = id;
        Ok(self.visible(caller, id, Kind::Template)?.data.clone())
    }

    /// A key changes itself, and no other.
    pub(super) fn change_authentication_key(
        &mut self,
        caller: &Caller,
        mut fields: Fields,
        trace: &mut Trace,
    ) -> Reply {
        let id = fields.u16()?;
        trace.target = id;
        let algorithm = fields.u8()?;
        let data = fields.rest();
        if id != caller.key {
            return Err(Failure::InvalidId);
        }
        if !self.algorithms().contains(&algorithm) {
            return Err(Failure::InvalidData);
        }
        check_data(Kind::AuthenticationKey, algorithm, data)?;
        self.usable(
            caller,
            id,
            Kind::AuthenticationKey,
            capability::CHANGE_AUTHENTICATION_KEY,
        )?;
        let key = self
            .state
            .find_mut(id, Kind::AuthenticationKey)
            .ok_or(Failure::ObjectNotFound)?;
        key.algorithm = algorithm;
        key.data = data.to_vec();
        Ok(id.to_be_bytes().to_vec())
    }
}

fn handle(fields: &mut Fields, trace: &mut Trace) -> Result<(u16, Kind), Failure> {
    let id = fields.u16()?;
    trace.target = id;
    let kind = fields.u8()?;
    fields.end()?;
    Ok((id, Kind::of(kind)?))
}

/// Whether data of an object are as long as its algorithm wants them, and a key where they should
/// be one.
pub(super) fn check_data(kind: Kind, algorithm: u8, data: &[u8]) -> Result<(), Failure> {
    let (least, most) = kind.data(algorithm).ok_or(Failure::InvalidData)?;
    if data.len() < least || data.len() > most {
        return Err(Failure::WrongLength);
    }
    let asymmetric = match kind {
        Kind::AsymmetricKey | Kind::WrapKey => Family::of(algorithm),
        _ => None,
    };
    match asymmetric {
        Some(family) if PrivateKey::from_bytes(family, data).is_none() => Err(Failure::InvalidData),
        _ => Ok(()),
    }
}
