//! What a device remembers without power.

use super::code::{Failure, command};
use super::log::{Auditing, Log};
use super::object::{Kind, LABEL, Object, origin};
use super::plate::Version;
use crate::vendor::RsaKey;
use serde::{Deserialize, Serialize};

/// Objects a device has room for.
const RECORDS: usize = 256;
/// Pages of its store, and bytes of a page.
const PAGES: usize = 1024;
const PAGE: usize = 126;

/// What the factory put in, which no reset removes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Factory {
    /// The key that attests keys.
    pub attestation: RsaKey,
    /// Its certificate, DER: opaque object 0.
    #[serde(with = "crate::hex_bytes")]
    pub certificate: Vec<u8>,
    /// The device's half of sessions with elliptic-curve authentication keys: a scalar on P-256.
    #[serde(with = "crate::hex_bytes")]
    pub agreement: Vec<u8>,
}

/// What changes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Objects, by type and identifier.
    objects: Vec<Object>,
    /// How often an object was there that is gone: identifier, type, times.
    gone: Vec<(u16, Kind, u8)>,
    /// The audit options.
    pub auditing: Auditing,
    /// Algorithms that were switched off.
    pub disabled: Vec<u8>,
    /// The audit log.
    pub log: Log,
    /// How often it got power or was reset: no two times draw the same random numbers.
    pub boots: u64,
}

/// PBKDF2-HMAC-SHA256 of `password` with the salt `Yubico` and 10000 rounds.
const DEFAULT_KEY: [u8; 32] = [
    0x09, 0x0b, 0x47, 0xdb, 0xed, 0x59, 0x56, 0x54, 0x90, 0x1d, 0xee, 0x1c, 0xc6, 0x55, 0xe4, 0x20,
    0x59, 0x2f, 0xd4, 0x83, 0xf7, 0x59, 0xe2, 0x99, 0x09, 0xa0, 0x4c, 0x45, 0x05, 0xd2, 0xce, 0x0a,
];

impl State {
    /// The state after a reset. `random` becomes the start of the log's chain.
    #[must_use]
    pub fn after_reset(firmware: Version, boots: u64, random: [u8; 16]) -> Self {
        let mut label = b"DEFAULT AUTHKEY CHANGE THIS ASAP".to_vec();
        label.resize(LABEL, 0);
        let default = Object {
            id: 1,
            kind: Kind::AuthenticationKey,
            algorithm: 38,
            sequence: 0,
            origin: origin::IMPORTED,
            domains: u16::MAX,
            capabilities: u64::MAX,
            delegated: u64::MAX,
            label,
            data: DEFAULT_KEY.to_vec(),
        };
        Self {
            objects: vec![default],
            gone: Vec::new(),
            auditing: Auditing::after_reset(firmware),
            disabled: Vec::new(),
            log: Log::after_reset(random),
            boots,
        }
    }

    /// All objects.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The object of this identifier and type.
    #[must_use]
    pub fn find(&self, id: u16, kind: Kind) -> Option<&Object> {
        self.objects
            .iter()
            .find(|object| object.id == id && object.kind == kind)
    }

    /// The same, to change it.
    pub fn find_mut(&mut self, id: u16, kind: Kind) -> Option<&mut Object> {
        self.objects
            .iter_mut()
            .find(|object| object.id == id && object.kind == kind)
    }

    /// Stores an object, and counts how often there was one like it.
    ///
    /// # Errors
    /// There is one already, or no room.
    pub fn insert(&mut self, mut object: Object) -> Result<(), Failure> {
        if self.find(object.id, object.kind).is_some() {
            return Err(Failure::ObjectExists);
        }
        let (_, free_records, _, free_pages) = self.room();
        if free_records == 0 || free_pages < pages(&object) {
            return Err(Failure::StorageFailed);
        }
        object.sequence = self
            .gone
            .iter()
            .find(|(id, kind, _)| (*id, *kind) == (object.id, object.kind))
            .map_or(0, |(_, _, times)| *times);
        let place = self
            .objects
            .partition_point(|other| (other.kind as u8, other.id) < (object.kind as u8, object.id));
        self.objects.insert(place, object);
        Ok(())
    }

    /// Forgets an object.
    pub fn remove(&mut self, id: u16, kind: Kind) {
        self.objects
            .retain(|object| (object.id, object.kind) != (id, kind));
        match self
            .gone
            .iter_mut()
            .find(|(gone, of, _)| (*gone, *of) == (id, kind))
        {
            Some((_, _, times)) => *times = times.wrapping_add(1),
            None => self.gone.push((id, kind, 1)),
        }
    }

    /// Records in all and free, pages in all and free.
    #[must_use]
    pub fn room(&self) -> (usize, usize, usize, usize) {
        let used: usize = self.objects.iter().map(pages).sum();
        (
            RECORDS,
            RECORDS.saturating_sub(self.objects.len()),
            PAGES,
            PAGES.saturating_sub(used),
        )
    }

    /// The answer to the command that asks for room.
    #[must_use]
    pub fn storage(&self) -> Vec<u8> {
        let (records, free_records, total, free) = self.room();
        [records, free_records, total, free, PAGE]
            .iter()
            .flat_map(|number| u16::try_from(*number).unwrap_or(u16::MAX).to_be_bytes())
            .collect()
    }

    /// Whether this command has to be refused because it could not be logged. Opening and closing
    /// sessions and reading the log are always allowed: there would be no way out otherwise.
    #[must_use]
    pub fn refuses(&self, code: u8) -> bool {
        use command::*;
        let always = matches!(
            code,
            CREATE_SESSION | AUTHENTICATE_SESSION | CLOSE_SESSION | GET_LOG_ENTRIES | SET_LOG_INDEX
        );
        !always && self.auditing.audits(code) && self.has_no_room_to_log()
    }

    /// Whether nothing can be logged: auditing is forced and the log full.
    #[must_use]
    pub fn has_no_room_to_log(&self) -> bool {
        self.auditing.forced() && self.log.is_full()
    }
}

fn pages(object: &Object) -> usize {
    object.length().div_ceil(PAGE)
}
