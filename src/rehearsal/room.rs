//! The room of a rehearsal, as the screens show it.

use std::{cell::RefCell, io, path::Path};

use super::hands::Hands;
use crate::tui::{Room, RoomChanged, RoomDevice};

/// The simulated devices of a rehearsal.
#[derive(Debug)]
pub struct SimulatedRoom(RefCell<Hands>);

impl SimulatedRoom {
    /// Reaches the devices through their simulator's control socket.
    ///
    /// # Errors
    /// What kept the socket from being reached.
    pub fn reach(control: &Path) -> io::Result<Self> {
        Hands::reach(control).map(|hands| Self(RefCell::new(hands)))
    }
}

impl Room for SimulatedRoom {
    fn devices(&self) -> Vec<RoomDevice> {
        // When the simulator is gone there are no devices.
        let devices = self.0.borrow_mut().devices().unwrap_or_default();
        let shown = devices.into_iter().map(|device| RoomDevice {
            number: device.number,
            serial: device.serial,
            inserted: device.inserted,
            awaiting_touch: device.awaiting_touch,
        });
        shown.collect()
    }

    fn insert(&mut self, number: usize) -> io::Result<()> {
        self.0.get_mut().insert(number)
    }

    fn remove(&mut self, number: usize) -> io::Result<()> {
        self.0.get_mut().remove(number)
    }

    fn touch(&mut self, number: usize) -> io::Result<()> {
        self.0.get_mut().touch(number)
    }

    fn watch(&mut self, changed: RoomChanged) {
        // Without being told of changes the devices are still looked at after
        // every command from here.
        let _ = self.0.get_mut().watch(move |_| changed.tell());
    }
}
