//! Devices between runs: those of one run, and the file they are kept in.

use crate::seed::Seed;
use crate::serials::Serials;
use crate::statefile;
pub use crate::statefile::StoreError;
use crate::vendor::Vendor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::PathBuf;

/// A device in a state file.
pub trait Device: Clone {
    /// The name of its family in the state file.
    const FORMAT: &'static str;
    /// The label under which a seed gives serial numbers of its family.
    const SERIAL_LABEL: &'static [u8];
    /// The serial numbers of its family.
    const SERIALS: Range<u32>;
    /// The request for a new one.
    type Model: Copy;
    /// The numbers engraved on it.
    type Plate: Clone + Serialize + DeserializeOwned;
    /// Its secrets, as a state file seals them.
    type Inside: Serialize + DeserializeOwned;
    /// The state that it remembers.
    type State: Clone + PartialEq;

    /// The engraving of a new one.
    fn engrave(serial: u32, model: Self::Model) -> Self::Plate;
    /// The engraved serial number.
    fn serial(plate: &Self::Plate) -> u32;
    /// Makes new ones.
    ///
    /// # Errors
    /// When a key cannot be made.
    fn make(
        plates: Vec<Self::Plate>,
        seed: &Seed,
        vendor: &mut Vendor,
    ) -> Result<Vec<Self>, StoreError>;
    /// Puts one together that was kept.
    fn of(plate: Self::Plate, inside: Self::Inside) -> Self;
    /// Its engraving.
    fn plate(&self) -> &Self::Plate;
    /// Its secrets.
    fn inside(&self) -> Self::Inside;
    /// Its state.
    fn state(&mut self) -> &mut Self::State;
}

#[derive(Serialize, Deserialize)]
struct Sealed<I> {
    seed: Seed,
    vendor: Vendor,
    devices: Vec<I>,
}

/// The devices of one run and the file they are kept in.
#[derive(Clone)]
pub struct Store<D> {
    path: Option<PathBuf>,
    seed: Seed,
    vendor: Vendor,
    devices: Vec<D>,
}

impl<D: Device> Store<D> {
    /// Opens the devices kept in `path`, or makes new ones: at least `count` of them, the new ones
    /// of these `models` in turn. A number for the seed makes new devices repeatable.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, belongs to another seed, or cannot be written.
    pub fn open(
        path: Option<PathBuf>,
        number: Option<u64>,
        count: usize,
        models: &[D::Model],
    ) -> Result<Self, StoreError> {
        Self::open_with(path, number, count, models, &Serials::default())
    }

    /// The same, where the new devices have these serial numbers in turn. Every number that no
    /// device has yet is given to a new one, also where that makes more than `count`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(
        path: Option<PathBuf>,
        number: Option<u64>,
        count: usize,
        models: &[D::Model],
        serials: &Serials,
    ) -> Result<Self, StoreError> {
        let seed = number.map(Seed::from_number);
        let held = |sealed: &Sealed<D::Inside>| sealed.devices.len();
        let read = |path| statefile::read(path, D::FORMAT, held);
        let mut store = match path.as_deref().map(read).transpose()?.flatten() {
            Some((plates, kept)) => {
                if seed.is_some_and(|seed| seed != kept.seed) {
                    return Err(StoreError::OtherSeed(path.unwrap_or_default()));
                }
                let devices = plates.into_iter().zip(kept.devices);
                Self {
                    devices: devices
                        .map(|(plate, inside)| D::of(plate, inside))
                        .collect(),
                    path,
                    seed: kept.seed,
                    vendor: kept.vendor,
                }
            }
            None => Self {
                path,
                seed: seed.map_or_else(Seed::from_entropy, Ok)?,
                vendor: Vendor::default(),
                devices: Vec::new(),
            },
        };
        store.add_devices(count, models, serials)?;
        store.write()?;
        Ok(store)
    }

    fn add_devices(
        &mut self,
        count: usize,
        models: &[D::Model],
        serials: &Serials,
    ) -> Result<(), StoreError> {
        let first = self.devices.len();
        let chosen = serials.missing(|serial| self.has(serial));
        let count = count.max(first + chosen.len());
        let chosen = chosen.into_iter().chain(std::iter::repeat(None));
        let models = models.iter().cycle().skip(first % models.len().max(1));
        let mut plates = Vec::new();
        for ((index, model), chosen) in (first..count).zip(models).zip(chosen) {
            let serial = match chosen {
                Some(serial) => serial,
                None => self.free_serial(index, &plates, serials),
            };
            plates.push(D::engrave(serial, *model));
        }
        let new = D::make(plates, &self.seed, &mut self.vendor)?;
        self.devices.extend(new);
        Ok(())
    }

    fn has(&self, serial: u32) -> bool {
        let mut plates = self.devices.iter().map(D::plate);
        plates.any(|plate| D::serial(plate) == serial)
    }

    /// Eight digits, as on real devices of the last years, and no two alike. `chosen` numbers are
    /// for other devices.
    fn free_serial(&self, index: usize, others: &[D::Plate], chosen: &Serials) -> u32 {
        let taken = |serial| {
            let mut others = others.iter().map(D::serial);
            self.has(serial) || chosen.contains(serial) || others.any(|other| other == serial)
        };
        let mut attempt = 0u64;
        loop {
            let labels: [&[u8]; 3] = [
                D::SERIAL_LABEL,
                &index.to_be_bytes(),
                &attempt.to_be_bytes(),
            ];
            let bytes = self.seed.bytes(&labels);
            let number = bytes
                .first_chunk()
                .map_or(0, |four| u32::from_be_bytes(*four));
            let serial = D::SERIALS.start + number % (D::SERIALS.end - D::SERIALS.start);
            if !taken(serial) {
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
    pub fn devices(&self) -> &[D] {
        &self.devices
    }

    /// Keeps what the device at `index` remembers now; writes only when that changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&mut self, index: usize, state: &D::State) -> Result<(), StoreError> {
        let Some(kept) = self.devices.get_mut(index).map(D::state) else {
            return Ok(());
        };
        if kept == state {
            return Ok(());
        }
        let before = std::mem::replace(kept, state.clone());
        let written = self.write();
        if written.is_err() {
            // What no file holds is not kept: the next command has to write it, or fails too.
            *self.devices[index].state() = before;
        }
        written
    }

    fn write(&self) -> Result<(), StoreError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let sealed = Sealed {
            seed: self.seed.clone(),
            vendor: self.vendor.clone(),
            devices: self.devices.iter().map(D::inside).collect(),
        };
        let plates = self.devices.iter().map(D::plate).cloned().collect();
        statefile::write(path, D::FORMAT, plates, &sealed)
    }
}
