//! YubiHSMs between runs.

use super::key::curve::Curve;
use super::key::{Family, PrivateKey};
use super::plate::{Plate, Version};
use super::state::{Factory, State};
use crate::seed::Seed;
use crate::statefile::{self, StoreError};
use crate::vendor::Vendor;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const FORMAT: &str = "hsm-sim yubihsm state 1";

/// A device as it is kept.
#[derive(Clone)]
pub struct Device {
    /// What is engraved on it.
    pub plate: Plate,
    /// What the factory put in.
    pub factory: Factory,
    /// What it remembers.
    pub state: State,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    seed: Seed,
    vendor: Vendor,
    devices: Vec<(Factory, State)>,
}

/// The devices of one run and the file they are kept in.
#[derive(Clone)]
pub struct Store {
    path: Option<PathBuf>,
    seed: Seed,
    vendor: Vendor,
    devices: Vec<Device>,
}

impl Store {
    /// Opens the devices kept in `path`, or makes new ones: at least `count` of them, the new ones with these firmware
    /// `versions` in turn. A number for the seed makes new devices repeatable.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, belongs to another seed, or cannot be written.
    pub fn open(
        path: Option<PathBuf>,
        number: Option<u64>,
        count: usize,
        versions: &[Version],
    ) -> Result<Self, StoreError> {
        let seed = number.map(Seed::from_number);
        let read = |path| statefile::read(path, FORMAT, |sealed: &Sealed| sealed.devices.len());
        let mut store = match path.as_deref().map(read).transpose()?.flatten() {
            Some((plates, kept)) => {
                if seed.is_some_and(|seed| seed != kept.seed) {
                    return Err(StoreError::OtherSeed(path.unwrap_or_default()));
                }
                let devices =
                    plates
                        .into_iter()
                        .zip(kept.devices)
                        .map(|(plate, (factory, state))| Device {
                            plate,
                            factory,
                            state,
                        });
                Self {
                    devices: devices.collect(),
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
        store.add_devices(count, versions)?;
        store.write()?;
        Ok(store)
    }

    fn add_devices(&mut self, count: usize, versions: &[Version]) -> Result<(), StoreError> {
        let first = self.devices.len();
        let versions = versions.iter().cycle().skip(first % versions.len().max(1));
        let mut plates = Vec::new();
        for (index, firmware) in (first..count).zip(versions) {
            plates.push(Plate {
                serial: self.free_serial(index, &plates),
                firmware: *firmware,
            });
        }
        let made = self.vendor.provide_yubihsms(&self.seed, &plates)?;
        for (plate, batch) in plates.into_iter().zip(made) {
            let labels: [&[u8]; 3] = [b"yubihsm", &plate.serial.to_be_bytes(), b"factory"];
            let mut rng = self.seed.rng(&labels);
            let agreement = PrivateKey::generate(Family::Ec(Curve::P256), &mut rng)
                .ok_or(rsa::Error::Internal)?;
            let mut random = [0; 16];
            let labels: [&[u8]; 3] = [b"yubihsm", &plate.serial.to_be_bytes(), b"log"];
            random
                .iter_mut()
                .zip(self.seed.bytes(&labels))
                .for_each(|(to, from)| *to = from);
            self.devices.push(Device {
                state: State::after_reset(plate.firmware, 0, random),
                factory: Factory {
                    attestation: batch.key,
                    certificate: batch.certificate,
                    agreement,
                },
                plate,
            });
        }
        Ok(())
    }

    /// Eight digits, none that a simulated YubiKey can have, and no two alike.
    fn free_serial(&self, index: usize, others: &[Plate]) -> u32 {
        let taken = |serial| {
            let kept = self.devices.iter().map(|device| &device.plate);
            kept.chain(others).any(|plate| plate.serial == serial)
        };
        let mut attempt = 0u64;
        loop {
            let labels: [&[u8]; 3] = [
                b"yubihsm serial",
                &index.to_be_bytes(),
                &attempt.to_be_bytes(),
            ];
            let bytes = self.seed.bytes(&labels);
            let number = bytes
                .first_chunk()
                .map_or(0, |four| u32::from_be_bytes(*four));
            let serial = 30_000_000 + number % 10_000_000;
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
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Keeps what the device at `index` remembers now; writes only when that changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&mut self, index: usize, state: &State) -> Result<(), StoreError> {
        match self.devices.get_mut(index) {
            Some(device) if device.state != *state => {
                let before = std::mem::replace(&mut device.state, state.clone());
                let written = self.write();
                if written.is_err() {
                    // What no file holds is not kept: the next command has to write it, or fails too.
                    self.devices[index].state = before;
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
                .map(|device| (device.factory.clone(), device.state.clone()))
                .collect(),
        };
        let plates = self.devices.iter().map(|d| d.plate.clone()).collect();
        statefile::write(path, FORMAT, plates, &sealed)
    }
}
