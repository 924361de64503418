//! YubiKeys in a state file.

use super::piv::state::PivState;
use super::plate::{Model, Plate};
use crate::seed::Seed;
use crate::store::{self, StoreError};
use crate::vendor::{Batch, Vendor};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

/// The devices of one run.
pub type Store = store::Store<Device>;

/// A device in a state file.
#[derive(Clone)]
pub struct Device {
    /// What is engraved on it.
    pub plate: Plate,
    /// What it remembers.
    pub piv: PivState,
}

impl store::Device for Device {
    const FORMAT: &'static str = "hsm-sim state 1";
    const SERIAL_LABEL: &'static [u8] = b"serial";
    const SERIALS: Range<u32> = 10_000_000..30_000_000;
    type Model = Model;
    type Plate = Plate;
    type Inside = PivState;
    type State = PivState;

    fn engrave(serial: u32, model: Model) -> Plate {
        Plate { serial, model }
    }

    fn serial(plate: &Plate) -> u32 {
        plate.serial
    }

    fn make(plates: Vec<Plate>, seed: &Seed, vendor: &mut Vendor) -> Result<Vec<Self>, StoreError> {
        let models: Vec<_> = plates.iter().map(|plate| plate.model).collect();
        vendor.provide(seed, &models)?;
        // Devices of one model are of one batch, whose certificate is signed once.
        let mut batches = BTreeMap::new();
        let made = plates.into_iter().map(|plate| {
            let batch: &Batch = match batches.entry(plate.model) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let batch = vendor.batch(seed, plate.model);
                    place.insert(batch.ok_or(rsa::Error::Internal)?)
                }
            };
            let piv = PivState::factory(plate.model, batch.clone());
            Ok(Self { plate, piv })
        });
        made.collect()
    }

    fn of(plate: Plate, piv: PivState) -> Self {
        Self { plate, piv }
    }

    fn plate(&self) -> &Plate {
        &self.plate
    }

    fn inside(&self) -> PivState {
        self.piv.clone()
    }

    fn state(&mut self) -> &mut PivState {
        &mut self.piv
    }
}
