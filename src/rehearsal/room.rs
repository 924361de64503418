//! The room of a rehearsal, as the screens show it.

use std::io;

use super::hands::{Hands, Simulators};
use crate::tui::{Room, RoomChanged, RoomDevice};
use keymoot_attestation::Family;

/// The simulated devices of a rehearsal.
#[derive(Debug)]
pub struct SimulatedRoom(Hands);

impl SimulatedRoom {
    /// Reaches the devices through the control sockets of their simulators.
    ///
    /// # Errors
    /// Why the socket cannot be reached.
    pub fn reach(simulators: &Simulators, seats: &[Family]) -> io::Result<Self> {
        Hands::reach(simulators, seats).map(Self)
    }
}

impl Room for SimulatedRoom {
    fn devices(&mut self) -> io::Result<Vec<RoomDevice>> {
        let shown = self.0.devices()?.into_iter().map(|device| RoomDevice {
            number: device.number,
            serial: device.serial,
            inserted: device.inserted,
            awaiting_touch: device.awaiting_touch,
        });
        Ok(shown.collect())
    }

    fn insert(&mut self, number: usize) -> io::Result<()> {
        self.0.insert(number)
    }

    fn remove(&mut self, number: usize) -> io::Result<()> {
        self.0.remove(number)
    }

    fn touch(&mut self, number: usize) -> io::Result<()> {
        self.0.touch(number)
    }

    fn watch(&mut self, changed: RoomChanged) -> io::Result<()> {
        self.0.watch(move |_| changed.tell())
    }
}
