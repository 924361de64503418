//! The room: the devices, which of them is plugged in, and what goes wrong on the way to it.
//!
//! A connector serves one device; so at most one is plugged in at a time.

use super::Hsm;
use super::clock::Clock;
use super::code::command;
use super::device::Store;
use super::fault::{Kind, Plan};
use super::frame::message;
use crate::control::{Controlled, saying};
use crate::statefile::StoreError;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What somebody at the control socket may get wrong.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// There is no such device.
    #[error("there is no device {0}; devices are numbered from 1 to {1}")]
    NoDevice(usize, usize),
    /// One is plugged in already.
    #[error("device {0} is inserted, and the connector serves one device; remove it first")]
    Taken(usize),
    /// It is not plugged in.
    #[error("device {0} is not inserted")]
    NotIn(usize),
    /// The device's memory cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The effect on a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An answer.
    Answer(Vec<u8>),
    /// No device, or none any more.
    NoDevice,
    /// The connection is to break off.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Plugged {
    index: usize,
    insertion: u64,
}

struct World {
    plugged: Option<Plugged>,
    insertions: u64,
    faults: Plan,
    watchers: Vec<Sender<String>>,
}

struct Bay {
    serial: u32,
    firmware: String,
    hsm: Mutex<Hsm>,
}

/// The room, shared by all connections.
pub struct Room {
    world: Mutex<World>,
    bays: Vec<Bay>,
    store: Mutex<Store>,
    /// The time devices go by.
    pub clock: Clock,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked holds no half-made change worth refusing everybody else for.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    /// A room with the store's devices in it, none plugged in.
    #[must_use]
    pub fn new(store: Store, faults: Plan) -> Self {
        let bays = store
            .devices()
            .iter()
            .map(|device| Bay {
                serial: device.plate.serial,
                firmware: device.plate.firmware.to_string(),
                hsm: Mutex::new(Hsm::new(
                    device.plate.clone(),
                    device.factory.clone(),
                    device.state.clone(),
                    store.seed().clone(),
                )),
            })
            .collect();
        Self {
            world: Mutex::new(World {
                plugged: None,
                insertions: 0,
                faults,
                watchers: Vec::new(),
            }),
            bays,
            store: Mutex::new(store),
            clock: Clock::default(),
        }
    }

    fn bay(&self, device: usize) -> Result<(usize, &Bay), RoomError> {
        device
            .checked_sub(1)
            .and_then(|index| Some((index, self.bays.get(index)?)))
            .ok_or(RoomError::NoDevice(device, self.bays.len()))
    }

    /// Plugs a device in.
    ///
    /// # Errors
    /// No such device, one is plugged in already, or its memory cannot be kept.
    pub fn insert(&self, device: usize) -> Result<(), RoomError> {
        let (index, bay) = self.bay(device)?;
        // The device first, as everywhere: anyone who has it waits for the world, never the other
        // way round.
        let mut hsm = lock(&bay.hsm);
        let mut world = lock(&self.world);
        if let Some(other) = world.plugged {
            return Err(RoomError::Taken(other.index + 1));
        }
        hsm.power_up(self.clock.now());
        lock(&self.store).keep(index, hsm.state())?;
        world.insertions += 1;
        let insertion = world.insertions;
        world.plugged = Some(Plugged { index, insertion });
        world.announce("inserted", index);
        Ok(())
    }

    /// Pulls a device out.
    ///
    /// # Errors
    /// There is no such device, or it is not plugged in.
    pub fn remove(&self, device: usize) -> Result<(), RoomError> {
        let (index, _) = self.bay(device)?;
        let mut world = lock(&self.world);
        if world.plugged.is_none_or(|plugged| plugged.index != index) {
            return Err(RoomError::NotIn(device));
        }
        world.unplug(index);
        Ok(())
    }

    /// Resets a device by hand, which is pulled out and plugged in again for that if it
    /// is in, and otherwise stays out.
    ///
    /// # Errors
    /// No such device, or its memory cannot be kept.
    pub fn factory_reset(&self, device: usize) -> Result<(), RoomError> {
        let (index, bay) = self.bay(device)?;
        let mut hsm = lock(&bay.hsm);
        hsm.reset_by_hand(self.clock.now());
        lock(&self.store).keep(index, hsm.state())?;
        Ok(())
    }

    /// Whether a device is plugged in.
    #[must_use]
    pub fn has_device(&self) -> bool {
        lock(&self.world).plugged.is_some()
    }

    /// All devices, for people and programs at the control socket.
    #[must_use]
    pub fn devices(&self) -> Value {
        let plugged = lock(&self.world).plugged;
        let now = self.clock.now();
        (1..)
            .zip(&self.bays)
            .map(|(device, bay)| {
                let inserted = plugged.is_some_and(|plugged| plugged.index + 1 == device);
                // A device that is busy, with a long RSA key say, does not blink meanwhile.
                let blinking = inserted && bay.hsm.try_lock().is_ok_and(|hsm| hsm.is_blinking(now));
                json!({
                    "device": device,
                    "serial": bay.serial,
                    "firmware": bay.firmware,
                    "inserted": inserted,
                    "blinking": blinking,
                })
            })
            .collect()
    }

    /// Sends a message to the device that is plugged in.
    #[must_use]
    pub fn transmit(&self, bytes: &[u8]) -> Delivery {
        let Some(plugged) = lock(&self.world).plugged else {
            return Delivery::NoDevice;
        };
        let Some(bay) = self.bays.get(plugged.index) else {
            return Delivery::NoDevice;
        };
        let mut hsm = lock(&bay.hsm);
        let fault = {
            let mut world = lock(&self.world);
            // It may have been pulled out while another connection had it.
            if world.plugged != Some(plugged) {
                return Delivery::NoDevice;
            }
            let fault = world
                .faults
                .strike(plugged.index + 1, hsm.command_in(bytes));
            if fault == Some(Kind::Unplug) {
                world.unplug(plugged.index);
                return Delivery::NoDevice;
            }
            fault
        };
        match fault {
            Some(Kind::Drop) => return Delivery::Broken,
            Some(Kind::Error(code)) => return Delivery::Answer(message(command::ERROR, &[code])),
            Some(Kind::LogFull) => hsm.fill_log(),
            _ => {}
        }
        let before = self.clock.now();
        let blinked = hsm.is_blinking(before);
        let answer = hsm.transmit(bytes, before);
        let kept = lock(&self.store).keep(plugged.index, hsm.state());
        let blinks = !blinked && hsm.is_blinking(self.clock.now());
        drop(hsm);

        if let Some(Kind::Slow(time)) = fault {
            std::thread::sleep(time);
        }
        let mut world = lock(&self.world);
        if let Err(error) = kept {
            // Nothing may be answered that would not survive a restart.
            eprintln!("hsm-sim: {error}");
            return Delivery::Broken;
        }
        if blinks {
            world.announce("blinking", plugged.index);
        }
        if fault == Some(Kind::UnplugAfter) {
            world.unplug(plugged.index);
        }
        match fault {
            Some(Kind::DropAfter) => Delivery::Broken,
            _ if world.plugged != Some(plugged) => Delivery::NoDevice,
            Some(kind) => Delivery::Answer(kind.spoil(answer)),
            None => Delivery::Answer(answer),
        }
    }
}

impl World {
    fn unplug(&mut self, index: usize) {
        if self.plugged.is_some_and(|plugged| plugged.index == index) {
            self.plugged = None;
            self.announce("removed", index);
        }
    }

    fn announce(&mut self, event: &str, index: usize) {
        let line = json!({ "event": event, "device": index + 1 }).to_string();
        self.watchers
            .retain(|watcher| watcher.send(line.clone()).is_ok());
    }
}

/// What can be asked of a room of YubiHSMs.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Request {
    Insert {
        device: usize,
    },
    Remove {
        device: usize,
    },
    #[serde(rename = "factory-reset")]
    FactoryReset {
        device: usize,
    },
    Devices {},
    Fault {
        device: Option<usize>,
        plan: String,
    },
    Advance {
        seconds: f64,
    },
}

impl Controlled for Room {
    type Request = Request;

    fn carry_out(&self, request: Request) -> Result<Map<String, Value>, String> {
        let text = |error: RoomError| error.to_string();
        match request {
            Request::Insert { device } => self.insert(device).map_err(text)?,
            Request::Remove { device } => self.remove(device).map_err(text)?,
            Request::FactoryReset { device } => self.factory_reset(device).map_err(text)?,
            Request::Devices {} => return Ok(saying("devices", self.devices())),
            Request::Fault { device, plan } => {
                let plan = plan.parse::<Plan>().map_err(|error| error.to_string())?;
                if let Some(device) = device {
                    self.bay(device).map_err(text)?;
                }
                let faults = &mut lock(&self.world).faults;
                if plan.is_empty() {
                    faults.clear();
                } else {
                    faults.add(plan, device);
                }
            }
            Request::Advance { seconds } => {
                let time = Duration::try_from_secs_f64(seconds)
                    .map_err(|_| format!("{seconds} is not a number of seconds"))?;
                self.clock.advance(time);
            }
        }
        Ok(Map::new())
    }

    fn watch(&self) -> (Value, Receiver<String>) {
        let (sender, receiver) = channel();
        lock(&self.world).watchers.push(sender);
        (self.devices(), receiver)
    }
}
