//! The simulated YubiKeys, and a simulated user who plugs and touches them.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use hsm_sim::room::Room;
use hsm_sim::usbredir;
use hsm_sim::yubikey::device::Store;
use hsm_sim::yubikey::fault::Plan;
use serde_json::Value;

use crate::failure::{Failure, Step};
use crate::machine;

/// How long a holder takes to touch a blinking device.
const REACTION: Duration = Duration::from_millis(300);

/// How long a device waits for a touch; longer than on a real one, because the guest is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Devices on a table, at most one of them plugged in.
pub(crate) struct Devices {
    room: Arc<Room>,
    serials: Vec<String>,
    /// The next touch that is asked for is answered by pulling the device out.
    pull: Arc<Mutex<bool>>,
}

impl Devices {
    /// Starts YubiKeys for the ports of the machine that uses this folder. The seed makes their
    /// vendor, which the program under test trusts.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(crate) fn new(seed: u64, count: usize, folder: &Path) -> Step<Self> {
        let model = "5.7.4"
            .parse()
            .map_err(|error| Failure(format!("{error}")))?;
        let store = Store::open(None, Some(seed), count, &[model])
            .map_err(|error| Failure(error.to_string()))?;
        let serials = store
            .devices()
            .iter()
            .map(|device| device.plate.serial.to_string());
        let serials = serials.collect();
        let room = Arc::new(Room::new(store, Plan::default(), PATIENCE));
        let (ports, served) = (machine::ports(folder), Arc::clone(&room));
        std::thread::spawn(move || usbredir::serve(&served, ports));
        let pull = Arc::new(Mutex::new(false));
        std::thread::spawn({
            let (room, pull) = (Arc::clone(&room), Arc::clone(&pull));
            move || touch(&room, &pull)
        });
        Ok(Self {
            room,
            serials,
            pull,
        })
    }

    /// Plugs in this device and no other; 0 is none.
    pub(crate) fn only(&self, device: usize) {
        for other in (1..=self.serials.len()).filter(|other| *other != device) {
            // Most are out already.
            let _ = self.room.remove(other);
        }
        if device != 0 {
            // It may be in already.
            let _ = self.room.insert(device);
        }
    }

    /// The serial number of a device, from 1.
    pub(crate) fn serial(&self, device: usize) -> &str {
        let serial = device.checked_sub(1).and_then(|at| self.serials.get(at));
        serial.map_or("", String::as_str)
    }

    /// Pulls the device out at the next touch that is asked for.
    pub(crate) fn pull_at_next_touch(&self) {
        *self.pull.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

fn touch(room: &Room, pull: &Mutex<bool>) {
    let (_, events) = room.watch();
    for line in events {
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        let device = event.get("device").and_then(Value::as_u64).unwrap_or(0);
        if event.get("event").and_then(Value::as_str) != Some("touch-awaited") {
            continue;
        }
        std::thread::sleep(REACTION);
        let device = usize::try_from(device).unwrap_or(0);
        let mut pull = pull.lock().unwrap_or_else(PoisonError::into_inner);
        // A device that is out by now is touched in vain.
        let _ = match std::mem::take(&mut *pull) {
            true => room.remove(device),
            false => room.touch(device).map(drop),
        };
    }
}
