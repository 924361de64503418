//! YubiKeys between runs.

use crate::seed::Seed;
use crate::statefile;
pub use crate::statefile::StoreError;
use crate::vendor::{Batch, Vendor};
use crate::yubikey::piv::state::PivState;
use crate::yubikey::plate::{Model, Plate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

/// A device as it is kept.
#[derive(Clone)]
pub struct Device {
    /// What is engraved on it.
    pub plate: Plate,
    /// What it remembers.
    pub piv: PivState,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    seed: Seed,
    vendor: Vendor,
    devices: Vec<PivState>,
}

const FORMAT: &str = "hsm-sim state 1";

/// The devices of one run and the file they are kept in.
#[derive(Clone)]
pub struct Store {
    path: Option<PathBuf>,
    seed: Seed,
    vendor: Vendor,
    devices: Vec<Device>,
}

impl Store {
    /// Opens the devices kept in `path`, or makes new ones: at least `count` of them, the new ones with these
    /// `models` in turn. A number for the seed makes new devices repeatable.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, belongs to another seed, or cannot be written.
    pub fn open(
        path: Option<PathBuf>,
        number: Option<u64>,
        count: usize,
        models: &[Model],
    ) -> Result<Self, StoreError> {
        let seed = number.map(Seed::from_number);
        let read = |path| statefile::read(path, FORMAT, |sealed: &Sealed| sealed.devices.len());
        let mut store = match path.as_deref().map(read).transpose()?.flatten() {
            Some((listed, kept)) => {
                if seed.is_some_and(|seed| seed != kept.seed) {
                    return Err(StoreError::OtherSeed(path.unwrap_or_default()));
                }
                let devices = listed
                    .into_iter()
                    .zip(kept.devices)
                    .map(|(plate, piv)| Device { plate, piv })
                    .collect();
                Self {
                    path,
                    seed: kept.seed,
                    vendor: kept.vendor,
                    devices,
                }
            }
            None => {
                let seed = seed.map_or_else(Seed::from_entropy, Ok)?;
                Self {
                    path,
                    seed,
                    vendor: Vendor::default(),
                    devices: Vec::new(),
                }
            }
        };
        store.add_devices(count, models)?;
        store.write()?;
        Ok(store)
    }

    fn add_devices(&mut self, count: usize, models: &[Model]) -> Result<(), StoreError> {
        let new: Vec<(usize, Model)> = (self.devices.len()..count)
            .zip(
                models
                    .iter()
                    .cycle()
                    .skip(self.devices.len() % models.len().max(1)),
            )
            .map(|(index, model)| (index, *model))
            .collect();
        let wanted: Vec<Model> = new.iter().map(|(_, model)| *model).collect();
        self.vendor.provide(&self.seed, &wanted)?;
        let mut batches = BTreeMap::new();
        for (index, model) in new {
            let batch: &Batch = match batches.entry(model) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let batch = self.vendor.batch(&self.seed, model);
                    place.insert(batch.ok_or(rsa::Error::Internal)?)
                }
            };
            let plate = Plate {
                serial: self.free_serial(index),
                model,
            };
            self.devices.push(Device {
                plate,
                piv: PivState::factory(model, batch.clone()),
            });
        }
        Ok(())
    }

    /// Eight digits, as on real devices of the last years, and no two alike.
    fn free_serial(&self, index: usize) -> u32 {
        let mut attempt = 0u64;
        loop {
            let bytes = self
                .seed
                .bytes(&[b"serial", &index.to_be_bytes(), &attempt.to_be_bytes()]);
            let number = bytes
                .first_chunk()
                .map_or(0, |four| u32::from_be_bytes(*four));
            let serial = 10_000_000 + number % 20_000_000;
            if self
                .devices
                .iter()
                .all(|device| device.plate.serial != serial)
            {
                return serial;
            }
            attempt += 1;
        }
    }

    /// The seed all keys come from.
    #[must_use]
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The vendor.
    #[must_use]
    pub fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// The devices in order; the first is device 1.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Keeps what the device at `index` remembers now; writes only when that changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&mut self, index: usize, piv: &PivState) -> Result<(), StoreError> {
        match self.devices.get_mut(index) {
            Some(device) if device.piv != *piv => {
                let before = std::mem::replace(&mut device.piv, piv.clone());
                let written = self.write();
                if written.is_err() {
                    // What no file holds is not kept: the next command has to write it, or fails too.
                    self.devices[index].piv = before;
                }
                written
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<(), StoreError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let sealed = Sealed {
            seed: self.seed.clone(),
            vendor: self.vendor.clone(),
            devices: self
                .devices
                .iter()
                .map(|device| device.piv.clone())
                .collect(),
        };
        let plates = self.devices.iter().map(|d| d.plate.clone()).collect();
        statefile::write(path, FORMAT, plates, &sealed)
    }
}

/// Bytes as hexadecimal text, for serde.
pub mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes bytes as hexadecimal text.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    /// Reads bytes from hexadecimal text.
    ///
    /// # Errors
    /// When the text is not hexadecimal.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
