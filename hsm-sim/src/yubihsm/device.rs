//! YubiHSM 2s in a state file.

use super::key::curve::Curve;
use super::key::{Family, PrivateKey};
use super::plate::{Plate, Version};
use super::state::{Factory, State};
use crate::seed::Seed;
use crate::store::{self, StoreError};
use crate::vendor::Vendor;
use std::ops::Range;

/// The devices of one run.
pub type Store = store::Store<Device>;

/// A device in a state file.
#[derive(Clone)]
pub struct Device {
    /// What is engraved on it.
    pub plate: Plate,
    /// What the factory put in.
    pub factory: Factory,
    /// What it remembers.
    pub state: State,
}

impl store::Device for Device {
    const FORMAT: &'static str = "hsm-sim yubihsm state 1";
    const SERIAL_LABEL: &'static [u8] = b"yubihsm serial";
    /// None that a simulated YubiKey can have.
    const SERIALS: Range<u32> = 30_000_000..40_000_000;
    type Model = Version;
    type Plate = Plate;
    type Inside = (Factory, State);
    type State = State;

    fn engrave(serial: u32, firmware: Version) -> Plate {
        Plate { serial, firmware }
    }

    fn serial(plate: &Plate) -> u32 {
        plate.serial
    }

    fn make(plates: Vec<Plate>, seed: &Seed, vendor: &mut Vendor) -> Result<Vec<Self>, StoreError> {
        let made = vendor.provide_yubihsms(seed, &plates)?;
        let made = plates.into_iter().zip(made).map(|(plate, batch)| {
            let serial = plate.serial.to_be_bytes();
            let mut rng = seed.rng(&[b"yubihsm", &serial, b"factory"]);
            let agreement = PrivateKey::generate(Family::Ec(Curve::P256), &mut rng)
                .ok_or(rsa::Error::Internal)?;
            let mut random = [0; 16];
            random
                .iter_mut()
                .zip(seed.bytes(&[b"yubihsm", &serial, b"log"]))
                .for_each(|(to, from)| *to = from);
            Ok(Self {
                state: State::after_reset(plate.firmware, 0, random),
                factory: Factory {
                    attestation: batch.key,
                    certificate: batch.certificate,
                    agreement,
                },
                plate,
            })
        });
        made.collect()
    }

    fn of(plate: Plate, (factory, state): (Factory, State)) -> Self {
        Self {
            plate,
            factory,
            state,
        }
    }

    fn plate(&self) -> &Plate {
        &self.plate
    }

    fn inside(&self) -> (Factory, State) {
        (self.factory.clone(), self.state.clone())
    }

    fn state(&mut self) -> &mut State {
        &mut self.state
    }
}
