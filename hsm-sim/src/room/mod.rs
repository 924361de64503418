//! The room: the devices, which of them are plugged in, and who holds which.
//!
//! One mutex guards the room; a device that is carrying out a command is taken out of it, so that
//! a long command (an RSA key, a touch nobody gives) keeps nobody else waiting.

mod control;
mod handles;
mod held;
mod reader;
mod sharing;
mod transmit;
mod world;

use crate::pcsc::wire::ReaderState;
use crate::store::StoreError;
use crate::yubikey::Card;
use crate::yubikey::device::Store;
use crate::yubikey::fault::Plan;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handles::Handles;
pub use handles::{ClientId, Share};
pub use held::Held;
pub use reader::ReaderName;
use world::{Bay, Plugged, Touch, World};
pub use world::{RoomError, SEATS};

/// The room, shared by all connections.
pub struct Room {
    world: Mutex<World>,
    changed: Condvar,
    store: Mutex<Store>,
    touch_timeout: Duration,
}

impl Room {
    /// A room with the store's devices in it, none plugged in.
    #[must_use]
    pub fn new(store: Store, faults: Plan, touch_timeout: Duration) -> Self {
        let bays = store
            .devices()
            .iter()
            .map(|device| Bay {
                card: Some(Card::new(
                    device.plate.clone(),
                    device.piv.clone(),
                    store.seed().clone(),
                )),
                epoch: 0,
                card_epoch: 0,
                plugged: None,
                touch: Touch::Idle,
                serial: device.plate.serial,
                model: device.plate.model.to_string(),
            })
            .collect();
        let world = World {
            bays,
            seats: Default::default(),
            handles: Handles::default(),
            faults,
            insertions: 0,
            reader: ReaderName::default(),
            forbidden: false,
            watchers: Vec::new(),
            waiting: HashMap::new(),
        };
        Self {
            world: Mutex::new(world),
            changed: Condvar::new(),
            store: Mutex::new(store),
            touch_timeout,
        }
    }

    /// The same room with readers of this name.
    #[must_use]
    pub fn with_readers(mut self, name: ReaderName) -> Self {
        let world = self.world.get_mut();
        world.unwrap_or_else(PoisonError::into_inner).reader = name;
        self
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A thread that panicked holds no half-made change worth refusing everybody else for.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, index: usize, card: &Card) -> Result<(), StoreError> {
        self.store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .keep(index, card.state())
    }

    /// Lets no client open a device any more.
    pub fn forbid(&self) {
        self.lock().forbidden = true;
    }

    /// Plugs a device in.
    ///
    /// # Errors
    /// No such device, already in, or no reader free.
    pub fn insert(&self, device: usize) -> Result<(), RoomError> {
        let mut world = self.lock();
        let index = world.index(device)?;
        if world.bays[index].plugged.is_some() {
            return Err(RoomError::AlreadyIn(device));
        }
        // Like pcscd: the lowest free number, so another device may come back under a name already
        // seen.
        let seat = world
            .seats
            .iter()
            .position(|seat| seat.device.is_none())
            .ok_or(RoomError::Full)?;
        world.insertions += 1;
        let insertion = world.insertions;
        let bay = &mut world.bays[index];
        bay.plugged = Some(Plugged { seat, insertion });
        bay.epoch += 1;
        world.seats[seat].device = Some(index);
        world.seats[seat].events += 1;
        world.announce("inserted", index);
        world.notify_waiting();
        self.changed.notify_all();
        Ok(())
    }

    /// Pulls a device out.
    ///
    /// # Errors
    /// There is no such device, or it is not plugged in.
    pub fn remove(&self, device: usize) -> Result<(), RoomError> {
        let mut world = self.lock();
        let index = world.index(device)?;
        if !world.unplug(index) {
            return Err(RoomError::NotIn(device));
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Touches a device; says whether it was waiting for that.
    ///
    /// # Errors
    /// There is no such device, or it is not plugged in.
    pub fn touch(&self, device: usize) -> Result<bool, RoomError> {
        let mut world = self.lock();
        let index = world.index(device)?;
        let bay = &mut world.bays[index];
        if bay.plugged.is_none() {
            return Err(RoomError::NotIn(device));
        }
        let used = bay.touch == Touch::Awaited;
        if used {
            bay.touch = Touch::Given;
            self.changed.notify_all();
        }
        Ok(used)
    }

    /// Adds to the plan of faults; an empty plan clears it.
    ///
    /// # Errors
    /// No such device.
    pub fn fault(&self, plan: Plan, device: Option<usize>) -> Result<(), RoomError> {
        let mut world = self.lock();
        if let Some(device) = device {
            world.index(device)?;
        }
        if plan.is_empty() {
            world.faults.clear();
        } else {
            world.faults.add(plan, device);
        }
        Ok(())
    }

    /// All devices, for people and programs at the control socket.
    #[must_use]
    pub fn devices(&self) -> Value {
        self.lock().devices()
    }

    /// The present state of the devices, and each later event as a line of JSON.
    #[must_use]
    pub fn watch(&self) -> (Value, Receiver<String>) {
        let mut world = self.lock();
        let (sender, receiver) = channel();
        world.watchers.push(sender);
        (world.devices(), receiver)
    }

    /// The reader state array, as pcsc-lite clients read it.
    #[must_use]
    pub fn readers(&self) -> Vec<ReaderState> {
        self.lock().readers()
    }

    /// Has `client` called back when a reader comes or goes; what `now` does with the readers
    /// happens in the same moment, so that no change falls between.
    pub fn wait_for_change(
        &self,
        client: ClientId,
        now: impl FnOnce(Vec<ReaderState>),
        then: Box<dyn FnOnce() + Send>,
    ) {
        let mut world = self.lock();
        now(world.readers());
        world.waiting.insert(client, then);
    }

    /// How many clients wait for a reader to come or go.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Ends the waiting of `client`; false when it was not waiting (any more).
    pub fn stop_waiting(&self, client: ClientId) -> bool {
        self.lock().waiting.remove(&client).is_some()
    }
}
